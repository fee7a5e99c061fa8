// What a real server puts into its stream of changes, read by codec/pgoutput.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/pgoutput.hpp>

#include <support/postgres.hpp>

namespace sql2ldap::test {
namespace {

using namespace codec;
using ::testing::ElementsAre;

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return out;
}

std::string described(const model::row_image& row) {
  std::string out = row.schema + "." + row.table;
  for (const auto& [column, value] : row.columns) out += " " + column + "=" + value.value_or("NULL");
  return out;
}

// One line a message; of relations only the name.
std::vector<std::string> stream_of(const postgres_server& server, const std::string& database) {
  std::vector<std::string> out;
  std::map<std::uint32_t, pgoutput::relation> tables;
  const std::string answer = server.execute(database,
                                            "select encode(data, 'hex') from pg_logical_slot_peek_binary_changes('s', "
                                            "null, null, 'proto_version', '1', 'publication_names', 'p')");
  std::uint64_t final_lsn = 0;
  for (const std::string_view line : split(answer, '\n')) {
    if (line.empty()) continue;
    const std::string bytes = from_hex(line);
    const auto message = pgoutput::parse(bytes);
    if (!message) {
      out.push_back(message.error().text());
      continue;
    }
    if (const auto* b = std::get_if<pgoutput::begin>(&*message)) {
      final_lsn = b->final_lsn;
    } else if (const auto* c = std::get_if<pgoutput::commit>(&*message)) {
      out.push_back(c->commit_lsn == final_lsn && c->end_lsn > c->commit_lsn ? "commit" : "a commit of another begin");
    } else if (const auto* r = std::get_if<pgoutput::relation>(&*message)) {
      tables[r->oid] = *r;
    } else if (const auto* change = std::get_if<pgoutput::row_change>(&*message)) {
      const pgoutput::relation& table = tables.at(change->oid);
      if (change->has_old != pgoutput::old_row::none)
        out.push_back("was " +
                      described(pgoutput::image_of(table, change->old, change->has_old == pgoutput::old_row::key)));
      if (change->kind != pgoutput::row_change::what::remove)
        out.push_back("is " + described(pgoutput::image_of(table, change->now, false)));
    } else if (const auto* t = std::get_if<pgoutput::truncate>(&*message)) {
      for (const std::uint32_t oid : t->oids) out.push_back("truncated " + tables.at(oid).table);
    }
  }
  return out;
}

TEST(sql_pgoutput, of_a_real_server) {
  postgres_server server;
  server.execute("postgres", "alter system set wal_level = logical");
  server.crash();
  server.start();
  server.create_database("mail");
  server.execute("mail",
                 "create table mailbox (id int primary key, name char(5), active bool, big text);"
                 "alter table mailbox alter big set storage external;"
                 "create table member (who int, what text);"
                 "alter table member replica identity full;"
                 "create publication p for table mailbox, member;");
  server.execute("mail", "select pg_create_logical_replication_slot('s', 'pgoutput')");
  server.execute("mail", "insert into mailbox values (1, 'ann', true, null)");
  server.execute("mail", "begin; insert into mailbox values (2, 'gone', true, 'x'); rollback");
  server.execute("mail", "update mailbox set id = 2, active = false");
  server.execute("mail", "insert into mailbox values (3, null, true, repeat('x', 10000))");
  server.execute("mail", "update mailbox set active = false where id = 3");
  server.execute("mail", "insert into member values (2, 'a')");
  server.execute("mail", "update member set what = 'b'");
  server.execute("mail", "begin; delete from member; delete from mailbox where id = 2; commit");
  server.execute("mail", "alter table mailbox add column extra int; insert into mailbox (id, extra) values (4, 7)");
  server.execute("mail", "truncate mailbox");
  EXPECT_THAT(stream_of(server, "mail"),
              ElementsAre("is public.mailbox active=t big=NULL id=1 name=ann", "commit",                              //
                          "was public.mailbox id=1", "is public.mailbox active=f big=NULL id=2 name=ann", "commit",   //
                          "is public.mailbox active=t big=" + std::string(10000, 'x') + " id=3 name=NULL", "commit",  //
                          "is public.mailbox active=f id=3 name=NULL", "commit",                                      //
                          "is public.member what=a who=2", "commit",                                                  //
                          "was public.member what=a who=2", "is public.member what=b who=2", "commit",                //
                          "was public.member what=b who=2", "was public.mailbox id=2", "commit",                      //
                          "is public.mailbox active=NULL big=NULL extra=7 id=4 name=NULL", "commit",                  //
                          "truncated mailbox", "commit"));
}

}  // namespace
}  // namespace sql2ldap::test
