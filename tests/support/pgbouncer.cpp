#include <support/pgbouncer.hpp>

#include <csignal>
#include <stdexcept>

#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

#include <support/slapd.hpp>
#include <support/temp_dir.hpp>

namespace sql2ldap::test {

using namespace std::chrono_literals;

pgbouncer::pgbouncer(const postgres_server& server, const std::string& pool_mode, int pool_size) : server_(server) {
  const std::string here = folder_.path().string();
  const command client = server.program("psql");
  write_file(folder_ / "pgbouncer.ini",
             fmt::format("[databases]\n* = host={} user=postgres\n[pgbouncer]\nlisten_port = 6543\nlisten_addr =\n"
                         "unix_socket_dir = {}\nauth_type = any\npool_mode = {}\ndefault_pool_size = {}\n"
                         "logfile = {}/log\npidfile = {}/pid\n",
                         server.socket_folder().string(), here, pool_mode, pool_size, here, here));
  if (::geteuid() == 0) {
    const passwd* owner = ::getpwnam(client.user.c_str());
    for (const auto& path : {folder_.path(), folder_ / "pgbouncer.ini"})
      if (owner == nullptr || ::chown(path.c_str(), owner->pw_uid, owner->pw_gid) != 0)
        throw std::runtime_error("cannot give " + path.string() + " to " + client.user);
  }
  program_ = std::make_unique<child_process>(
      command{.arguments = {server_program("pgbouncer"), "-q", folder_ / "pgbouncer.ini"},
              .user = client.user,
              .directory = here},
      folder_ / "output", folder_ / "output");
  const bool up = eventually(30s, [&] {
    command ready = server.program("pg_isready");
    ready.environment["PGHOST"] = here;
    ready.environment["PGPORT"] = "6543";
    return !program_->running() || run_and_capture(ready).status == 0;
  });
  if (!up || !program_->running())
    throw std::runtime_error("pgbouncer does not start: " + read_file(folder_ / "output") + read_file(folder_ / "log"));
}

pgbouncer::~pgbouncer() { program_->stop(SIGTERM); }

std::string pgbouncer::url(const std::string& database) const {
  return fmt::format("postgresql:///{}?user=postgres&port=6543&host={}", database, folder_.path().string());
}

std::string pgbouncer::execute(const std::string& database, std::string_view sql) const {
  command psql = server_.program("psql");
  psql.environment["PGHOST"] = folder_.path();
  psql.environment["PGPORT"] = "6543";
  for (const char* argument : {"-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d"})
    psql.arguments.emplace_back(argument);
  psql.arguments.push_back(database);
  psql.input = sql;
  const captured run = run_and_capture(psql);
  if (run.status != 0) throw std::runtime_error("psql: " + run.err);
  return run.out;
}

}  // namespace sql2ldap::test
