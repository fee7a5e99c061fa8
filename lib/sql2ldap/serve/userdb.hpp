// What a server that stores or shows mail must know of a user, and the names that dovecot has for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::serve {

struct userdb {
  std::string user;                  // login name: replaces the name that was asked for
  std::optional<std::uint32_t> uid;  // never 0; nullopt = the mail server's default, as for all below
  std::optional<std::uint32_t> gid;
  std::string home;
  std::string mail_store;                    // "maildir:/...", or empty
  std::optional<std::uint64_t> quota_bytes;  // nullopt = no limit
  std::optional<std::uint64_t> quota_messages;

  friend bool operator==(const userdb&, const userdb&) = default;
};

using field_list = std::vector<std::pair<std::string, std::string>>;  // uid, gid and home first
[[nodiscard]] field_list fields_of_dovecot_23(const userdb& of);
// 2.4 has taken the mail location apart; a part that we do not know is an error.
[[nodiscard]] result<field_list> fields_of_dovecot_24(const userdb& of);

}  // namespace sql2ldap::serve
