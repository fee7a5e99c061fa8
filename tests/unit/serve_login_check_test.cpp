// How a password is proved, what it costs, and who may guess.
#include <ctime>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/codec/password.hpp>
#include <sql2ldap/codec/password_verify.hpp>
#include <sql2ldap/serve/rehash.hpp>
#include <support/session_client.hpp>

namespace sql2ldap::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using what = serve::login_result::what;

const std::string host = R"(dn: uid=anna,dc=org
objectClass: s2lMailAccount
uid: anna
mail: anna@example.org
mailLocalAddress: anna@example.org
mailLocalAddress: info@example.org
userPassword: {PLAIN}right
s2lEnabled: TRUE

dn: uid=crypt,dc=org
objectClass: s2lMailAccount
uid: crypt
userPassword: {CRYPT}$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1
s2lEnabled: TRUE
)";

class login_check : public testing::Test {
 protected:
  serve::login_result verify(const std::string& name, const std::string& password,
                             const std::string& from = "192.0.2.1", serve::asker by = {}) {
    const auto out = std::make_shared<serve::login_result>();  // where workers are held, told when we have gone
    check_.verify({name, "imap", from, std::move(by)}, secret(password),
                  [out](const serve::login_attempt&, const serve::login_result& how) { *out = how; });
    return *out;
  }
  serve::login_check::scram_login scram(const std::string& name) {
    serve::login_check::scram_login out;
    check_.begin_scram({name, "imap", "192.0.2.1"}, codec::scram_hash::sha256, [&](const auto& is) { out = is; });
    return out;
  }

  session_desk desk_{host};
  std::vector<std::string> proved_;  // DNs that were asked for
  bool directory_is_away_ = false;
  bool in_place_ = false;
  std::string told_;
  serve::login_check check_{
      desk_.answers,
      desk_.lookups,
      desk_.hashing,
      desk_.guesses,
      [this](const auto&, const serve::login_result& how) { told_ += how.cause + "\n"; },
      [this](const serve::account& whose, const secret& password) -> result<bool> {
        proved_.push_back(whose.dn);
        EXPECT_EQ(whose.login.empty(), whose.dn.starts_with("cn=nobody,")) << "whose password would be stored anew";
        if (directory_is_away_) return fail_transient(error_kind::directory, "away");
        return serve::verify_stored_password(whose, password);
      },
      [this](const serve::account& whose) { return in_place_ && codec::is_quickly_verified(whose.passwords); }};
};

TEST_F(login_check, proves_a_name_that_nobody_has_by_what_is_stored_for_somebody) {
  EXPECT_EQ(verify("nobody", "right").now, what::wrong_password);
  EXPECT_THAT(proved_, ElementsAre());
  EXPECT_EQ(verify("anna", "right").now, what::accepted);
  EXPECT_EQ(verify("nobody", "right").now, what::wrong_password) << "though it is somebody's";
  EXPECT_THAT(proved_, ElementsAre("uid=anna,dc=org", "cn=nobody,uid=anna,dc=org"));
  directory_is_away_ = true;
  EXPECT_EQ(verify("nobody", "right").now, what::try_later) << "as everybody else";
}

TEST_F(login_check, asks_for_the_password_of_whose_login_the_name_is) {
  desk_.entries.load(
      "dn: uid=x,dc=org\nobjectClass: s2lMailAccount\nuid: x\nmailLocalAddress: b@example.org\n"
      "userPassword: other\ns2lEnabled: TRUE\n\n"
      "dn: uid=b@example.org,dc=org\nobjectClass: s2lMailAccount\nuid: b@example.org\n"
      "userPassword: right\ns2lEnabled: TRUE\n");
  EXPECT_EQ(verify("b@example.org", "right").now, what::accepted);
  EXPECT_EQ(verify("b@example.org", "other").now, what::wrong_password);
  EXPECT_TRUE(scram("b@example.org").account);
}

TEST_F(login_check, proves_in_place_what_is_quick_whoever_is_there) {
  in_place_ = true;
  desk_.hashing.room = 0;
  EXPECT_EQ(verify("nobody", "right").now, what::try_later) << "nobody has logged in: as slow as a hash";
  EXPECT_EQ(verify("crypt", "right").now, what::try_later);
  EXPECT_EQ(verify("anna", "right").now, what::accepted);
  EXPECT_EQ(verify("anna", "wrong").now, what::wrong_password);
  EXPECT_EQ(verify("nobody", "right").now, what::wrong_password);
  EXPECT_EQ(verify("anna", "").now, what::try_later);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(verify("anna", "wrong").now, what::wrong_password);
  EXPECT_EQ(verify("anna", "right").now, what::try_later) << "too many were wrong";
}

TEST_F(login_check, lets_no_burst_of_guesses_pass) {
  desk_.hashing.held = true;
  for (int i = 0; i < 256; ++i) (void)verify(i % 2 == 0 ? "info@example.org" : "ANNA@example.org", "wrong");
  EXPECT_EQ(desk_.hashing.waiting(), 256U);
  desk_.hashing.work_all();
  EXPECT_EQ(proved_.size(), 10U) << "the login under each of its names";
  EXPECT_THAT(told_, HasSubstr("too many wrong passwords"));
}

TEST_F(login_check, lets_no_burst_of_scram_pass) {
  std::vector<serve::login_check::scram_login> begun;
  for (int i = 0; i < 11; ++i) begun.push_back(scram("anna"));
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(check_.end_scram({"anna", "imap", "192.0.2.1"}, begun[i], false).now, what::wrong_password);
  EXPECT_EQ(check_.end_scram({"anna", "imap", "192.0.2.1"}, begun[10], true).now, what::try_later);
}

TEST_F(login_check, counts_guesses_by_scram_where_it_cannot_be_done) {
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(check_.end_scram({"crypt", "imap", "192.0.2.1"}, scram("crypt"), false).now, what::try_later);
  EXPECT_THAT(told_, Not(HasSubstr("too many")));
  EXPECT_EQ(scram("crypt").account, nullptr);
  EXPECT_THAT(told_, HasSubstr("too many"));
}

TEST_F(login_check, works_as_long_for_scram_whoever_is_there) {
  const auto cost = [&](const std::string& name) {
    const std::clock_t before = std::clock();
    for (int i = 0; i < 50; ++i) EXPECT_NE(scram(name).account, nullptr);
    return std::clock() - before;
  };
  const auto of_clear_text = cost("anna");
  EXPECT_GT(cost("nobody"), of_clear_text / 3);
  EXPECT_GT(cost("crypt"), of_clear_text / 3);
}

TEST_F(login_check, has_one_salt_for_all_spellings_of_a_name) {
  EXPECT_EQ(scram("NoBody@B\u00FCcher.example").secret.salt, scram("nobody@xn--bcher-kva.example").secret.salt);
  EXPECT_EQ(scram("ANNA").secret.salt, scram("anna").secret.salt);
  EXPECT_NE(scram("nobody").secret.salt, scram("anna").secret.salt);
}

TEST_F(login_check, tells_of_a_login_that_is_guessed_from_everywhere) {
  for (int i = 0; i < 100; ++i) {
    const auto how = verify("anna", "wrong", "10.0.0." + std::to_string(i));
    EXPECT_EQ(how.guessed, i == 99) << i;
  }
  const auto how = verify("anna", "right", "192.0.2.1");
  EXPECT_EQ(how.now, what::accepted);
  EXPECT_TRUE(how.guessed);
  EXPECT_FALSE(verify("crypt", "wrong").guessed);
}

TEST_F(login_check, tries_each_account_in_a_lane_of_its_own) {
  desk_.hashing.held = true;
  (void)verify("info@example.org", "wrong");
  (void)verify("ANNA", "wrong");
  (void)verify("crypt", "wrong");
  (void)verify("nobody", "wrong");
  EXPECT_THAT(desk_.hashing.lanes, ElementsAre("uid=anna,dc=org", "uid=anna,dc=org", "uid=crypt,dc=org", ""));
  desk_.hashing.work_all();
}

TEST_F(login_check, tells_to_try_later_where_the_hash_is_too_costly) {
  desk_.entries.load(
      "dn: uid=dear,dc=org\nobjectClass: s2lMailAccount\nuid: dear\n"
      "userPassword: {CRYPT}$sha1$4000000000$abcdefgh$RqiCwOGUdjKU1CFhwL.QsMdducoo\ns2lEnabled: TRUE\n");
  EXPECT_EQ(verify("dear", "right").now, what::try_later);
  EXPECT_THAT(told_, HasSubstr("of the scheme CRYPT would take some 4.8e+03 s"));
  EXPECT_THAT(told_, Not(HasSubstr("abcdefgh")));
}

TEST_F(login_check, looks_at_so_many_values_alone) {
  std::string many = "dn: uid=many,dc=org\nobjectClass: s2lMailAccount\nuid: many\ns2lEnabled: TRUE\n";
  for (int i = 0; i < 5000; ++i) many += "userPassword: {PLAIN}other" + std::to_string(i) + "\n";
  desk_.entries.load(many + "userPassword: {PLAIN}" + std::string(100'000, 'x') + "\n");
  EXPECT_EQ(verify("many", "other0").now, what::accepted);
  EXPECT_EQ(verify("many", "other4999").now, what::try_later) << "nobody knows whether it is wrong";
  const auto found = desk_.answers.account_for_login({"many", "imap", ""});
  EXPECT_LE(found.value()->who->passwords.size(), codec::stored_passwords_max + 1) << "the others are not even read";
}

TEST_F(login_check, does_no_work_for_who_has_gone) {
  desk_.hashing.held = true;
  auto session = std::make_shared<int>();
  (void)verify("anna", "wrong", "192.0.2.1", session);
  session.reset();
  desk_.hashing.work_all();
  EXPECT_TRUE(proved_.empty());
}

TEST(rehash, exchanges_the_weak_value_that_was_shown) {
  serve::account whose;
  whose.dn = "uid=anna,dc=org";
  for (const char* stored : {"{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "{PLAIN}other", "{CRYPT}$6$salt$hash"})
    whose.passwords.emplace_back(std::string(stored));
  const auto made = serve::rehashed(whose, secret("secret"), codec::hash_scheme::sha512_crypt);
  ASSERT_TRUE(made && *made);
  const auto& modify = std::get<model::modify_entry>((*made)->what);
  EXPECT_EQ(modify.dn, "uid=anna,dc=org");
  ASSERT_EQ(modify.modifications.size(), 2U);
  EXPECT_EQ(modify.modifications[0].op, model::modification::operation::remove);
  EXPECT_THAT(modify.modifications[0].values, ElementsAre("{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="));
  EXPECT_EQ(modify.modifications[1].op, model::modification::operation::add);
  EXPECT_EQ(codec::verify_password(modify.modifications[1].values.at(0), "secret").now,
            codec::password_verdict::what::matches);
  EXPECT_FALSE(*serve::rehashed(whose, secret("wrong"), codec::hash_scheme::sha512_crypt));
  whose.passwords.assign(1, secret(modify.modifications[1].values[0]));
  EXPECT_FALSE(*serve::rehashed(whose, secret("secret"), codec::hash_scheme::argon2)) << "it is good enough";
}

TEST(rehash, knows_what_is_weak) {
  for (const char* stored :
       {"clear", "{CLEARTEXT}x",
        "{SSHA512}"
        "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNHNhbHQ=",
        "{CRYPT}$1$saltsalt$9xy1btjgzLYfb7hivXtC//", "{CRYPT}abNANd1rDfiNc"})
    EXPECT_TRUE(codec::is_weak(stored)) << stored;
  for (const char* stored :
       {"{CRYPT}$6$salt$hash", "{CRYPT}$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW", "{CRYPT}*",
        "{SCRAM-SHA-256}4096,a,b,c", "{UNHEARD}x"})
    EXPECT_FALSE(codec::is_weak(stored)) << stored;
}

}  // namespace
}  // namespace sql2ldap::test
