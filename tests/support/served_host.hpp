// A mail host as its servers see it: tables, a directory made of them, sql2ldap-authd with the settings that we ship,
// and what the files in operate/ name, in a folder of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <support/child_process.hpp>
#include <support/slapd.hpp>
#include <support/temp_dir.hpp>
#include <support/tool.hpp>

namespace sql2ldap::test {

// Domains meadow.example and grove.example, alias domain stone.example of meadow, lake.example, which is off. In
// meadow: anna, whose mailbox is bounded; bert, who is off; carla, who has no login; emil, who may use pop3 alone;
// fred, who forwards to away@elsewhere.example; gina, who does so and keeps a copy; hans, who is on holiday; ida, who
// may log in from two networks, of which one is this host, and jan from another alone; kurt, whose mail lies elsewhere;
// lola, whose entry cannot be read; list, which is anna and emil. In grove: olga, who catches all. In lake: dora. All
// have the password "right".
class served_host {
 public:
  served_host();

  // A file of operate/ with the paths and users that it has here.
  [[nodiscard]] std::string shipped(const std::string& file) const;
  // The same in folder() / its name.
  void copy_shipped(const std::string& file) const;

  void start_authd(const std::vector<std::string>& flags = {});  // waits until it answers
  void stop_authd();
  [[nodiscard]] std::string authd_log() const;

  // After changes in the tables.
  void migrate() const;

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_.path(); }
  // Who owns mail and runs exim: a user of the packages when we are root, else who we are.
  [[nodiscard]] const std::string& owner() const noexcept { return owner_; }
  [[nodiscard]] const std::string& owner_group() const noexcept { return owner_group_; }
  // In folder(), of the owner.
  void make_folder(const std::string& name) const;
  // Messages in the inbox of a user, in no order.
  [[nodiscard]] std::vector<std::string> mail_of(const std::string& login) const;

 private:
  temp_dir folder_;
  std::string owner_;
  std::string owner_group_;

 public:
  const sqlite_database tables;
  slapd_server slapd;
  const tool sql2ldap;

 private:
  std::unique_ptr<child_process> authd_;
};

// The version that is installed: else it is 2.3.
[[nodiscard]] bool dovecot_is_24();
}  // namespace sql2ldap::test
