// The daemon beside what slapd itself can do, in one run: lag, backlog, idle.
//
//   keeping_up SYNCD [USERS]      (100000 unless told)
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <libpq-fe.h>
#include <unistd.h>

#include <sql2ldap/ldap/server.hpp>

#include <support/child_process.hpp>
#include <support/postgres.hpp>
#include <support/slapd.hpp>
#include <support/temp_dir.hpp>

#include "postfixadmin_rows.hpp"

namespace {

using namespace std::chrono_literals;
using namespace sql2ldap;
using namespace sql2ldap::test;
using clock = std::chrono::steady_clock;

constexpr auto patience = std::chrono::minutes(10);

double seconds_since(clock::time_point begun) { return std::chrono::duration<double>(clock::now() - begun).count(); }

void line(const char* what, const std::string& ours, const std::string& peer, const std::string& ratio,
          const char* aim) {
  std::printf("%-34s %-30s %-28s %8s   %s\n", what, ours.c_str(), peer.c_str(), ratio.c_str(), aim);
  std::fflush(stdout);
}

template <typename... Values>
std::string text(const char* format, Values... values) {
  char buffer[160];
  std::snprintf(buffer, sizeof buffer, format, values...);
  return buffer;
}

class application {
 public:
  explicit application(const std::string& url) : connection_(PQconnectdb(url.c_str())) {}
  application(const application&) = delete;
  application& operator=(const application&) = delete;
  ~application() { PQfinish(connection_); }
  void run(const std::string& sql) {
    PGresult* reply = PQexec(connection_, sql.c_str());
    const bool well = PQresultStatus(reply) == PGRES_COMMAND_OK;
    PQclear(reply);
    if (!well) throw std::runtime_error(PQerrorMessage(connection_));
  }

 private:
  PGconn* connection_;
};

class bench {
 public:
  bench(std::string syncd, long users) : syncd_(std::move(syncd)), users_(users) {
    url_ = postgres_.create_database("mail");
    fill_postfixadmin(postgres_, "mail", users_);
    ldap::options how;
    how.uri = slapd_.ldapi();
    auto connected = ldap::connect(how);
    if (!connected) throw std::runtime_error(connected.error().text());
    directory_ = *std::move(connected);
  }

  void run() {
    start();
    await(users_ - 1, "1048576000");
    // The first load is over when the daemon says so.
    if (!eventually(patience, [&] { return read_file(folder_ / "log").find("SYNC_RECONCILED") != std::string::npos; }))
      throw std::runtime_error("the first load does not end");
    std::this_thread::sleep_for(2s);
    lag();
    idle();
    backlog();
  }

 private:
  static std::string dn(long user) {
    return text("uid=user%ld@dom%ld.example,associatedDomain=dom%ld.example,ou=domains,dc=example,dc=org", user,
                user / 100, user / 100);
  }
  std::string quota_of(long user) {
    auto found = directory_->search(
        {dn(user), model::search_scope::base, "(objectClass=*)", {model::attribute_name("s2lQuotaBytes")}, 0});
    if (!found) return "";
    auto first = (*found)->next();
    return first && *first != nullptr ? std::string((*first)->first_value_of(model::attribute_name("s2lQuotaBytes")))
                                      : "";
  }
  void await(long user, const std::string& quota) {
    const auto end = clock::now() + patience;
    while (quota_of(user) != quota) {
      if (clock::now() > end) throw std::runtime_error("not in step: " + read_file(folder_ / "log"));
      std::this_thread::sleep_for(1ms);
    }
  }
  void start() {
    daemon_ = std::make_unique<child_process>(
        command{.arguments = {syncd_, "--source", url_, "--mapping", "postfixadmin", "--directory", slapd_.ldapi(),
                              "--base", std::string(slapd_server::suffix), "--state", folder_ / "state", "--yes"}},
        folder_ / "log", folder_ / "log");
  }

  void lag() {
    constexpr int changes = 4000;
    constexpr auto every = 5ms;
    application app(url_);
    std::vector<clock::time_point> committed(changes);
    std::atomic<int> done = 0;
    std::thread writer([&] {
      auto next = clock::now();
      for (int i = 0; i < changes; ++i) {
        std::this_thread::sleep_until(next);
        next += every;
        app.run(text("UPDATE mailbox SET quota = %d WHERE username = 'user%ld@dom%ld.example'", 5000 + i, user_of(i),
                     user_of(i) / 100));
        committed[static_cast<std::size_t>(i)] = clock::now();
        done = i + 1;
      }
    });
    std::vector<double> lags;
    for (int i = 0; i < changes; ++i) {
      while (done <= i) std::this_thread::sleep_for(100us);
      await(user_of(i), std::to_string(5000 + i));
      lags.push_back(seconds_since(committed[static_cast<std::size_t>(i)]) * 1000);
    }
    writer.join();
    std::sort(lags.begin(), lags.end());
    const auto at = [&](double share) { return lags[static_cast<std::size_t>(share * (changes - 1))]; };
    line("commit to visible, 200 changes/s", text("p50 %.1f ms, p99 %.1f ms", at(0.5), at(0.99)),
         text("max %.1f ms", lags.back()), "", "p50 < 10 ms, p99 < 50 ms");
  }
  [[nodiscard]] long user_of(int i) const { return (i * 37L) % users_; }

  [[nodiscard]] double cpu_seconds() const {
    const std::string stat = read_file("/proc/" + std::to_string(daemon_->pid()) + "/stat");
    const char* at = stat.c_str() + stat.rfind(')') + 1;
    unsigned long user = 0;
    unsigned long system = 0;
    std::sscanf(at, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  }
  void idle() {
    std::this_thread::sleep_for(2s);
    const double before = cpu_seconds();
    std::this_thread::sleep_for(20s);
    line("idle, CPU over 20 s", text("%.2f s", cpu_seconds() - before), "", "", "0");
  }

  void backlog() {
    daemon_->stop(SIGTERM);
    // What slapd does for ldapmodify, one by one.
    const long sample = std::min(users_, 10'000L);
    std::string ldif;
    for (long n = 0; n < sample; ++n)
      ldif += "dn: " + dn(n) + "\nchangetype: modify\nreplace: s2lQuotaBytes\ns2lQuotaBytes: 77\n\n";
    write_file(folder_ / "modify.ldif", ldif);
    auto begun = clock::now();
    const captured modified = run_and_capture(
        {.arguments = {"ldapmodify", "-Q", "-Y", "EXTERNAL", "-H", slapd_.ldapi(), "-f", folder_ / "modify.ldif"}},
        patience);
    if (modified.status != 0) throw std::runtime_error(modified.err);
    const double peer_rate = static_cast<double>(sample) / seconds_since(begun);

    application app(url_);
    constexpr long rows_each = 20;
    for (long n = 0; n < users_; n += rows_each) {
      std::string names;
      for (long i = n; i < std::min(users_, n + rows_each); ++i)
        names += text("%s'user%ld@dom%ld.example'", i == n ? "" : ",", i, i / 100);
      app.run("UPDATE mailbox SET quota = 4242 WHERE username IN (" + names + ")");
    }
    begun = clock::now();
    start();
    await(users_ - 1, "4242");
    const double rate = static_cast<double>(users_) / seconds_since(begun);
    line("backlog of changed users", text("%.0f entries/s", rate), text("ldapmodify %.0f/s", peer_rate),
         text("%.2fx", rate / peer_rate), ">= 4x");
    daemon_->stop(SIGTERM);
  }

  std::string syncd_;
  long users_;
  temp_dir folder_;
  postgres_server postgres_;
  slapd_server slapd_;
  std::string url_;
  std::unique_ptr<model::directory> directory_;
  std::unique_ptr<child_process> daemon_;
};

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) {
    std::fprintf(stderr, "usage: keeping_up SYNCD [USERS]\n");
    return 2;
  }
  bench(argv[1], argc > 2 ? std::atol(argv[2]) : 100'000).run();
  return 0;
} catch (const std::exception& problem) {
  std::fprintf(stderr, "keeping_up: %s\n", problem.what());
  return 1;
}
