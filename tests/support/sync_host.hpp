// A mail host in PostgreSQL, a directory, and the daemon between them: real servers all.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <support/child_process.hpp>
#include <support/postgres.hpp>
#include <support/sample_data.hpp>
#include <support/slapd.hpp>
#include <support/temp_dir.hpp>
#include <support/tool.hpp>

namespace sql2ldap::test {

class sync_host {
 public:
  explicit sync_host(const mail_host& size = small_host, const slapd_server::options& how = quick_slapd());

  // Starts the daemon; a second one gets another name. `more` are further flags.
  void start(const std::vector<std::string>& more = {}, const std::string& name = "one");
  [[nodiscard]] child_process& daemon(const std::string& name = "one") { return *daemons_.at(name); }
  void kill(const std::string& name = "one");               // -9
  [[nodiscard]] int stop(const std::string& name = "one");  // SIGTERM; the exit code
  [[nodiscard]] std::filesystem::path state(const std::string& name = "one") const { return folder_ / name; }
  [[nodiscard]] std::string log(const std::string& name = "one") const;  // since it was started last

  void sql(std::string_view text) const { postgres.execute("mail", text); }
  // `sql2ldap WORDS --state ...`.
  [[nodiscard]] captured ask(std::string_view words, const std::string& name = "one") const;
  [[nodiscard]] nlohmann::json status(const std::string& name = "one") const;  // null: it does not answer
  // Until the daemon is in this state; false when that does not come.
  [[nodiscard]] bool reaches(const std::string& state, const std::string& name = "one") const;
  // Until all that was committed before is applied.
  [[nodiscard]] bool catches_up(const std::string& name = "one") const;
  // Until the log has this text.
  [[nodiscard]] bool says(const std::string& text, const std::string& name = "one") const;
  // What `verify` prints; in step when it has "0 differences".
  [[nodiscard]] std::string verified(const std::vector<std::string>& more = {}) const;

  [[nodiscard]] std::string whole_log(const std::string& name = "one") const;

  std::map<std::string, std::string> environment;  // of the daemon
  std::string role = "postgres";                   // that the daemon reads as
  postgres_server postgres;
  slapd_server slapd;

 private:
  temp_dir folder_;
  std::string url_;
  std::map<std::string, std::unique_ptr<child_process>> daemons_;
  std::map<std::string, std::size_t> logged_before_;
};

}  // namespace sql2ldap::test
