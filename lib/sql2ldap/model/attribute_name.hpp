// An LDAP attribute description (RFC 4512, 2.5), interned: equal names (letter case ignored) are
// equal pointers, so comparing costs nothing. Options (`;lang-de`) are part of the name.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace sql2ldap::model {

class attribute_name {
 public:
  // The first spelling seen is kept for printing. Any text is taken; use is_valid() for input.
  explicit attribute_name(std::string_view text);
  [[nodiscard]] static bool is_valid(std::string_view text) noexcept;

  [[nodiscard]] const std::string& text() const noexcept { return names_->text; }
  [[nodiscard]] const std::string& folded() const noexcept { return names_->folded; }  // lower case
  [[nodiscard]] std::uint32_t id() const noexcept { return names_->id; }               // dense, from 0

  friend bool operator==(attribute_name a, attribute_name b) noexcept { return a.names_ == b.names_; }
  // For ordered containers; the order is the one in which the names were first seen.
  friend bool operator<(attribute_name a, attribute_name b) noexcept { return a.id() < b.id(); }

 private:
  struct interned {
    std::string text;
    std::string folded;
    std::uint32_t id;
  };
  const interned* names_;
};

namespace names {  // the few that the program itself must know
extern const attribute_name object_class;
extern const attribute_name user_password;
extern const attribute_name origin;      // s2lOrigin
extern const attribute_name entry_uuid;  // RFC 4530
extern const attribute_name enabled;     // s2lEnabled
extern const attribute_name gone_since;  // s2lGoneSince: its row is gone, and the entry waits to be deleted
}  // namespace names

}  // namespace sql2ldap::model

template <>
struct std::hash<sql2ldap::model::attribute_name> {
  std::size_t operator()(sql2ldap::model::attribute_name n) const noexcept { return n.id(); }
};
