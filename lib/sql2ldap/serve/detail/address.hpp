// Addresses and login names in the form in which entries hold them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sql2ldap::serve::detail {

struct address {
  std::string text;
  std::size_t local_length = 0;
  [[nodiscard]] std::string_view local() const { return std::string_view(text).substr(0, local_length); }  // lower case
  [[nodiscard]] std::string_view domain() const;  // A-labels in lower case, or [192.0.2.1]
};

// nullopt for what no entry of ours can hold: no or two '@', a domain that is none, other characters than ASCII in the
// local part, blanks outside of quotes, control characters.
[[nodiscard]] std::optional<address> address_in(std::string_view text);
// A login name; nullopt for what nobody is called. Matching rules squeeze blanks, so that names which differ in blanks
// alone would find each other: these are nobody's.
struct login_name {
  std::string text;
  bool is_address = false;                        // as address_in() gives it
  [[nodiscard]] std::string_view domain() const;  // of an address; else empty
};
[[nodiscard]] std::optional<login_name> login_name_in(std::string_view text);
// Whether an address with this local part is one item in a list of addresses, and an address: not what exim and Postfix
// would take for a command, a file, a list in a file, a comment, or for several.
[[nodiscard]] bool is_listable(std::string_view local) noexcept;
// An address, '@domain', or the name of a user of the host; nullopt for what is not one item of a list.
[[nodiscard]] std::optional<std::string> target_in(std::string_view text);

}  // namespace sql2ldap::serve::detail
