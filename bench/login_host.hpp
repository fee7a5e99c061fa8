// A directory of any size whose users log in, and sql2ldap-authd that answers from it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include <support/slapd.hpp>
#include <support/temp_dir.hpp>

namespace sql2ldap::test {

class login_host {
 public:
  static constexpr std::string_view password = "secret";  // of each user; its hash costs nothing

  // `authd`: the program. The users are 0 to `users` - 1.
  login_host(std::string authd, long users);

  // Answers by the mirror, unless a flag says otherwise, as long as `what_then` runs. Of several at once each has a
  // name.
  void with_authd(const std::vector<std::string>& flags, const std::function<void(pid_t)>& what_then,
                  const std::string& name = {});

  [[nodiscard]] static std::string domain_of(long user);
  [[nodiscard]] static std::string name_of(long user);

  [[nodiscard]] const temp_dir& folder() const noexcept { return folder_; }
  [[nodiscard]] const slapd_server& slapd() const noexcept { return slapd_; }
  // authd's sockets for auth-client and for auth-userdb.
  [[nodiscard]] std::string auth(const std::string& name = {}) const { return folder_ / (name + "auth"); }
  [[nodiscard]] std::string userdb(const std::string& name = {}) const { return folder_ / (name + "userdb"); }
  // That of slapd_server::sync_dn, which authd binds as.
  [[nodiscard]] std::string password_file() const { return folder_ / "password"; }

 private:
  std::string authd_;
  temp_dir folder_;
  slapd_server slapd_;
};

}  // namespace sql2ldap::test
