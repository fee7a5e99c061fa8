// Small functions on ASCII and UTF-8 text, independent of the locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sql2ldap {

[[nodiscard]] constexpr char ascii_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
[[nodiscard]] constexpr bool ascii_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }
[[nodiscard]] bool is_ascii(std::string_view text) noexcept;
// Valid UTF-8 by RFC 3629 (no overlong forms, no surrogates, nothing above U+10FFFF).
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;
[[nodiscard]] bool has_control_characters(std::string_view text) noexcept;  // below a blank, or DEL
void lower_ascii(char* text, std::size_t length) noexcept;                  // in place
[[nodiscard]] std::string ascii_lowered(std::string_view text);
[[nodiscard]] bool equal_ignoring_ascii_case(std::string_view a, std::string_view b) noexcept;
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;  // ascii_space at both ends
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
// `*` any run of bytes, `?` one byte; no other special characters. Linear time in practice.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view text) noexcept;
// For messages: printable, one line, at most `bytes_max` long, quoted; other bytes as \xHH.
[[nodiscard]] std::string quoted_for_message(std::string_view bytes, std::size_t bytes_max = 60);

}  // namespace sql2ldap
