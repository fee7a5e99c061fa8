// The mirror and its keeper with a real slapd, as a daemon has them.
#include "mirror_helpers.hpp"

#include <sql2ldap/serve/mirror_keeper.hpp>

using namespace sql2ldap;
using namespace sql2ldap::test;

namespace {

const std::string suffix(slapd_server::suffix);
const std::string people = "ou=people," + suffix;

class kept_mirror : public testing::Test {
 protected:
  kept_mirror() {
    for (const model::change& one : {add_unit("people"), add_person("ann", people, "ann@a.example")}) write(one);
  }
  void write(const model::change& one) {
    const auto refused = connected(as_sync(server_))->write(std::vector{one}, false);
    if (!refused || *refused) throw std::runtime_error(refused ? (*refused)->text : refused.error().text());
  }
  std::size_t found(std::string_view uid) {
    const auto entries = mirror_.find(model::attribute_name("uid"), uid);
    return entries ? entries->size() : 99;
  }

  slapd_server server_{
      {.writes = slapd_server::kept::dbnosync, .network = false, .base_entries = true, .more_config = {}}};
  ldap::options how_ = [this] {
    ldap::options how = as_sync(server_);
    how.answer_time_max = short_time;
    return how;
  }();
  serve::mirror mirror_{mail_indexes(), connected(as_sync(server_))->describe()->schema};
  serve::mirror_keeper keeper_{mirror_, {.open = [this](const std::string& cookie) {
                                 return ldap::open_content(how_, {.base = people}, cookie);
                               }}};
};

TEST_F(kept_mirror, answers_while_the_server_is_killed_and_follows_it_again) {
  ASSERT_TRUE(eventually(bounded_time, [&] { return found("ann") == 1; }));
  server_.crash();
  ASSERT_TRUE(eventually(bounded_time, [&] { return !mirror_.status().in_step; }));
  EXPECT_EQ(found("ann"), 1U);
  EXPECT_EQ(found("bob"), 0U);
  server_.start();
  write(add_person("bob", people, "bob@a.example"));
  EXPECT_TRUE(eventually(bounded_time, [&] { return found("bob") == 1; }));
}

TEST_F(kept_mirror, answers_at_once_while_the_server_stands_still) {
  ASSERT_TRUE(eventually(bounded_time, [&] { return found("ann") == 1; }));
  server_.freeze();
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(found("ann"), 1U) << "the server would not have answered";
  EXPECT_TRUE(eventually(bounded_time, [&] { return !mirror_.status().in_step; })) << "it is noticed";
  EXPECT_NE(keeper_.now().trouble, "");
  server_.thaw();
  write(remove("uid=ann," + people));
  EXPECT_TRUE(eventually(bounded_time, [&] { return found("ann") == 0; }));
}

// slapd tells of what a refused transaction has added, and never that it was rolled back (docs/decisions/0007).
TEST_F(kept_mirror, has_each_entry_once_that_a_refused_transaction_held) {
  ASSERT_TRUE(eventually(bounded_time, [&] { return found("ann") == 1; }));
  const auto directory = connected(as_sync(server_));
  const model::change bob = add_person("bob", people, "bob@a.example");
  const auto refused = write_in_transaction(*directory, {bob, add_person("ann", people, "ann@a.example")});
  ASSERT_TRUE(refused && *refused);
  write(bob);
  write(add_person("eve", people, "eve@a.example"));
  ASSERT_TRUE(eventually(bounded_time, [&] { return found("eve") == 1; }));
  EXPECT_EQ(found("bob"), 1U);
  write(remove("uid=bob," + people));
  EXPECT_TRUE(eventually(bounded_time, [&] { return found("bob") == 0; }));
}

}  // namespace
