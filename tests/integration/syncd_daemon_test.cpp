// sql2ldap-syncd between real servers, as an operator runs it.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/control/control_socket.hpp>

#include <support/sync_host.hpp>

namespace {

using namespace sql2ldap::test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr auto patience = std::chrono::seconds(20);

class syncd : public testing::Test {
 protected:
  [[nodiscard]] std::vector<std::string> with_mail(const std::string& address) const {
    return names_in(host_.slapd, "(mail=" + address + ")");
  }
  [[nodiscard]] bool appears(const std::string& address) const {
    return eventually(patience, [&] { return !with_mail(address).empty(); });
  }
  [[nodiscard]] bool disappears(const std::string& address) const {
    return eventually(patience, [&] { return with_mail(address).empty(); });
  }
  void add_user(const std::string& local_part) const {
    host_.sql("insert into mailbox (username, password, name, maildir, quota, local_part, domain, active) select '" +
              local_part + "@' || domain, '{SSHA}eHh4eHh4eHh4eHh4eHh4eHh4eHhzYWx0', 'New', domain || '/" + local_part +
              "/', 1000, '" + local_part +
              "', domain, true from domain where domain like 'domain%' order by domain limit 1;"
              "insert into alias (address, goto, domain, active) select username, username, domain, true from mailbox "
              "where local_part = '" +
              local_part + "'");
  }
  [[nodiscard]] std::string first_domain() const {
    std::string out = host_.postgres.execute("mail", "select min(domain) from domain where domain like 'domain%'");
    out.pop_back();
    return out;
  }
  void start_in_step(const std::vector<std::string>& more = {}) {
    host_.start(more);
    ASSERT_TRUE(host_.reaches("following")) << host_.log();
  }
  void expect_in_step() const { EXPECT_THAT(host_.verified(), HasSubstr("verify: 0 differences")) << host_.log(); }

  sync_host host_;
};

TEST_F(syncd, fills_an_empty_directory_and_follows_each_change) {
  start_in_step();
  EXPECT_THAT(host_.log(), HasSubstr("the state folder knows of no earlier run"));
  expect_in_step();

  add_user("new.user");
  const std::string domain = first_domain();
  ASSERT_TRUE(appears("new.user@" + domain)) << host_.log();
  host_.sql("update mailbox set username = 'renamed@" + domain +
            "', local_part = 'renamed' where local_part = "
            "'new.user'; update alias set address = 'renamed@" +
            domain + "', goto = 'renamed@" + domain + "' where address like 'new.user@%'");
  ASSERT_TRUE(appears("renamed@" + domain)) << host_.log();
  host_.sql("begin; insert into mailbox (username, password, local_part, domain) values ('ghost@" + domain +
            "', 'x', 'ghost', '" + domain + "'); rollback");
  host_.sql("delete from mailbox where local_part = 'renamed'; delete from alias where address like 'renamed@%'");
  EXPECT_TRUE(disappears("renamed@" + domain));
  EXPECT_THAT(with_mail("ghost@" + domain), IsEmpty());
  ASSERT_TRUE(host_.catches_up()) << host_.log();
  expect_in_step();
  EXPECT_EQ(host_.stop(), done) << host_.log();
  EXPECT_NE(host_.ask("status").status, done);
}

TEST_F(syncd, follows_triggers_too) {
  host_.start({"--capture", "journal"});
  ASSERT_TRUE(host_.reaches("following")) << host_.log();
  add_user("by.trigger");
  EXPECT_TRUE(appears("by.trigger@" + first_domain())) << host_.log();
  host_.kill();
  host_.sql("delete from alias where address like 'by.trigger@%'; delete from mailbox where local_part = 'by.trigger'");
  host_.start({"--capture", "journal"});
  EXPECT_TRUE(disappears("by.trigger@" + first_domain())) << host_.log();
  EXPECT_THAT(host_.log(), Not(HasSubstr("SYNC_RECONCILE")));
  expect_in_step();
}

// Its role owns nothing, and from some moment on sees no mailbox.
class syncd_reader : public syncd, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(by, syncd_reader, testing::Values("wal", "journal"),
                         [](const auto& one) { return std::string(one.param); });

TEST_P(syncd_reader, deletes_nothing_that_row_level_security_hides) {
  const captured installed = run_and_capture(
      {.arguments = {S2L_BINARY_DIR "/tools/sql2ldap", "capture", "install", "--source", host_.postgres.url("mail"),
                     "--mapping", "postfixadmin", "--capture", GetParam()}});
  ASSERT_EQ(installed.status, done) << installed.err;
  host_.sql(
      "create role reader login replication; grant select on all tables in schema public to reader; grant usage on "
      "schema sql2ldap to reader; grant select, delete, update on all tables in schema sql2ldap to reader; grant "
      "select, update on all sequences in schema sql2ldap to reader");
  host_.role = "reader";
  host_.start({"--capture", GetParam()});
  ASSERT_TRUE(host_.reaches("following")) << host_.log();
  add_user("first");
  const std::string domain = first_domain();
  ASSERT_TRUE(appears("first@" + domain)) << host_.log();

  host_.sql(
      "alter table mailbox enable row level security; update mailbox set name = 'Changed' where local_part = "
      "'first'");
  ASSERT_TRUE(host_.says("BYPASSRLS")) << host_.log();
  EXPECT_FALSE(with_mail("first@" + domain).empty());
  host_.sql("alter role reader bypassrls");
  EXPECT_TRUE(eventually(patience, [&] { return !names_in(host_.slapd, "(cn=Changed)").empty(); })) << host_.log();
  expect_in_step();
}

TEST_P(syncd_reader, outlives_a_server_that_is_silent) {
  host_.start({"--capture", GetParam(), "--source-timeout", "1"});
  ASSERT_TRUE(host_.reaches("following")) << host_.log();
  const std::string backends = host_.postgres.execute(
      "mail", "select pid from pg_stat_activity where application_name = 'sql2ldap' and pid <> pg_backend_pid()");
  const auto send = [&](int signal) {
    std::istringstream pids(backends);
    for (pid_t pid = 0; pids >> pid;) ::kill(pid, signal);
  };
  send(SIGSTOP);
  add_user("late");
  const bool noticed = host_.says("SYNC_TROUBLE");
  send(SIGCONT);
  EXPECT_TRUE(noticed) << host_.log();
  EXPECT_TRUE(appears("late@" + first_domain())) << host_.log();
  expect_in_step();
}

// The catalogue is looked at every ten seconds; no statement below is reported as a change of a row.
void expect_changes_of_tables_are_seen(const sync_host& host) {
  constexpr auto long_patience = std::chrono::seconds(60);
  const auto enabled = [&] { return names_in(host.slapd, "(&(objectClass=s2lMailAccount)(s2lEnabled=TRUE))").size(); };
  const std::size_t all = enabled();
  ASSERT_GT(all, 3U);
  // So few that no limit holds them.
  const std::string three = " where username in (select username from mailbox order by username limit 3)";
  host.sql(
      "alter table mailbox add column active2 boolean; update mailbox set active2 = active; update mailbox set "
      "active2 = not active" +
      three + "; alter table mailbox drop column active; alter table mailbox rename column active2 to active");
  EXPECT_TRUE(eventually(long_patience, [&] { return enabled() != all; })) << host.log();

  host.sql("alter table mailbox rename column password to passwd");
  EXPECT_TRUE(eventually(long_patience, [&] {
    return host.log().find("has no column `password`") != std::string::npos;
  })) << host.log();
  host.sql("update mailbox set passwd = '{SSHA}eHh4eHh4eHh4eHh4eHh4eHh4eHhzYWx0', active = not active" + three);
  host.sql("alter table mailbox rename column passwd to password");
  EXPECT_TRUE(eventually(long_patience, [&] { return enabled() == all; })) << host.log();
  EXPECT_TRUE(host.reaches("following")) << host.log();
  EXPECT_THAT(host.verified(), HasSubstr("verify: 0 differences")) << host.log();
}

TEST_F(syncd, sees_changes_of_tables_by_the_log) {
  start_in_step();
  expect_changes_of_tables_are_seen(host_);
}

TEST_F(syncd, sees_changes_of_tables_by_triggers) {
  host_.start({"--capture", "journal"});
  ASSERT_TRUE(host_.reaches("following")) << host_.log();
  expect_changes_of_tables_are_seen(host_);
}

TEST_F(syncd, follows_where_replication_connections_are_refused) {
  host_.postgres.crash();
  host_.postgres.settings = {no_replication_connections};
  host_.postgres.start();
  start_in_step();
  EXPECT_THAT(host_.log(), HasSubstr("SOURCE_WAL_BY_FUNCTIONS"));
  const std::string domain = first_domain();
  add_user("by.function");
  EXPECT_TRUE(appears("by.function@" + domain)) << host_.log();
  host_.kill();
  host_.sql(
      "delete from alias where address like 'by.function@%'; delete from mailbox where local_part = 'by.function'");
  host_.start();
  EXPECT_TRUE(disappears("by.function@" + domain)) << host_.log();
  EXPECT_THAT(host_.log(), Not(HasSubstr("SYNC_RECONCILE")));
  ASSERT_TRUE(host_.catches_up()) << host_.log();
  expect_in_step();
}

TEST_F(syncd, installs_and_removes_what_it_needs) {
  const auto typed = [&](const std::string& words) {
    command what{.arguments = {S2L_BINARY_DIR "/tools/sql2ldap", "capture", words, "--source",
                               host_.postgres.url("mail"), "--mapping", "postfixadmin"}};
    return what;
  };
  const auto count = [&](const std::string& table) {
    return host_.postgres.execute("mail", "select count(*) from " + table);
  };
  command shown = typed("install");
  shown.arguments.emplace_back("--print");
  const captured printed = run_and_capture(shown);
  EXPECT_EQ(printed.status, done) << printed.err;
  EXPECT_THAT(printed.out, AllOf(HasSubstr("CREATE PUBLICATION \"sql2ldap\""), HasSubstr("sql2ldap_bell"),
                                 Not(HasSubstr("replication_slot"))));
  EXPECT_EQ(count("pg_publication"), "0\n");
  const captured installed = run_and_capture(typed("install"));
  EXPECT_EQ(installed.status, done) << installed.err;
  start_in_step();
  const captured refused = run_and_capture(typed("remove"));
  EXPECT_EQ(refused.status, source_failed);
  EXPECT_THAT(refused.err, HasSubstr("stop it first"));
  EXPECT_EQ(host_.stop(), done);
  ASSERT_TRUE(eventually(patience, [&] { return run_and_capture(typed("remove")).status == done; }));
  EXPECT_EQ(count("pg_publication"), "0\n");
  EXPECT_EQ(count("pg_replication_slots"), "0\n");
  EXPECT_EQ(count("pg_namespace where nspname = 'sql2ldap'"), "0\n");
}

TEST_F(syncd, goes_on_after_kill_without_comparing_everything) {
  start_in_step();
  ASSERT_TRUE(host_.catches_up());
  host_.kill();
  add_user("while.away");
  host_.start();
  EXPECT_TRUE(appears("while.away@" + first_domain())) << host_.log();
  ASSERT_TRUE(host_.catches_up());
  EXPECT_THAT(host_.log(), Not(HasSubstr("SYNC_RECONCILE")));
  expect_in_step();
}

TEST_F(syncd, knows_how_far_it_is_when_others_write) {
  start_in_step();
  const auto forgotten = [&] {
    return host_.postgres.execute("mail", "select confirmed_flush_lsn from pg_replication_slots");
  };
  const std::string before = forgotten();
  host_.sql("create table busy (line text)");
  ASSERT_TRUE(eventually(patience, [&] {
    host_.sql("insert into busy values ('x'); select pg_switch_wal()");
    return forgotten() != before;
  })) << host_.log();
  host_.kill();
  host_.start();
  ASSERT_TRUE(host_.reaches("following"));
  EXPECT_THAT(host_.log(), Not(HasSubstr("SYNC_RECONCILE")));
}

TEST_F(syncd, gets_back_in_step_without_slot_or_state_and_says_why) {
  start_in_step();
  host_.kill();
  const auto drop_slot = [&] {
    ASSERT_TRUE(eventually(patience, [&] {
      return host_.postgres.execute("mail", "select count(*) from pg_replication_slots where active") == "0\n";
    }));
    host_.sql("select pg_drop_replication_slot('sql2ldap')");
  };
  drop_slot();
  add_user("a");
  host_.start();
  ASSERT_TRUE(host_.says("SYNC_RECONCILE comparing everything: nothing has collected the changes"));
  ASSERT_TRUE(host_.reaches("following"));
  expect_in_step();

  host_.kill();
  std::filesystem::remove_all(host_.state());
  add_user("b");
  host_.start();
  ASSERT_TRUE(host_.says("SYNC_RECONCILE comparing everything: the state folder knows of no earlier run"));
  ASSERT_TRUE(host_.reaches("following"));
  expect_in_step();

  host_.kill();
  std::filesystem::remove_all(host_.state());
  drop_slot();
  add_user("c");
  host_.start();
  ASSERT_TRUE(host_.reaches("following"));
  EXPECT_FALSE(with_mail("c@" + first_domain()).empty());
  expect_in_step();
}

TEST_F(syncd, a_slot_that_is_dropped_under_it_is_made_again) {
  start_in_step();
  // The daemon comes back at once, sometimes sooner than the slot is dropped.
  ASSERT_TRUE(eventually(patience, [&] {
    host_.sql(
        "do $$ begin perform pg_terminate_backend(active_pid, 5000) from pg_replication_slots where active; "
        "perform pg_drop_replication_slot('sql2ldap'); exception when object_in_use then null; end $$");
    return host_.postgres.execute("mail", "select count(*) from pg_replication_slots").starts_with("0") ||
           host_.log().find("nothing has collected the changes") != std::string::npos;
  }));
  add_user("lost");
  EXPECT_TRUE(host_.says("nothing has collected the changes"));
  EXPECT_TRUE(appears("lost@" + first_domain())) << host_.log();
  EXPECT_TRUE(host_.reaches("following"));
  expect_in_step();
}

TEST_F(syncd, waits_for_servers_that_go_away) {
  start_in_step();
  host_.slapd.crash();
  add_user("one");
  ASSERT_TRUE(host_.says("SYNC_TROUBLE"));
  EXPECT_TRUE(host_.reaches("trouble"));
  host_.slapd.start();
  EXPECT_TRUE(appears("one@" + first_domain())) << host_.log();
  host_.postgres.crash();
  EXPECT_TRUE(host_.reaches("trouble"));
  host_.postgres.start();
  add_user("two");
  EXPECT_TRUE(appears("two@" + first_domain())) << host_.log();
  ASSERT_TRUE(host_.catches_up());
  expect_in_step();
}

TEST_F(syncd, holds_deletes_beyond_the_limits_and_writes_all_else) {
  start_in_step();
  const std::string domain = first_domain();
  add_user("before");
  ASSERT_TRUE(appears("before@" + domain)) << host_.log();
  const auto accounts = names_in(host_.slapd, "(objectClass=s2lMailAccount)");
  host_.sql(
      "create table saved as select * from mailbox; create table saved_alias as select * from alias;"
      "begin; delete from mailbox; delete from alias; commit");
  ASSERT_TRUE(host_.reaches("held")) << host_.log();
  add_user("behind");
  EXPECT_TRUE(appears("behind@" + domain)) << host_.log();
  const nlohmann::json held = host_.status()["held"];
  EXPECT_GE(held["deletes"].get<std::size_t>(), accounts.size());
  EXPECT_EQ(held["groups"][0]["deletes"]["account"].get<std::size_t>(), accounts.size());
  EXPECT_THAT(held["first"][0].get<std::string>(), HasSubstr("delete "));
  EXPECT_EQ(held["first"].size(), 10U);
  EXPECT_EQ(names_in(host_.slapd, "(objectClass=s2lMailAccount)").size(), accounts.size() + 1);
  const captured shown = host_.ask("status");
  EXPECT_EQ(shown.status, differences);
  EXPECT_THAT(shown.out, AllOf(HasSubstr("would be deleted within 60 s"), HasSubstr("account: "),
                               HasSubstr("`sql2ldap status --plan` lists all")));
  const captured all = host_.ask("status --plan");
  EXPECT_EQ(all.status, differences);
  EXPECT_EQ(static_cast<std::size_t>(std::count(all.out.begin(), all.out.end(), '\n')),
            held["deletes"].get<std::size_t>());
  EXPECT_EQ(host_.ask("release 0123abcd-1").status, wrong_usage);

  // Killed, it knows after the next start what waits.
  host_.kill();
  host_.start();
  ASSERT_TRUE(host_.reaches("held")) << host_.log();
  EXPECT_EQ(host_.status()["held"]["plan"], held["plan"]);

  // The rows come back: nothing waits any more.
  host_.sql("begin; insert into mailbox select * from saved; insert into alias select * from saved_alias; commit");
  ASSERT_TRUE(host_.reaches("following")) << host_.log();
  EXPECT_TRUE(host_.says("SYNC_HELD_OVER")) << host_.log();
  expect_in_step();

  host_.sql("begin; delete from mailbox; delete from alias; commit");
  ASSERT_TRUE(host_.reaches("held"));
  const std::string plan = host_.status()["held"]["plan"];
  EXPECT_EQ(host_.ask("release " + plan).status, done);
  ASSERT_TRUE(host_.reaches("following")) << host_.log();
  EXPECT_TRUE(host_.says("SYNC_RELEASED")) << host_.log();
  const std::string log = host_.log();
  EXPECT_EQ(log.find("SYNC_HELD_OVER"), log.rfind("SYNC_HELD_OVER")) << "only when the rows came back";
  EXPECT_THAT(names_in(host_.slapd, "(objectClass=s2lMailAccount)"), IsEmpty());
  expect_in_step();
}

class daily_life : public syncd, public testing::WithParamInterface<const char*> {};

// As PostfixAdmin writes a mailbox: its alias row first, in a transaction of its own.
TEST_P(daily_life, new_mailboxes_are_no_deletes_and_a_customer_may_leave) {
  start_in_step({"--capture", GetParam()});
  const std::string domain = first_domain();
  std::string made;
  std::string gone;
  for (int i = 0; i < 60; ++i) {
    const std::string address = "new" + std::to_string(i) + "@" + domain;
    made += "insert into alias (address, goto, domain) values ('" + address + "', '" + address + "', '" + domain +
            "'); select pg_sleep(0.005); insert into mailbox (username, password, name, maildir, quota, local_part, "
            "domain, active) values ('" +
            address + "', '{SSHA}eHh4eHh4eHh4eHh4eHh4eHh4eHhzYWx0', 'N', 'x/', 0, 'new" + std::to_string(i) + "', '" +
            domain + "', true);\n";
    if (i < 40)
      gone += "delete from mailbox where username = '" + address + "'; delete from alias where address = '" + address +
              "';\n";
  }
  host_.sql(made);
  add_user("made");
  ASSERT_TRUE(appears("made@" + domain)) << host_.log();
  EXPECT_EQ(names_in(host_.slapd, "(&(objectClass=s2lMailAccount)(mail=new*))").size(), 60U);
  EXPECT_TRUE(host_.status()["held"].is_null()) << host_.log();
  host_.sql(gone);
  add_user("gone");
  ASSERT_TRUE(appears("gone@" + domain)) << host_.log();
  EXPECT_EQ(names_in(host_.slapd, "(&(objectClass=s2lMailAccount)(mail=new*))").size(), 20U);
  EXPECT_TRUE(host_.status()["held"].is_null()) << host_.log();
  expect_in_step();

  // Each has still its row of aliases: as a mailbox, it is gone all the same.
  host_.sql("delete from mailbox");
  ASSERT_TRUE(host_.reaches("held")) << host_.log();
  EXPECT_EQ(names_in(host_.slapd, "(&(objectClass=s2lMailAccount)(mail=new*))").size(), 20U);
  EXPECT_THAT(names_in(host_.slapd, "(&(objectClass=s2lMailAlias)(mailLocalAddress=new*))"), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(in, daily_life, testing::Values("wal", "journal"),
                         [](const auto& capture) { return std::string(capture.param); });

TEST_F(syncd, logs_each_change_without_values_when_it_is_asked_to) {
  start_in_step({"--log-changes"});
  const std::string domain = first_domain();
  add_user("audited");
  ASSERT_TRUE(appears("audited@" + domain)) << host_.log();
  host_.sql("update mailbox set quota = 4711 where local_part = 'audited'");
  EXPECT_TRUE(host_.says("SYNC_CHANGE update uid=audited@" + domain)) << host_.log();
  EXPECT_THAT(host_.log(),
              AllOf(HasSubstr("SYNC_CHANGE add uid=audited@" + domain),
                    HasSubstr("(postfixadmin/account/audited@" + domain + "): s2lQuotaBytes; changes of mailbox"),
                    Not(HasSubstr("4711")), Not(HasSubstr("{SSHA}"))));
}

TEST_F(syncd, turns_off_whose_row_is_gone_and_deletes_it_another_day) {
  host_.start({"--soft-delete", "2d"});
  ASSERT_TRUE(host_.reaches("following")) << host_.log();
  const std::string domain = first_domain();
  add_user("leaves");
  ASSERT_TRUE(appears("leaves@" + domain)) << host_.log();
  const std::string forget =
      "delete from mailbox where local_part = 'leaves'; delete from alias where address like 'leaves@%'";
  const auto off = [&] {
    return names_in(host_.slapd, "(&(mail=leaves@" + domain + ")(s2lEnabled=FALSE)(s2lGoneSince=*))");
  };
  host_.sql(forget);
  ASSERT_TRUE(eventually(patience, [&] { return off().size() == 1; })) << host_.log();
  add_user("leaves");
  ASSERT_TRUE(eventually(patience, [&] { return off().empty(); })) << host_.log();
  host_.sql(forget);
  ASSERT_TRUE(eventually(patience, [&] { return off().size() == 1; })) << host_.log();
  EXPECT_THAT(host_.verified({"--soft-delete", "2d"}), HasSubstr("verify: 0 differences"));

  // As if it had waited for long.
  host_.slapd.modify("dn: " + off().front() +
                     "\nchangetype: modify\nreplace: s2lGoneSince\ns2lGoneSince: 20200101000000Z\n");
  EXPECT_EQ(host_.stop(), done);
  host_.start({"--soft-delete", "2d"});
  EXPECT_TRUE(disappears("leaves@" + domain)) << host_.log();
  EXPECT_TRUE(host_.says("SYNC_PURGED")) << host_.log();
}

TEST_F(syncd, finds_and_mends_what_others_changed) {
  host_.start({"--verify-every", "1s"});
  ASSERT_TRUE(host_.reaches("following")) << host_.log();
  const std::string anybody = names_in(host_.slapd, "(objectClass=s2lMailAccount)").front();
  host_.slapd.modify("dn: " + anybody + "\nchangetype: modify\nreplace: sn\nsn: by hand\n");
  EXPECT_TRUE(eventually(patience, [&] { return names_in(host_.slapd, "(sn=by hand)").empty(); })) << host_.log();
  EXPECT_TRUE(host_.says("SYNC_MENDED")) << host_.log();
  EXPECT_TRUE(eventually(patience, [&] { return host_.status()["found_out_of_step"] == 0; })) << host_.log();
  expect_in_step();
}

TEST_F(syncd, sets_aside_what_cannot_be_and_goes_on) {
  start_in_step();
  const std::string domain = first_domain();
  host_.sql(
      "insert into mailbox (username, password, name, maildir, quota, local_part, domain, active) values "
      "('not an address', '{SSHA}eHh4eHh4eHh4eHh4eHh4eHh4eHhzYWx0', 'X', 'x/', 0, 'x', '" +
      domain + "', true)");
  add_user("fine");
  ASSERT_TRUE(appears("fine@" + domain));
  EXPECT_TRUE(eventually(patience, [&] { return host_.status()["rejects"] == 1; })) << host_.log();
  const captured list = host_.ask("rejects list");
  EXPECT_EQ(list.status, differences);
  EXPECT_THAT(list.out, AllOf(HasSubstr("postfixadmin/account/not%20an%20address"), HasSubstr("1 reject")));

  EXPECT_EQ(host_.ask("rejects retry --all").status, done);
  EXPECT_EQ(host_.ask("rejects drop --all").status, done);
  EXPECT_EQ(host_.ask("rejects list").status, done);
  host_.sql("update mailbox set username = 'mended@" + domain + "' where local_part = 'x'");
  EXPECT_TRUE(appears("mended@" + domain)) << host_.log();
  ASSERT_TRUE(host_.catches_up());
  EXPECT_TRUE(eventually(patience, [&] { return host_.status()["rejects"] == 0; })) << host_.log();
}

TEST_F(syncd, a_second_one_stands_by_and_takes_over) {
  start_in_step();
  host_.start({}, "two");
  ASSERT_TRUE(host_.reaches("standby", "two")) << host_.log("two");
  add_user("first");
  ASSERT_TRUE(appears("first@" + first_domain()));
  host_.kill();
  add_user("second");
  ASSERT_TRUE(host_.reaches("following", "two")) << host_.log("two");
  EXPECT_TRUE(appears("second@" + first_domain()));
  EXPECT_THAT(host_.log("two"), HasSubstr("SYNC_RECONCILE"));
  expect_in_step();
}

TEST_F(syncd, one_state_folder_is_for_one_daemon) {
  start_in_step();
  const captured second = run_and_capture(
      {.arguments = {S2L_BINARY_DIR "/tools/sql2ldap-syncd", "--source", host_.postgres.url("mail"), "--mapping",
                     "postfixadmin", "--directory", host_.slapd.ldapi(), "--state", host_.state()}});
  EXPECT_EQ(second.status, wrong_usage);
  EXPECT_THAT(second.err, HasSubstr("another process uses the state folder"));
}

TEST_F(syncd, reads_settings_and_mapping_again) {
  const temp_dir folder;
  const auto mapping = folder / "own.map";
  const std::string text = read_file(S2L_SOURCE_DIR "/mappings/postfixadmin.map");
  write_file(mapping, text);
  host_.start({"--mapping", mapping});
  ASSERT_TRUE(host_.reaches("following")) << host_.log();
  write_file(mapping, "mapping \"broken");
  host_.daemon().send_signal(SIGHUP);
  ASSERT_TRUE(host_.says("RELOAD_REFUSED"));
  write_file(mapping, text + "\n# a remark is no other mapping\n");
  host_.daemon().send_signal(SIGHUP);
  ASSERT_TRUE(host_.says("RELOAD settings"));
  add_user("after");
  EXPECT_TRUE(appears("after@" + first_domain())) << host_.log();
}

TEST_F(syncd, reads_settings_again_while_it_waits_for_a_server) {
  host_.slapd.stop();
  host_.start();
  ASSERT_TRUE(host_.says("SYNC_TROUBLE"));
  host_.daemon().send_signal(SIGHUP);
  ASSERT_TRUE(host_.says("RELOAD settings")) << host_.log();
  host_.slapd.start();
  EXPECT_TRUE(host_.reaches("following")) << host_.log();
}

TEST_F(syncd, stays_with_its_settings_when_the_new_ones_cannot_work) {
  const temp_dir folder;
  write_file(folder / "settings.toml", "slot = \"one\"\n");
  host_.start({"--config", folder / "settings.toml"});
  ASSERT_TRUE(host_.reaches("following")) << host_.log();
  write_file(folder / "settings.toml",
             "bind-dn = \"cn=nobody\"\npassword-file = \"" + folder.path().string() + "/none\"\n");
  host_.daemon().send_signal(SIGHUP);
  ASSERT_TRUE(host_.says("RELOAD_REFUSED")) << host_.log();
  add_user("all.the.same");
  EXPECT_TRUE(appears("all.the.same@" + first_domain())) << host_.log();
}

TEST_F(syncd, leaves_a_slot_alone_that_is_not_its_own) {
  host_.sql("select pg_create_physical_replication_slot('sql2ldap')");
  host_.start();
  EXPECT_NE(host_.daemon().wait(patience), std::nullopt);
  EXPECT_THAT(host_.log(), HasSubstr("the slot sql2ldap is somebody else's"));
  EXPECT_EQ(host_.postgres.execute("mail", "select slot_type from pg_replication_slots"), "physical\n");
}

TEST_F(syncd, odd_requests_do_it_no_harm) {
  start_in_step();
  for (const char* odd : {"", "{", "[]", R"({"do": 1})", R"({"do": "release", "plan": {}})", "{\"do\": \"\xff\"}",
                          R"({"do": "rejects", "origin": 7})", R"({"do": "retry-hooks", "id": "x"})"}) {
    const auto answer = sql2ldap::control::ask(host_.state() / "control", odd);
    ASSERT_TRUE(answer.has_value()) << odd << ": " << answer.error().text();
  }
  EXPECT_EQ(host_.ask("status").status, done);
}

}  // namespace
