#include <torture/torture.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <libpq-fe.h>

#include <support/stream_proxy.hpp>
#include <support/sync_host.hpp>

namespace sql2ldap::test {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr auto settle_time = 180s;

// Entries that are not ours, some where rows of ours want to be.
constexpr std::string_view strangers = R"(dn: ou=people,dc=example,dc=org
changetype: add
objectClass: organizationalUnit
ou: people

dn: uid=boss,ou=people,dc=example,dc=org
changetype: add
objectClass: account
uid: boss
description: by hand

dn: ou=domains,dc=example,dc=org
changetype: add
objectClass: organizationalUnit
ou: domains

dn: associatedDomain=taken.example,ou=domains,dc=example,dc=org
changetype: add
objectClass: domainRelatedObject
objectClass: organizationalRole
cn: taken
associatedDomain: taken.example

dn: cn=note,associatedDomain=taken.example,ou=domains,dc=example,dc=org
changetype: add
objectClass: organizationalRole
cn: note
)";

class application {  // what a web interface does to its tables, at random
 public:
  application(std::string url, std::mt19937_64& random) : url_(std::move(url)), random_(random) {}

  // One transaction. False: the server would not.
  bool transaction() {
    std::string sql = "BEGIN;";
    const std::size_t statements = pick(20) == 0 ? 40 : 1 + pick(4);
    for (std::size_t i = 0; i < statements; ++i) sql += statement() + ";";
    sql += pick(8) == 0 ? "ROLLBACK" : "COMMIT";
    return run(sql);
  }
  // What is meant to be rejected goes, so that a judge who knows no rejects can compare.
  bool clean_up() {
    return run(
        "DELETE FROM alias_domain WHERE 'taken.example' IN (alias_domain, target_domain);"
        "DELETE FROM vacation WHERE domain = 'taken.example'; DELETE FROM alias WHERE domain = 'taken.example';"
        "DELETE FROM mailbox WHERE domain = 'taken.example' OR username NOT LIKE '%@%';"
        "DELETE FROM domain WHERE domain = 'taken.example'");
  }

 private:
  struct finish {
    void operator()(PGconn* c) const noexcept { PQfinish(c); }
  };

  std::size_t pick(std::size_t n) { return random_() % n; }
  std::string domain() {
    return pick(12) == 0  ? "taken.example"
           : pick(3) == 0 ? fmt::format("new{}.example", pick(4))
                          : fmt::format("domain{}.example", pick(3));
  }
  std::string user() { return fmt::format("u{}", pick(30)); }
  static std::string with_domain(const std::string& name) {
    return "INSERT INTO domain (domain, transport, active) VALUES ('" + name +
           "', 'virtual', true) ON CONFLICT DO NOTHING";
  }

  std::string statement() {
    const std::string d = domain();
    const std::string u = user();
    const std::string address = u + "@" + d;
    switch (pick(14)) {
      case 0:
      case 1:
      case 2:
        return fmt::format(
            "{0}; INSERT INTO mailbox (username, password, name, maildir, quota, local_part, domain, active) VALUES "
            "('{1}', '{{SSHA}}eHh4eHh4eHh4eHh4eHh4eHh4eHhzYWx0', 'Name {2}', '{3}/{4}/', {5}, '{4}', '{3}', {6}) ON "
            "CONFLICT "
            "(username) DO UPDATE SET name = excluded.name, quota = excluded.quota, active = excluded.active;"
            "INSERT INTO alias (address, goto, domain, active) VALUES ('{1}', '{1}', '{3}', true) ON CONFLICT DO "
            "NOTHING",
            with_domain(d), address, pick(100), d, u, pick(3) * 1000, pick(4) != 0);
      case 3:
        return fmt::format("DELETE FROM mailbox WHERE username = '{0}'; DELETE FROM alias WHERE address = '{0}'",
                           address);
      case 4: {  // another name, or another domain
        const std::string other = user() + "x@" + d;
        return fmt::format(
            "DELETE FROM alias WHERE address = '{1}'; UPDATE mailbox SET username = '{1}', local_part = "
            "split_part('{1}', "
            "'@', 1) WHERE username = '{0}' AND NOT EXISTS (SELECT 1 FROM mailbox WHERE username = '{1}'); UPDATE "
            "alias "
            "SET address = '{1}' WHERE address = '{0}'",
            address, other);
      }
      case 5:
        return fmt::format(
            "{}; INSERT INTO alias (address, goto, domain, active) VALUES ('list{}@{}', '{},{}', '{}', true) "
            "ON CONFLICT (address) DO UPDATE SET goto = excluded.goto",
            with_domain(d), pick(5), d, address, "out@elsewhere.example", d);
      case 6:
        return fmt::format("UPDATE alias SET goto = '{}@far.example', active = {} WHERE address = '{}'", u,
                           pick(3) != 0, address);
      case 7:
        return fmt::format("UPDATE domain SET active = {}, description = 'd{}' WHERE domain = '{}'", pick(3) != 0,
                           pick(9), d);
      case 8:
        return fmt::format(
            "{}; {}; INSERT INTO alias_domain (alias_domain, target_domain, active) SELECT "
            "'side{}.example', '{}', true ON CONFLICT (alias_domain) DO UPDATE SET target_domain = "
            "excluded.target_domain",
            with_domain(d), with_domain("side0.example") + ";" + with_domain("side1.example"), pick(2), d);
      case 9:
        return fmt::format("DELETE FROM alias_domain WHERE alias_domain = 'side{}.example'", pick(2));
      case 10:
        return fmt::format(
            "INSERT INTO vacation (email, subject, body, domain, active) SELECT username, 'away {}', "
            "'back soon', domain, true FROM mailbox WHERE username = '{}' ON CONFLICT (email) DO UPDATE "
            "SET subject = excluded.subject",
            pick(9), address);
      case 11:
        return pick(6) == 0 ? std::string("TRUNCATE vacation CASCADE")
                            : "DELETE FROM vacation WHERE email LIKE '" + u + "@%'";
      case 12:  // a whole domain goes
        if (!d.starts_with("new")) return "UPDATE mailbox SET quota = quota + 1 WHERE username LIKE '" + u + "%'";
        return fmt::format(
            "DELETE FROM vacation WHERE domain = '{0}'; DELETE FROM mailbox WHERE domain = '{0}'; DELETE FROM alias "
            "WHERE "
            "domain = '{0}'; DELETE FROM alias_domain WHERE target_domain = '{0}'; DELETE FROM domain WHERE domain = "
            "'{0}'",
            d);
      default:
        return fmt::format(
            "INSERT INTO mailbox (username, password, local_part, domain) SELECT 'bad row {}', 'x', 'bad', "
            "min(domain) FROM domain WHERE domain LIKE 'domain%' ON CONFLICT DO NOTHING",
            pick(3));
    }
  }

  bool run(const std::string& sql) {
    if (!connection_ || PQstatus(connection_.get()) != CONNECTION_OK) {
      connection_.reset(PQconnectdb(url_.c_str()));
      PQsetNoticeProcessor(
          connection_.get(), [](void*, const char*) {}, nullptr);
    }
    PGresult* reply = PQexec(connection_.get(), sql.c_str());
    const ExecStatusType status = PQresultStatus(reply);
    PQclear(reply);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      if (PQstatus(connection_.get()) == CONNECTION_OK) PQclear(PQexec(connection_.get(), "ROLLBACK"));
      return false;
    }
    return true;
  }

  std::string url_;
  std::mt19937_64& random_;
  std::unique_ptr<PGconn, finish> connection_;
};

class ordeal {
 public:
  ordeal(std::uint64_t seed, bool aloud)
      : traffic_(seed),
        fate_(seed + 1),
        aloud_(aloud),
        capture_(seed % 3 == 0 ? "journal" : "wal"),
        sql_wire_(folder_ / ".s.PGSQL.5432", host_.postgres.socket_folder() / ".s.PGSQL.5432"),
        ldap_wire_(folder_ / "ldapi", host_.slapd.folder() / "ldapi"),
        application_(host_.postgres.url("mail"), traffic_) {
    host_.environment = {{"LD_PRELOAD", S2L_BINARY_DIR "/tests/torture/libfull_disk.so"},
                         {"ASAN_OPTIONS", "verify_asan_link_order=0"},
                         {"FULL_DISK_WHEN", folder_ / "full"},
                         {"FULL_DISK_IN", host_.state()}};
    host_.slapd.modify(strangers);
    strangers_before_ = strangers_now();
  }

  torture_result run(std::chrono::seconds time) {
    torture_result out;
    note("capture by " + capture_);
    start();
    const auto end = clock::now() + time;
    auto next_disaster = clock::now() + 1s;
    constexpr int disasters_min = 4;  // however slow the host is
    while (clock::now() < end || out.disasters < disasters_min) {
      out.transactions += application_.transaction() ? 1 : 0;
      if (fate_() % 4 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(fate_() % 30));
      if (clock::now() < next_disaster) continue;
      disaster();
      ++out.disasters;
      next_disaster = clock::now() + std::chrono::milliseconds(100 + fate_() % 1500);
    }
    out.wrong = settle();
    out.story = story_ + host_.whole_log();
    return out;
  }

 private:
  void note(const std::string& what) {
    story_ += what + "\n";
    if (aloud_) fmt::print("{}\n", what);
    if (aloud_) std::fflush(stdout);
  }
  void start() {
    std::string ldapi = folder_ / "ldapi";
    std::string coded;
    for (const char c : ldapi) coded += c == '/' ? std::string("%2F") : std::string(1, c);
    host_.start({"--source", "postgresql:///mail?user=postgres&host=" + folder_.path().string(), "--directory",
                 "ldapi://" + coded, "--capture", capture_, "--yes"});
  }
  void wait_a_moment() { std::this_thread::sleep_for(std::chrono::milliseconds(fate_() % 1500)); }

  void revive_slapd() {
    if (const auto words = host_.slapd.revive()) note("slapd has crashed by itself: " + *words);
  }

  void disaster() {
    revive_slapd();
    switch (fate_() % 13) {
      case 0:
      case 1:
        note("kill -9 of the daemon");
        host_.kill();
        if (fate_() % 2 == 0) wait_a_moment();
        return start();
      case 2:
        note("kill -9 of slapd");
        host_.slapd.crash();
        wait_a_moment();
        return host_.slapd.start();
      case 3:
        note("crash of postgres");
        host_.postgres.crash();
        wait_a_moment();
        return host_.postgres.start();
      case 4:
        note("kill -9 of a session of postgres");
        return kill_session();
      case 5:
        note("the daemon sleeps");
        host_.daemon().send_signal(SIGSTOP);
        wait_a_moment();
        return host_.daemon().send_signal(SIGCONT);
      case 6:
        note("slapd sleeps");
        host_.slapd.freeze();
        wait_a_moment();
        return host_.slapd.thaw();
      case 7:
        note("wires are cut");
        sql_wire_.cut();
        return ldap_wire_.cut();
      case 8:
      case 9: {
        stream_proxy& wire = fate_() % 2 == 0 ? sql_wire_ : ldap_wire_;
        note("a wire stalls");
        wire.stall(true);
        wait_a_moment();
        if (fate_() % 2 == 0) wire.cut();
        return wire.stall(false);
      }
      case 10:
        note("the disk is full");
        write_file(folder_ / "full", "");
        wait_a_moment();
        if (fate_() % 2 == 0) {
          note("kill -9 of the daemon");
          host_.kill();
        }
        std::filesystem::remove(folder_ / "full");
        if (!host_.daemon().running()) start();
        return;
      case 11:
        note("nobody collects any more");
        return drop_capture();
      default:
        note("the state folder is lost");
        host_.kill();
        std::filesystem::remove_all(host_.state());
        if (fate_() % 2 == 0) drop_capture();
        return start();
    }
  }

  void kill_session() {
    try {
      const std::string pid = host_.postgres.execute(
          "mail",
          "select pid from pg_stat_activity where backend_type in ('client backend', 'walsender') and pid <> "
          "pg_backend_pid() order by random() limit 1");
      if (!pid.empty()) ::kill(std::stoi(pid), SIGKILL);
    } catch (const std::runtime_error&) {  // it is coming back from the last one
    }
  }
  void drop_capture() {
    try {
      if (capture_ == "journal") return host_.sql("drop schema sql2ldap cascade");
      host_.sql("select pg_terminate_backend(active_pid) from pg_replication_slots where active");
      host_.sql("select pg_drop_replication_slot(slot_name) from pg_replication_slots");
    } catch (const std::runtime_error&) {  // the daemon was quicker
    }
  }

  std::string settle() {
    note("all is quiet");
    revive_slapd();
    if (!host_.daemon().running()) return "the daemon has ended by itself";
    if (!eventually(settle_time, [&] { return application_.clean_up(); })) return "the application cannot clean up";
    if (!eventually(settle_time, [&] { return in_step(); })) return "not in step: " + difference_;
    if (strangers_now() != strangers_before_)
      return "entries of others were touched:\n" + strangers_before_ + "---- now:\n" + strangers_now();
    if (const int code = host_.stop(); code != done) return fmt::format("the daemon ended with {}", code);
    return "";
  }
  bool in_step() {
    const captured judged = run_and_capture(
        {.arguments = {"perl", S2L_SOURCE_DIR "/tests/independent_check.pl", "postfixadmin", host_.postgres.url("mail"),
                       host_.slapd.ldapi(), std::string(slapd_server::suffix)}});
    difference_ = judged.out + judged.err;
    if (judged.status != 0) return false;
    difference_ = host_.verified();
    return difference_.find("verify: 0 differences") != std::string::npos;
  }
  [[nodiscard]] std::string strangers_now() const {
    const captured run = run_and_capture(
        {.arguments = {"ldapsearch", "-Q", "-LLL", "-Y", "EXTERNAL", "-H", host_.slapd.ldapi(), "-b",
                       std::string(slapd_server::suffix), "(!(objectClass=s2lManaged))", "*", "entryCSN"},
         .environment = {{"LDAPNOINIT", "1"}}});
    if (run.status != 0) throw std::runtime_error("ldapsearch: " + run.err);
    // slapd gives them in the order in which its index of the tree has them, which others change.
    std::set<std::string> entries;
    for (std::size_t at = 0; at < run.out.size();) {
      const std::size_t end = std::min(run.out.find("\n\n", at), run.out.size());
      entries.insert(run.out.substr(at, end - at));
      at = end + 2;
    }
    return fmt::format("{}\n", fmt::join(entries, "\n\n"));
  }

  std::mt19937_64 traffic_;
  std::mt19937_64 fate_;
  bool aloud_;
  std::string capture_;
  temp_dir folder_;
  sync_host host_;
  stream_proxy sql_wire_;
  stream_proxy ldap_wire_;
  application application_;
  std::string strangers_before_;
  std::string difference_;
  std::string story_;
};

}  // namespace

torture_result torture(std::uint64_t seed, std::chrono::seconds time, bool aloud) {
  return ordeal(seed, aloud).run(time);
}

}  // namespace sql2ldap::test
