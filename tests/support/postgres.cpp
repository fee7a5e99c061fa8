#include <support/postgres.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <pwd.h>
#include <unistd.h>

namespace sql2ldap::test {
namespace {

namespace fs = std::filesystem;

fs::path newest_programs() {
  fs::path newest;
  int newest_version = 0;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", none)) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version > newest_version && fs::exists(entry.path() / "bin/postgres")) {
      newest_version = version;
      newest = entry.path() / "bin";
    }
  }
  if (newest.empty())
    throw std::runtime_error("no server in /usr/lib/postgresql/*/bin: install the package postgresql");
  return newest;
}

void must_succeed(const captured& run, const std::string& what) {
  if (run.status != 0) throw std::runtime_error(what + ": " + run.err + run.out);
}

}  // namespace

postgres_server::postgres_server(std::vector<std::string> more_settings)
    : settings(std::move(more_settings)), programs_(newest_programs()) {
  if (::geteuid() == 0) {
    user_ = ::getpwnam("postgres") != nullptr ? "postgres" : "nobody";
    const passwd* owner = ::getpwnam(user_.c_str());
    if (owner == nullptr || ::chown(folder_.path().c_str(), owner->pw_uid, owner->pw_gid) != 0)
      throw std::runtime_error("cannot give " + folder_.path().string() + " to " + user_);
  }
  command initdb = program("initdb");
  for (const char* argument : {"-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"})
    initdb.arguments.emplace_back(argument);
  initdb.arguments.push_back(folder_ / "data");
  must_succeed(run_and_capture(initdb), "initdb");
  start();
}

postgres_server::~postgres_server() {
  if (server_) server_->stop(SIGQUIT);
}

postgres_server& postgres_server::shared() {
  static postgres_server one;
  return one;
}

command postgres_server::program(const std::string& name) const {
  return {.arguments = {programs_ / name},
          .environment = {{"LC_ALL", "C"}, {"PGHOST", folder_.path()}, {"PGUSER", "postgres"}},
          .user = user_,
          .directory = folder_.path()};
}

void postgres_server::start() {
  command postgres = program("postgres");
  // Shared memory in files, so that a bare chroot without /dev/shm will do.
  std::vector<std::string> all = {"listen_addresses=",
                                  "unix_socket_directories=" + folder_.path().string(),
                                  "dynamic_shared_memory_type=mmap",
                                  "fsync=off",
                                  "full_page_writes=off",
                                  "wal_level=logical",
                                  "max_connections=60"};
  all.insert(all.end(), settings.begin(), settings.end());
  postgres.arguments.insert(postgres.arguments.end(), {"-D", folder_ / "data"});
  for (const auto& setting : all) postgres.arguments.insert(postgres.arguments.end(), {"-c", setting});
  server_ = std::make_unique<child_process>(postgres, folder_ / "log", folder_ / "log");
  const bool ready = eventually(std::chrono::minutes(1), [&] {
    if (!server_->running()) return true;
    return run_and_capture(program("pg_isready")).status == 0;
  });
  if (!ready || !server_->running()) throw std::runtime_error("postgres does not start: " + read_file(folder_ / "log"));
}

void postgres_server::crash() { server_->stop(SIGQUIT); }

std::string postgres_server::url(const std::string& database) const {
  return "postgresql:///" + database + "?user=postgres&host=" + folder_.path().string();
}

std::string postgres_server::create_database(const std::string& name, const std::string& encoding) {
  execute("postgres", "CREATE DATABASE \"" + name + "\" ENCODING '" + encoding + "' LOCALE 'C' TEMPLATE template0");
  return url(name);
}

std::string postgres_server::execute(const std::string& database, std::string_view sql) const {
  command psql = program("psql");
  for (const char* argument : {"-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d"})
    psql.arguments.emplace_back(argument);
  psql.arguments.push_back(database);
  psql.input = sql;
  const captured run = run_and_capture(psql);
  must_succeed(run, "psql");
  return run.out;
}

}  // namespace sql2ldap::test
