// Encodings of bytes as text: base64 (RFC 4648, 4), hex, quoted-printable (RFC 2045, 6.7), percent.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sql2ldap::codec {

void append_base64(std::string& out, std::string_view bytes);
[[nodiscard]] std::string base64(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);  // padding needed, no blanks
[[nodiscard]] std::string hex(std::string_view bytes);                        // lower case
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);
// As PHP's quoted_printable_encode() does it: soft line breaks (CRLF) before column 76.
[[nodiscard]] std::string quoted_printable(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_quoted_printable(std::string_view text);
[[nodiscard]] std::string percent_encoded(std::string_view bytes);  // keeps unreserved characters of RFC 3986
[[nodiscard]] std::optional<std::string> from_percent_encoded(std::string_view text);
[[nodiscard]] std::string latin1_to_utf8(std::string_view bytes);
[[nodiscard]] std::optional<std::string> utf8_to_latin1(std::string_view text);

}  // namespace sql2ldap::codec
