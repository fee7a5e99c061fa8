// A distinguished name as a value (RFC 4514). Text comes in by parse() or grows by child(); it is
// never put together by hand. Two names are equal when their normal forms are equal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::model {

struct ava {  // attribute type and value, unescaped
  std::string type;
  std::string value;
  friend bool operator==(const ava&, const ava&) = default;
};
struct ava_view {  // valid until the next one
  std::string_view type;
  std::string_view value;
};
using rdn = std::vector<ava>;  // more than one for "cn=a+sn=b"

class dn {
 public:
  dn() = default;  // the root DSE, ""

  // RFC 4514, liberal in blanks around separators; hexstring values (`#04...`) are kept as BER
  // OCTET STRING contents when they are one, refused otherwise. At most limits::dn_bytes_max bytes.
  [[nodiscard]] static result<dn> parse(std::string_view text);
  [[nodiscard]] static result<std::vector<rdn>> rdns_of(std::string_view text);  // of what parse() takes, leaf first
  // Those of rdns_of(text), one after the other, until `each` answers false or the text is no name any more. `depth`: 0
  // for the leaf.
  static void for_each_ava(std::string_view text, const std::function<bool(std::size_t depth, ava_view one)>& each);
  [[nodiscard]] static dn from_rdns(const std::vector<rdn>& leaf_first);

  [[nodiscard]] dn child(std::string_view type, std::string_view value) const;
  [[nodiscard]] dn below(const dn& base) const;  // "ou=a" below "dc=b" is "ou=a,dc=b"
  [[nodiscard]] dn parent() const;               // of the root: the root
  [[nodiscard]] std::string rdn_text() const;    // canonical text of the first RDN

  [[nodiscard]] const std::string& text() const noexcept { return text_; }  // canonical escaping, UTF-8 kept
  [[nodiscard]] std::vector<rdn> rdns() const;                              // leaf first
  [[nodiscard]] std::size_t depth() const;
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
  [[nodiscard]] bool is_below(const dn& ancestor) const;  // proper descendant

  // Attribute types in lower case, values folded as caseIgnoreMatch does (blanks squeezed, NFKC
  // case fold), AVAs of one RDN sorted. Good as a key; not for sending.
  [[nodiscard]] std::string normal_form() const;
  friend bool operator==(const dn& a, const dn& b) { return a.normal_form() == b.normal_form(); }

 private:
  std::string text_;
};

// RFC 4514, 2.4: appends `value` escaped for a DN. Bytes above 0x7f stay unless they are not UTF-8.
void append_dn_escaped(std::string& out, std::string_view value);

// The hash of the normal form of a DN in canonical or any other RFC 4514 text; does not allocate
// for plain ASCII text. Two texts of one DN have one hash.
[[nodiscard]] std::uint64_t dn_hash(std::string_view text);
[[nodiscard]] std::string_view parent_text(std::string_view dn_text) noexcept;  // text after the first unescaped comma

}  // namespace sql2ldap::model
