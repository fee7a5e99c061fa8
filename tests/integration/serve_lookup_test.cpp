// The answers for hosts that the shipped mappings have brought into a real slapd, held against what their SQL rows
// say to who reads them (tests/data); and names of attackers, held against a search in a plain list.
#include <atomic>
#include <random>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <sql2ldap/codec/ldif.hpp>
#include <sql2ldap/ldap/server.hpp>
#include <sql2ldap/serve/directory_lookup.hpp>
#include <sql2ldap/serve/entry_answers.hpp>
#include <support/child_process.hpp>
#include <support/fake_lookup.hpp>
#include <support/pigeonhole.hpp>
#include <support/postgres.hpp>
#include <support/tool.hpp>

namespace sql2ldap::test {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;
using what = serve::mail_route::what;

std::string in_words(const result<serve::mail_route>& answer) {
  if (!answer) return "try later";
  const serve::mail_route& way = *answer;
  std::vector<std::string> targets = way.targets;
  std::sort(targets.begin(), targets.end());
  const std::string list = fmt::format("{}", fmt::join(targets, " "));
  switch (way.kind) {
    case what::deliver:
      return "mailbox " + way.user;
    case what::redirect:
      return "to " + list + (way.keep_copy ? " and mailbox " + way.user : "");
    case what::members:
      return (way.members_only ? "members alone " : "members ") + list;
    case what::refuse:
      return "refuse: " + way.text;
    case what::discard:
      return "discard";
    case what::command:
      return "command";
    case what::relay:
      return "relay by " + way.transport;
    case what::unknown:
      return "unknown";
    case what::not_ours:
      return "not ours";
  }
  return "";
}

class serve_lookup : public testing::Test {
 protected:
  // Brings the host into the directory; some of its rows are made to be rejected.
  void migrate(const std::string& source, const std::string& mapping) {
    const captured done_so = tool(source, mapping, slapd_.ldapi())("migrate");
    ASSERT_TRUE(done_so.status == done || done_so.status == differences) << done_so.out << done_so.err;
    ldap::options how;
    how.uri = slapd_.ldapi();
    auto to = ldap::connect(how);
    ASSERT_TRUE(to) << to.error().text();
    directory_ = *std::move(to);
    entries_ = std::make_unique<serve::directory_lookup>(*directory_, *model::dn::parse(slapd_server::suffix));
    answers_ = std::make_unique<serve::entry_answers>(*entries_, entries_.get(), how_);
  }
  void migrate_sqlite(const std::string& sql, const std::string& mapping) {
    tables_ = std::make_unique<sqlite_database>(sql);
    migrate(tables_->url(), mapping);
  }

  std::string login(std::string_view name) {
    const auto answer = answers_->account_for_login({name, "imap", "192.0.2.1"});
    if (!answer) return "try later";
    if (!*answer) return "nobody";
    switch ((*answer)->now) {
      case serve::login_answer::verdict::allowed:
        return (*answer)->who->login;
      case serve::login_answer::verdict::disabled:
        return "disabled";
      default:
        return "refused";
    }
  }
  std::string route(std::string_view address) { return in_words(answers_->route(address)); }
  std::string domain(std::string_view name) {
    const auto found = answers_->domain(name);
    if (!found) return "try later";
    if (!*found) return "not ours";
    static constexpr const char* kinds[] = {"local", "alias", "relay"};
    return fmt::format("{} {} {}", kinds[static_cast<int>((*found)->kind)], (*found)->target, (*found)->transport);
  }
  std::string userdb(std::string_view name) {
    const auto found = answers_->userdb_of(name);
    if (!found) return "try later";
    if (!*found) return "nobody";
    std::string out = (*found)->user;
    for (const auto& [field, value] : serve::fields_of_dovecot_23(**found)) out += " " + field + "=" + value;
    return out;
  }
  std::string sieve(std::string_view name) {
    const auto script = answers_->sieve_of(name);
    if (!script) return "try later: " + script.error().text();
    return *script ? (*script)->text : "nothing";
  }
  std::set<std::string> users() {
    std::set<std::string> names;
    const auto told = answers_->users([&](std::string_view name) { return names.emplace(name).second; });
    EXPECT_TRUE(told) << told.error().text();
    return names;
  }

  // Everyone who is listed has an answer, and a script that Pigeonhole takes, or none.
  void expect_sound_users() {
    const pigeonhole engine;
    std::size_t scripts = 0;
    for (const std::string& name : users()) {
      EXPECT_EQ(userdb(name).substr(0, name.size()), name);
      const std::string text = sieve(name);
      if (text == "nothing") continue;
      ++scripts;
      const captured compiled = engine.compile(text);
      EXPECT_EQ(compiled.status, 0) << text << compiled.err;
    }
    EXPECT_GT(scripts, 0U);
  }

  slapd_server slapd_{quick_slapd()};
  serve::answer_options how_{.separators = "+", .sieve = {.vacation_seconds = true, .local_domain = "host.example"}};
  std::unique_ptr<sqlite_database> tables_;
  std::unique_ptr<model::directory> directory_;
  std::unique_ptr<serve::directory_lookup> entries_;
  std::unique_ptr<serve::entry_answers> answers_;
};

std::string postfixadmin_tables() {
  return sample_text("postfixadmin/schema-4.0.sqlite.sql") + sample_text("postfixadmin/rows.sql");
}

TEST_F(serve_lookup, postfixadmin) {
  migrate_sqlite(postfixadmin_tables(), "postfixadmin");

  EXPECT_EQ(login("pw-ssha@example.org"), "pw-ssha@example.org");
  EXPECT_EQ(login("PW-ssha@Example.COM"), "pw-ssha@example.org");  // an alias domain
  EXPECT_EQ(login("pw-ssha@old.example"), "nobody");               // one that is off
  EXPECT_EQ(login("anna@example.net"), "anna@example.net");
  EXPECT_EQ(login("anna@mixed.example"), "anna@mixed.example");  // an alias domain with users of its own
  EXPECT_EQ(login("bert@mixed.example"), "bert@example.net");
  EXPECT_EQ(login("emil@example.net"), "emil@example.net");
  EXPECT_EQ(login("max@bücher.example"), "max@xn--bcher-kva.example");
  EXPECT_EQ(login("eva@straße.example"), "eva@xn--strae-oqa.example");
  EXPECT_EQ(login("o'brien+tag@example.net"), "o'brien+tag@example.net");
  EXPECT_EQ(login("gustav@example.net"), "disabled");
  EXPECT_EQ(login("off@off.example"), "disabled");
  for (const char* name :
       {"admin@example.org", "info@example.org", "@example.org", "ALL", "pw-ssha", "pw-unprefixed@example.org"})
    EXPECT_EQ(login(name), "nobody") << name;

  EXPECT_EQ(route("info@example.org"), "members pw-sha@example.org pw-ssha@example.org");
  EXPECT_EQ(route("info@example.com"), "members pw-sha@example.org pw-ssha@example.org");
  EXPECT_EQ(route("who@example.org"), "members pw-ssha@example.org");
  EXPECT_EQ(route("who@example.com"), "members pw-ssha@example.org");
  EXPECT_EQ(route("info@old.example"), "not ours");
  EXPECT_EQ(route("anna@example.net"), "to anna@elsewhere.example and mailbox anna@example.net");
  EXPECT_EQ(route("bert@example.net"), "to bert@elsewhere.example root");
  EXPECT_EQ(route("carla@example.net"), "mailbox carla@example.net");
  EXPECT_EQ(route("dora@example.net"), "to dora@xn--bcher-kva.example and mailbox dora@example.net");
  EXPECT_EQ(route("Emil@example.net"), "mailbox emil@example.net");
  EXPECT_EQ(route("frieda@example.net"), "mailbox frieda@example.net");
  EXPECT_EQ(route("frieda+lists@example.net"), "mailbox frieda@example.net");
  EXPECT_EQ(route("hanna@example.net"), "mailbox hanna@example.net");          // her alias row is off, she is not
  EXPECT_EQ(route("gustav@example.net"), "members gustav@elsewhere.example");  // off: who catches all has it
  // The alias row of a mailbox in another letter case.
  EXPECT_EQ(route("lower@example.net"), "to copy@elsewhere.example and mailbox lower@example.net");
  EXPECT_EQ(route("upper@example.net"), "to copy@elsewhere.example and mailbox upper@example.net");
  EXPECT_EQ(route("twin@example.net"), "mailbox twin@example.net");
  EXPECT_EQ(route("paula@example.net"), "to paula@[192.0.2.1] and mailbox paula@example.net");
  EXPECT_EQ(route("gone@example.net"), "members gone@elsewhere.example");
  EXPECT_EQ(route("sales@example.net"), "members anna@example.net bert@example.net");
  EXPECT_EQ(route("self@example.net"), "members self@example.net");
  EXPECT_EQ(route("local@example.net"), "members backup www-data");
  EXPECT_EQ(route("anna@mixed.example"), "mailbox anna@mixed.example");
  EXPECT_EQ(route("info@mixed.example"), "members anna@mixed.example");
  EXPECT_EQ(route("sales@mixed.example"), "members anna@example.net bert@example.net");
  EXPECT_EQ(route("who@mixed.example"), "members who@elsewhere.example");
  EXPECT_EQ(route("circle@loop-a.example"), "members circle@loop-b.example");
  EXPECT_EQ(route("who@loop-a.example"), "unknown");
  EXPECT_EQ(route("team@backup.example"), "members anna@example.net");
  EXPECT_EQ(route("who@backup.example"), "relay by relay");
  EXPECT_EQ(route("off@off.example"), "not ours");
  EXPECT_EQ(route("x@elsewhere.example"), "not ours");
  EXPECT_EQ(answers_->route("carla@example.net")->transport, "lmtp:unix:private/dovecot-lmtp");
  EXPECT_EQ(answers_->route("carla@mixed.example")->transport, "lmtp:unix:private/dovecot-lmtp");

  EXPECT_EQ(domain("Example.ORG"), "local  ");
  EXPECT_EQ(domain("example.com"), "alias example.org ");
  EXPECT_EQ(domain("mixed.example"), "local example.net ");
  EXPECT_EQ(domain("backup.example"), "relay  relay");
  for (const char* name : {"old.example", "off.example", "ALL", "elsewhere.example", "*", ""})
    EXPECT_EQ(domain(name), "not ours") << name;

  EXPECT_EQ(userdb("anna@example.net"),
            "anna@example.net home=/var/vmail/example.net/anna quota_rule=*:bytes=1048576000");
  EXPECT_EQ(userdb("carla@mixed.example"), "carla@example.net home=/var/vmail/example.net/carla");
  EXPECT_EQ(userdb("gustav@example.net"), "nobody");
  EXPECT_EQ(userdb("off@off.example"), "nobody");

  const std::string notice = sieve("carla@example.net");
  EXPECT_THAT(notice, HasSubstr("vacation :days 1 :subject \"Bin im Urlaub ☀\"\n  :addresses [\"carla@example.net\"] "
                                "text:\nGuten Tag,\nich bin erst am 1. September zurück.\nGrüße, Carla\n.\n;"));
  EXPECT_THAT(notice, HasSubstr("\"2026-08-01\""));
  EXPECT_THAT(notice, HasSubstr("\"2026-08-31\""));
  EXPECT_THAT(notice, HasSubstr("\"23:59:59\""));
  EXPECT_EQ(sieve("ida@example.net"), "nothing");
  EXPECT_EQ(sieve("nora@example.net"), "nothing");  // vacation.active is off, and alias.goto does not know
  EXPECT_THAT(sieve("paula@example.net"), testing::Not(HasSubstr("vacation")));  // no row of `vacation`
  EXPECT_THAT(sieve("otto@example.net"), HasSubstr("Back soon"));
  EXPECT_THAT(sieve("bert@example.net"), HasSubstr("redirect \"root@host.example\";"));
  EXPECT_THAT(sieve("anna@example.net"), HasSubstr("redirect :copy \"anna@elsewhere.example\";"));
  const auto all = users();
  EXPECT_TRUE(all.contains("anna@example.net"));
  EXPECT_FALSE(all.contains("gustav@example.net"));
  EXPECT_FALSE(all.contains("off@off.example"));
  expect_sound_users();
}

TEST_F(serve_lookup, vexim) {
  const std::string source = postgres_server::shared().create_database("served_vexim");
  postgres_server::shared().execute("served_vexim",
                                    sample_text("vexim/schema.postgresql.sql") + sample_text("vexim/rows.sql"));
  migrate(source, "vexim");

  EXPECT_EQ(login("anna@example.org"), "anna@example.org");
  EXPECT_EQ(login("bertlogin"), "bertlogin");
  EXPECT_EQ(login("Bert@example.org"), "bertlogin");
  EXPECT_EQ(login("carla@example.org"), "carla@example.org");
  EXPECT_EQ(login("anna@example.com"), "anna@example.org");
  EXPECT_EQ(login("anna@bücher.example"), "anna@example.org");
  EXPECT_EQ(login("dora@example.net"), "disabled");
  EXPECT_EQ(login("emil@off.example"), "disabled");  // his domain is off
  for (const char* name :
       {"siteadmin", "tickets@example.org", "info@example.org", "bertlogin@example.org", "*@example.org"})
    EXPECT_EQ(login(name), "nobody") << name;

  EXPECT_EQ(route("anna@example.org"), "mailbox anna@example.org");
  EXPECT_EQ(answers_->route("anna@example.org")->message_bytes_max, 2048U * 1024U);
  EXPECT_EQ(answers_->route("bert@example.org")->message_bytes_max, 10240U * 1024U);
  EXPECT_EQ(route("bert@example.com"), "to bert@elsewhere.example x@elsewhere.example");
  EXPECT_EQ(route("carla@example.org"), "to c@elsewhere.example and mailbox carla@example.org");
  EXPECT_EQ(route("dora@example.net"), "members dora@example.net");  // off: who catches all has it
  EXPECT_EQ(route("tickets@example.org"), "command");
  EXPECT_EQ(route("info@example.org"), "members anna@example.org bert@example.org");
  EXPECT_EQ(route("noreply@example.org"), "discard");
  EXPECT_EQ(route("closed@example.org"), "refuse: Closed, for good");
  EXPECT_EQ(route("spamtrap@example.org"), "refuse: ");
  EXPECT_EQ(route("moved@example.org"), "refuse: This address is no longer used; try new@elsewhere.example");
  EXPECT_EQ(route("who@example.org"), "members anna@example.org");
  EXPECT_EQ(route("who@example.com"), "members anna@example.org");
  EXPECT_EQ(route("staff@example.org"), "members alone anna@example.org bert@example.org info@example.org");
  EXPECT_EQ(route("everyone@bücher.example"), "members anna@example.org bert@example.org carla@example.org");
  EXPECT_EQ(route("nobody@example.org"), "members anna@example.org");  // a group that is off
  EXPECT_EQ(route("who@relay.example"), "relay by relay");
  for (const char* address : {"emil@off.example", "emil@off-too.example", "siteadmin@admin"})
    EXPECT_EQ(route(address), "not ours") << address;

  EXPECT_EQ(domain("example.com"), "alias example.org ");
  EXPECT_EQ(domain("relay.example"), "relay  relay");
  EXPECT_EQ(domain("off-too.example"), "not ours");

  EXPECT_EQ(userdb("anna@example.com"),
            "anna@example.org uid=1005 gid=1006 home=/var/vmail/example.org/anna "
            "mail=maildir:/var/vmail/example.org/anna/Maildir quota_rule=*:bytes=104857600");
  EXPECT_EQ(userdb("bertlogin"),
            "bertlogin uid=1001 gid=1001 home=/var/vmail/example.org/bert "
            "mail=maildir:/var/vmail/example.org/bert/Maildir");
  EXPECT_EQ(userdb("dora@example.net"), "nobody");

  EXPECT_THAT(sieve("carla@example.org"), HasSubstr("text:\nGrüße, ich bin im Urlaub.\nKosten = 0\n.\n;"));
  EXPECT_THAT(sieve("carla@example.org"), HasSubstr("\"carla@xn--bcher-kva.example\""));
  EXPECT_THAT(sieve("carla@example.org"), HasSubstr("redirect :copy \"c@elsewhere.example\";"));
  EXPECT_EQ(sieve("dora@example.net"), "nothing");
  EXPECT_THAT(users(), UnorderedElementsAre("anna@example.org", "bertlogin", "carla@example.org", "lat@example.org",
                                            "minus@example.net", "raw@example.org"));
  expect_sound_users();
}

TEST_F(serve_lookup, virtual_tables) {
  migrate_sqlite(sample_text("virtual-tables/schema.sql") + sample_text("virtual-tables/rows.sql"), "virtual-tables");
  EXPECT_EQ(login("anna@example.org"), "anna@example.org");
  EXPECT_EQ(login("BERT@example.org"), "bert@example.org");
  EXPECT_EQ(login("info@example.org"), "nobody");
  EXPECT_EQ(route("anna@example.org"), "to anna@elsewhere.example and mailbox anna@example.org");
  EXPECT_EQ(route("bert@example.org"), "to bert@elsewhere.example and mailbox bert@example.org");
  EXPECT_EQ(route("info@example.org"), "members anna@example.org bert@example.org");
  EXPECT_EQ(route("who@example.org"), "unknown");
  EXPECT_EQ(route("carla@example.net"), "mailbox carla@example.net");
  EXPECT_EQ(route("who@example.net"), "members carla@example.net");
  EXPECT_EQ(route("list@example.net"), "members anna@example.org bert@[ipv6:2001:db8::1] carla@example.net");
  EXPECT_EQ(domain("example.net"), "local  ");
  EXPECT_EQ(userdb("bert@example.org"), "bert@example.org home=/var/mail/vhosts/example.org/bert");
  EXPECT_THAT(users(), UnorderedElementsAre("anna@example.org", "bert@example.org", "carla@example.net"));
  expect_sound_users();
}

TEST_F(serve_lookup, courier) {
  migrate_sqlite(sample_text("courier/schema.sql") + sample_text("courier/rows.sql"), "courier");
  EXPECT_EQ(login("anna@example.org"), "anna@example.org");
  EXPECT_EQ(login("bert@example.org"), "bert@example.org");
  EXPECT_EQ(login("bert"), "nobody");  // without his domain
  EXPECT_EQ(login("CARLA@example.net"), "carla@example.net");
  EXPECT_EQ(userdb("anna@example.org"),
            "anna@example.org uid=1001 gid=1001 home=/home/vmail/anna mail=maildir:/home/vmail/anna/Maildir "
            "quota_rule=*:bytes=10000000:messages=1000");
  EXPECT_EQ(userdb("bert@example.org"),
            "bert@example.org home=/home/vmail/bert mail=maildir:/home/vmail/bert/Mail quota_rule=*:bytes=5000000");
  EXPECT_EQ(userdb("carla@example.net"),
            "carla@example.net uid=1001 gid=1001 home=/home/vmail/carla "
            "mail=maildir:/srv/mail/carla");
  EXPECT_EQ(route("anna@example.org"), "mailbox anna@example.org");
  EXPECT_EQ(route("who@example.org"), "unknown");
  EXPECT_EQ(domain("example.net"), "local  ");
  EXPECT_EQ(domain("nodomain..example"), "not ours");
  EXPECT_EQ(sieve("anna@example.org"), "nothing");
}

// Parts of real names among what means something to filters, DNs, protocols and matching rules.
std::string hostile_name(std::mt19937& random, const std::vector<std::string>& names) {
  static const std::vector<std::string> parts = {"*",
                                                 "(",
                                                 ")",
                                                 "\\",
                                                 "\\2a",
                                                 "\\00",
                                                 ",",
                                                 "=",
                                                 "+",
                                                 "\"",
                                                 "#",
                                                 ";",
                                                 "<",
                                                 "|",
                                                 "&",
                                                 "!",
                                                 "~",
                                                 " ",
                                                 "  ",
                                                 "\t",
                                                 "\n",
                                                 "\r",
                                                 std::string(1, '\0'),
                                                 "\x01",
                                                 "\x7f",
                                                 "\xff",
                                                 "\xc3",
                                                 "ä",
                                                 "Ä",
                                                 "ﬁ",
                                                 "ａ",
                                                 "\u00a0",
                                                 "\u200b",
                                                 "@",
                                                 "@@",
                                                 ".",
                                                 ")(uid=*",
                                                 "*)(objectClass=*",
                                                 "anna",
                                                 "A",
                                                 "example",
                                                 "org",
                                                 "@example.org",
                                                 std::string(300, 'x'),
                                                 std::string(4096, 'a')};
  const auto pick = [&](const auto& list) { return list[random() % list.size()]; };
  std::string name = random() % 4 == 0 ? "" : pick(names);
  for (std::size_t i = random() % 4; i > 0; --i) {
    const std::size_t at = name.empty() ? 0 : random() % (name.size() + 1);
    if (!name.empty() && random() % 3 == 0)
      name.replace(std::min(at, name.size() - 1), 1, pick(parts));
    else
      name.insert(at, pick(parts));
  }
  if (random() % 3 == 0)
    for (char& c : name)
      if (c >= 'a' && c <= 'z' && random() % 2 == 0) c = static_cast<char>(c - 'a' + 'A');
  return name;
}

TEST_F(serve_lookup, hostile_names_find_what_a_plain_list_has) {
  migrate_sqlite(postfixadmin_tables(), "postfixadmin");
  fake_lookup list(slapd_.slapcat());
  serve::entry_answers expected(list, &list, how_);

  std::vector<std::string> names = {"info@example.org", "who@example.com", "sales@mixed.example", "x@hostile.example"};
  ASSERT_TRUE(expected.users([&](std::string_view name) {
    names.emplace_back(name);
    return true;
  }));
  EXPECT_EQ(users(), (std::set<std::string>(names.begin() + 4, names.end())));

  std::mt19937 random(4711);
  std::size_t found = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::string name = hostile_name(random, names);
    const auto here = answers_->account_for_login({name, "imap", ""});
    const auto there = expected.account_for_login({name, "imap", ""});
    ASSERT_TRUE(here && there) << name;
    ASSERT_EQ(here->has_value(), there->has_value()) << testing::PrintToString(name);
    if (*here) {
      ++found;
      ASSERT_EQ((*here)->who->dn, (*there)->who->dn) << testing::PrintToString(name);
    }
    ASSERT_EQ(userdb(name), [&] {
      const auto user = expected.userdb_of(name);
      std::string out = user && *user ? (*user)->user : "nobody";
      if (user && *user)
        for (const auto& [field, value] : serve::fields_of_dovecot_23(**user)) out += " " + field + "=" + value;
      return out;
    }()) << testing::PrintToString(name);
    ASSERT_EQ(in_words(answers_->route(name)), in_words(expected.route(name))) << testing::PrintToString(name);
  }
  EXPECT_GT(found, 300U);  // else nothing was compared
  EXPECT_LT(found, 2000U);
}

TEST_F(serve_lookup, threads_are_each_told_what_they_asked_for) {
  migrate_sqlite(postfixadmin_tables(), "postfixadmin");
  const std::set<std::string> names = users();
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (const std::string& name : names)
        right += login(name) == name && (userdb(name) + " ").starts_with(name + " ") ? 1 : 0;
    });
  for (std::thread& one : threads) one.join();
  EXPECT_EQ(right, 4 * static_cast<int>(names.size()));
}

TEST_F(serve_lookup, a_directory_that_is_away_is_no_empty_one) {
  migrate_sqlite(sample_text("virtual-tables/schema.sql") + sample_text("virtual-tables/rows.sql"), "virtual-tables");
  EXPECT_EQ(login("anna@example.org"), "anna@example.org");
  slapd_.stop();
  EXPECT_EQ(login("anna@example.org"), "try later");
  EXPECT_EQ(route("who@example.org"), "try later");
  EXPECT_EQ(domain("elsewhere.example"), "try later");
  EXPECT_FALSE(answers_->users([](std::string_view) { return true; }));
  slapd_.start();
  EXPECT_EQ(login("anna@example.org"), "anna@example.org");
}

// In one search each gets what he gets alone, in whatever spelling, and though another asks for the same.
TEST_F(serve_lookup, what_is_asked_as_one_is_shared_out_as_if_each_were_asked_alone) {
  migrate_sqlite(sample_text("virtual-tables/schema.sql") + sample_text("virtual-tables/rows.sql"), "virtual-tables");
  const model::attribute_name uid("uid");
  const model::attribute_name mail("mail");
  const model::attribute_name domain("associatedDomain");
  const std::vector<model::value_assertion> asked = {
      {{uid, mail}, "anna@example.org"},
      {{domain}, "example.org"},
      {{mail}, "ANNA@Example.org"},
      {{uid}, "nobody@example.org"},
      {{}, "anna@example.org"},
      {{uid, domain}, "EXAMPLE.org"},
      {{uid, domain}, ""},
      {{uid}, " Anna@example.org "},
  };
  const auto names = [](const auto& told) {
    std::vector<std::set<std::string>> out;
    for (const auto& entries : told.value()) {
      auto& of = out.emplace_back();
      for (const model::entry& one : entries) EXPECT_TRUE(of.emplace(one.dn()).second) << one.dn();
    }
    return out;
  };
  const auto as_one = names(entries_->find_each(asked));
  EXPECT_EQ(as_one, names(entries_->model::entry_lookup::find_each(asked)));
  for (const std::size_t of : {0U, 1U, 2U, 5U, 7U}) EXPECT_EQ(as_one[of].size(), 1U) << of;
}

// A base that is not there is a mistake in the configuration: not "no such user".
TEST_F(serve_lookup, a_base_that_is_not_there_is_an_error) {
  migrate_sqlite(sample_text("virtual-tables/schema.sql") + sample_text("virtual-tables/rows.sql"), "virtual-tables");
  serve::directory_lookup nowhere(*directory_, *model::dn::parse("ou=nowhere,dc=example,dc=org"));
  serve::entry_answers answers(nowhere, nullptr, {});
  EXPECT_FALSE(answers.account_for_login({"anna@example.org", "imap", ""}));
}

}  // namespace
}  // namespace sql2ldap::test
