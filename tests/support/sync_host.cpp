#include <support/sync_host.hpp>

#include <csignal>

namespace sql2ldap::test {
namespace {

constexpr auto patience = std::chrono::seconds(20);

}  // namespace

sync_host::sync_host(const mail_host& size, const slapd_server::options& how) : slapd(how) {
  url_ = postgres.create_database("mail");
  sql(postfixadmin_text(size, sql_engine::postgresql));
}

void sync_host::start(const std::vector<std::string>& more, const std::string& name) {
  std::string url_as_role = url_;
  const std::string_view owner = "user=postgres";
  url_as_role.replace(url_as_role.find(owner), owner.size(), "user=" + role);
  command what{.arguments = {S2L_BINARY_DIR "/tools/sql2ldap-syncd", "--source", url_as_role, "--mapping",
                             "postfixadmin", "--directory", slapd.ldapi(), "--base", std::string(slapd_server::suffix),
                             "--state", state(name)}};
  what.arguments.insert(what.arguments.end(), more.begin(), more.end());
  what.environment = environment;
  logged_before_[name] =
      std::filesystem::exists(folder_ / (name + ".log")) ? read_file(folder_ / (name + ".log")).size() : 0;
  daemons_[name] = std::make_unique<child_process>(what, folder_ / (name + ".log"), folder_ / (name + ".log"));
}

std::string sync_host::whole_log(const std::string& name) const { return read_file(folder_ / (name + ".log")); }

void sync_host::kill(const std::string& name) { daemons_.at(name)->stop(SIGKILL); }

int sync_host::stop(const std::string& name) { return daemons_.at(name)->stop(SIGTERM, patience); }

std::string sync_host::log(const std::string& name) const {
  return read_file(folder_ / (name + ".log")).substr(logged_before_.at(name));
}

captured sync_host::ask(std::string_view words, const std::string& name) const {
  command what{.arguments = {S2L_BINARY_DIR "/tools/sql2ldap"}};
  std::string word;
  for (const char c : std::string(words) + " ") {
    if (c != ' ') {
      word += c;
    } else if (!word.empty()) {
      what.arguments.push_back(std::exchange(word, {}));
    }
  }
  what.arguments.insert(what.arguments.end(), {"--state", state(name)});
  return run_and_capture(what);
}

nlohmann::json sync_host::status(const std::string& name) const {
  const captured asked = ask("status --json", name);
  nlohmann::json out = nlohmann::json::parse(asked.out, nullptr, false);
  return out.is_object() && out.contains("state") ? out : nlohmann::json();
}

bool sync_host::reaches(const std::string& wanted, const std::string& name) const {
  return eventually(patience, [&] {
    const nlohmann::json now = status(name);
    return !now.is_null() && now["state"] == wanted;
  });
}

bool sync_host::catches_up(const std::string& name) const {
  const std::string end = postgres.execute("mail", "select pg_current_wal_insert_lsn() - '0/0'");
  // Something after it, so that the position must be passed.
  sql("update domain set modified = now() where domain = (select min(domain) from domain where domain <> 'ALL')");
  return eventually(patience, [&] {
    const nlohmann::json now = status(name);
    return !now.is_null() && now["state"] == "following" && now["waiting_rows"] == 0 &&
           now["positions"]["applied"].get<std::uint64_t>() > std::stoull(end);
  });
}

bool sync_host::says(const std::string& text, const std::string& name) const {
  return eventually(patience, [&] { return log(name).find(text) != std::string::npos; });
}

std::string sync_host::verified(const std::vector<std::string>& more) const {
  const tool sql2ldap(url_, "postfixadmin", slapd.ldapi());
  const captured run = sql2ldap("verify", more);
  return run.out + run.err;
}

}  // namespace sql2ldap::test
