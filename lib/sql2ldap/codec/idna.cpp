#include <sql2ldap/codec/idna.hpp>

#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <idn2.h>
#include <netinet/in.h>

#include <sql2ldap/base/text.hpp>

namespace sql2ldap::codec {

namespace {

constexpr std::size_t label_bytes_max = 63;    // RFC 1035, 2.3.4
constexpr std::size_t domain_bytes_max = 253;  // as text, without the dot of the root

tl::unexpected<error> objection(std::string_view domain, std::string_view why) {
  return fail(error_kind::input, "not a domain name: " + quoted_for_message(domain) + ": " + std::string(why));
}

bool is_label_char(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

// Empty = the lower-case ASCII text is a domain name; else what is wrong.
std::string_view ascii_objection(std::string_view domain) noexcept {
  if (domain.empty()) return "empty";
  if (domain.size() > domain_bytes_max) return "longer than 253 characters";
  std::string_view rest = domain;
  for (;;) {
    const std::size_t dot = rest.find('.');
    const std::string_view label = rest.substr(0, dot);
    if (label.empty()) return "an empty label";
    if (label.size() > label_bytes_max) return "a label longer than 63 characters";
    if (!std::all_of(label.begin(), label.end(), is_label_char)) return "a character that no host name has";
    if (label.front() == '-' || label.back() == '-') return "a label that begins or ends with \"-\"";
    if (dot == std::string_view::npos) return {};
    rest.remove_prefix(dot + 1);
  }
}

bool has_a_label(std::string_view lowered) noexcept { return lowered.find("xn--") != std::string_view::npos; }

struct idn2_text {
  char* bytes = nullptr;
  idn2_text() = default;
  idn2_text(const idn2_text&) = delete;
  idn2_text& operator=(const idn2_text&) = delete;
  ~idn2_text() { idn2_free(bytes); }
};

}  // namespace

result<std::string> domain_to_ascii(std::string_view domain) {
  if (is_ascii(domain)) {
    std::string lowered = ascii_lowered(domain);
    if (const std::string_view why = ascii_objection(lowered); !why.empty()) return objection(domain, why);
    return lowered;
  }
  // libidn2 takes C strings, and its work grows faster than the text.
  if (!is_utf8(domain)) return objection(domain, "not UTF-8");
  if (domain.find('\0') != std::string_view::npos) return objection(domain, "a character that no host name has");
  if (domain.size() > 4 * domain_bytes_max) return objection(domain, "longer than 253 characters");
  const std::string text(domain);
  idn2_text mapped;
  const int status = idn2_to_ascii_8z(text.c_str(), &mapped.bytes, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
  if (status != IDN2_OK) return objection(domain, idn2_strerror(status));
  std::string lowered = ascii_lowered(mapped.bytes);
  if (const std::string_view why = ascii_objection(lowered); !why.empty()) return objection(domain, why);
  return lowered;
}

result<std::string> address_literal(std::string_view literal) {
  constexpr std::string_view tag = "ipv6:";
  std::string inside = ascii_lowered(literal);
  const bool closed = inside.size() > 2 && inside.front() == '[' && inside.back() == ']';
  if (closed) inside = inside.substr(1, inside.size() - 2);
  const bool six = inside.starts_with(tag);
  if (six) inside.erase(0, tag.size());
  std::array<unsigned char, sizeof(in6_addr)> address{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = six ? AF_INET6 : AF_INET;
  // inet_pton takes C strings.
  if (!closed || inside.find('\0') != std::string::npos || inet_pton(family, inside.c_str(), address.data()) != 1 ||
      inet_ntop(family, address.data(), text.data(), text.size()) == nullptr)
    return fail(error_kind::input, "not an address literal: " + quoted_for_message(literal));
  return std::string(six ? "[ipv6:" : "[") + text.data() + "]";
}

bool is_ascii_domain(std::string_view domain) noexcept { return ascii_objection(domain).empty(); }

std::string domain_to_unicode(std::string_view domain) {
  const std::string lowered = ascii_lowered(domain);
  if (!is_ascii(domain) || !has_a_label(lowered) || !ascii_objection(lowered).empty()) return std::string(domain);
  idn2_text mapped;
  if (idn2_to_unicode_8z8z(lowered.c_str(), &mapped.bytes, 0) != IDN2_OK) return std::string(domain);
  return mapped.bytes;
}

}  // namespace sql2ldap::codec
