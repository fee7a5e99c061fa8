// Domain names and addresses in the form that DNS and mail servers compare (RFC 5890, UTS 46).
#pragma once

#include <string>
#include <string_view>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::codec {

// Lower-case A-labels: "Bücher.Example" -> "xn--bcher-kva.example". Plain ASCII names take a fast
// path. Checks labels (1-63 of letters, digits, '-', '_') and the length (253); no trailing dot.
[[nodiscard]] result<std::string> domain_to_ascii(std::string_view domain);
// "[192.0.2.1]" and "[IPv6:2001:db8::1]" of RFC 5321, 4.1.3, in one spelling and lower case; an error for other tags.
[[nodiscard]] result<std::string> address_literal(std::string_view literal);
// Whether it is so already, in lower case.
[[nodiscard]] bool is_ascii_domain(std::string_view domain) noexcept;
[[nodiscard]] std::string domain_to_unicode(std::string_view domain);  // as given when it is none

}  // namespace sql2ldap::codec
