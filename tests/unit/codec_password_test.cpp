// Every hash here is one of the password "secret", made by OpenSSL and crypt(3).
#include <utility>

#include <gtest/gtest.h>

#include <sql2ldap/codec/password.hpp>

namespace sql2ldap::codec {
namespace {

using namespace std::string_literals;

const std::string sha512_crypt =
    "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1";
const std::string sha256_crypt = "$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA";
const std::string md5_crypt = "$1$saltsalt$9xy1btjgzLYfb7hivXtC//";
const std::string bcrypt = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
const std::string des = "abNANd1rDfiNc";
const std::string yescrypt = "$y$j75$saltsalt$0gBD67sgmJgRX3RZ6wHHO7sHimQEWGCWN85o4Twogh2";
const std::string argon2 = "$argon2id$v=19$m=65536,t=2,p=1$c2FsdHNhbHQ$ZGlnZXN0ZGlnZXN0ZGlnZXN0";
const std::string md5_hex = "5ebe2294ecd0e0f08eab7690d2a6ee69";
const std::string md5_base64 = "Xr4ilOzQ4PCOq3aQ0qbuaQ==";
const std::string sha_hex = "e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4";
const std::string sha_base64 = "5en6G6MezRroT3XKqkdPOmY/BfQ=";
const std::string ssha = "{SSHA}8bX4JQDfZqtTfvnQ4ssDmWb17/FTQUxU";
const std::string ssha512 =
    "{SSHA512}3ShoSsYylWhYBPmYLBLPWMsdqUFmDlSSpoURtOyEFMsB8ey52xMq0+cfaTm85RotK4gvIMfY/L8x/nn7YudHOFNBTFQ=";
const std::string sha512_hex =
    "bd2b1aaf7ef4f09be9f52ce2d8d599674d81aa9d6a4421696dc4d93dd0619d682ce56b4d64a9ef097761ced99e0f67265b5f76085e5b0ee7"
    "ca4696b2ad6fe2b2";
const std::string sha512_base64 =
    "vSsar3708Jvp9Szi2NWZZ02Bqp1qRCFpbcTZPdBhnWgs5WtNZKnvCXdhztmeD2cmW192CF5bDufKRpayrW/isg==";
const std::string sha512_crypt_base64 =
    "JDYkc2FsdHNhbHQkVFZMbFFjYnBGVm9mNVczWXo0RFRQNmdSc3RpTnVId3dUdDZHTGMxRTVuMFUwYURlaHkwUzVrblY4d2lPUVNwVDBZNzd2d1Ba"
    "Ti5QcS5IOTFwNWhWTzE=";
const std::string pbkdf2 = "{PBKDF2}$1$0123456789abcdef$5000$88b0ca84e9400b46bbef58ed30232a4c8d699ee2";
const std::string pbkdf2_ldap = "{PBKDF2-SHA1}5000$MDEyMzQ1Njc4OWFiY2RlZg$iLDKhOlAC0a771jtMCMqTI1pnuI";

constexpr const char* left_out = "(left out)";
constexpr const char* refused = "(refused)";

std::string to_ldap(std::string_view stored, const password_options& how = {}) {
  const auto value = password_to_ldap(stored, how);
  return !value ? refused : *value ? **value : left_out;
}

struct rewriting {
  std::string stored;
  std::string ldap;
};

TEST(password, every_row_of_what_mail_hosts_store) {
  const rewriting rows[] = {
      {sha512_crypt, "{CRYPT}" + sha512_crypt},
      {sha256_crypt, "{CRYPT}" + sha256_crypt},
      {md5_crypt, "{CRYPT}" + md5_crypt},
      {bcrypt, "{CRYPT}" + bcrypt},
      {des, "{CRYPT}" + des},
      {yescrypt, "{CRYPT}" + yescrypt},
      {" " + sha512_crypt + "\n", "{CRYPT}" + sha512_crypt},
      {"{crypt}" + des, "{CRYPT}" + des},
      {"{SHA512-CRYPT}" + sha512_crypt, "{CRYPT}" + sha512_crypt},
      {"{SHA256-CRYPT}" + sha256_crypt, "{CRYPT}" + sha256_crypt},
      {"{MD5-CRYPT}" + md5_crypt, "{CRYPT}" + md5_crypt},
      {"{DES-CRYPT}" + des, "{CRYPT}" + des},
      {"{BLF-CRYPT}" + bcrypt, "{CRYPT}" + bcrypt},
      {"{MD5}" + md5_crypt, "{CRYPT}" + md5_crypt},
      {"{SHA512-CRYPT.B64}" + sha512_crypt_base64, "{CRYPT}" + sha512_crypt},
      {ssha, ssha},
      {"{ssha}" + ssha.substr(6), ssha},
      {ssha512, ssha512},
      {"{SHA}" + sha_base64, "{SHA}" + sha_base64},
      {"{SHA1}" + sha_hex, "{SHA}" + sha_base64},
      {"{SHA512.HEX}" + sha512_hex, "{SHA512}" + sha512_base64},
      {"{SHA512}" + sha512_base64, "{SHA512}" + sha512_base64},
      {"{PLAIN-MD5}" + md5_hex, "{MD5}" + md5_base64},
      {"{md5raw}" + md5_hex, "{MD5}" + md5_base64},
      {"{LDAP-MD5}" + md5_base64, "{MD5}" + md5_base64},
      {"{MD5}" + md5_base64, "{MD5}" + md5_base64},
      {"{MD5}" + md5_hex, "{MD5}" + md5_base64},
      {md5_hex, "{MD5}" + md5_base64},
      {"{ARGON2ID}" + argon2, "{ARGON2}" + argon2},
      {argon2, "{ARGON2}" + argon2},
      {pbkdf2, pbkdf2_ldap},
      {pbkdf2_ldap, pbkdf2_ldap},
      {"{PLAIN}secret", "{CLEARTEXT}secret"},
      {"{CLEAR}secret", "{CLEARTEXT}secret"},
      {"{CLEARTEXT}secret", "{CLEARTEXT}secret"},
      {"{PLAIN.B64}c2VjcmV0", "{CLEARTEXT}secret"},
      {"{CRAM-MD5}" + md5_hex + md5_hex, "{CRYPT}*"},
      {"{DIGEST-MD5}" + md5_hex, "{CRYPT}*"},
      {"{SCRAM-SHA-256}4096,c2FsdA==,eA==,eQ==", "{CRYPT}*"},
      {"{OTP}x", "{CRYPT}*"},
      {"{PLAIN-MD4}" + md5_hex, "{CRYPT}*"},
      {"{PBKDF2}$1$short$5000$88b0ca84e9400b46bbef58ed30232a4c8d699ee2", "{CRYPT}*"},
      {"{MD5}tooshort", "{CRYPT}*"},
      {"$apr1$saltsalt$xxxxxxxxxxxxxxxxxxxxxx", "{CRYPT}*"},
      {"$bcrypt-sha256$v=2,t=2b,r=12$x$y", "{CRYPT}*"},
      {"{CRYPT}$apr1$saltsalt$xxxxxxxxxxxxxxxxxxxxxx", "{CRYPT}*"},
      {"*", "{CRYPT}*"},
      {"!", "{CRYPT}*"},
      {"!" + sha512_crypt, "{CRYPT}*"},
      {"x", "{CRYPT}*"},
      {"{CRYPT}", "{CRYPT}*"},
      {"{CRYPT}*", "{CRYPT}*"},
      {"{PLAIN}", "{CRYPT}*"},
      {"", left_out},
      {"  ", left_out},
      {"secret", refused},
      {"{secret", refused},
      {"{se cret}x", refused},
  };
  for (const rewriting& row : rows) EXPECT_EQ(to_ldap(row.stored), row.ldap) << row.stored;
}

TEST(password, policies_say_what_happens_to_the_rest) {
  password_options how;
  how.unprefixed = unprefixed_policy::crypt;
  EXPECT_EQ(to_ldap("secret", how), "{CRYPT}secret");
  how.unprefixed = unprefixed_policy::plain;
  EXPECT_EQ(to_ldap("secret", how), "{CLEARTEXT}secret");
  EXPECT_EQ(to_ldap("!secret", how), "{CLEARTEXT}!secret");
  EXPECT_EQ(to_ldap("*", how), "{CRYPT}*");
  EXPECT_EQ(to_ldap("!" + sha512_crypt, how), "{CRYPT}*");
  EXPECT_EQ(to_ldap(sha512_crypt, how), "{CRYPT}" + sha512_crypt);
  how.plain = plain_policy::lock;
  EXPECT_EQ(to_ldap("secret", how), "{CRYPT}*");
  how.plain = plain_policy::refuse;
  EXPECT_EQ(to_ldap("secret", how), refused);
  how.unknown = unknown_policy::drop;
  EXPECT_EQ(to_ldap("{OTP}x", how), left_out);
  how.unknown = unknown_policy::refuse;
  EXPECT_EQ(to_ldap("{OTP}x", how), refused);
}

TEST(password, errors_never_hold_the_value) {
  for (const char* stored : {"hunter2", "{HUNTER}hunter2", "{PLAIN}hunter2"}) {
    const password_options strict{unprefixed_policy::refuse, plain_policy::refuse, unknown_policy::refuse};
    const auto value = password_to_ldap(stored, strict);
    ASSERT_FALSE(value.has_value());
    EXPECT_EQ(value.error().text().find("hunter2"), std::string::npos);
  }
  EXPECT_EQ(password_to_sql("hunter2", "", {}).error().text().find("hunter2"), std::string::npos);
}

struct way_back {
  std::string ldap;
  std::string old;
  std::string stored;
};

TEST(password, goes_back_in_the_style_of_the_old_value) {
  const std::string other_crypt = sha512_crypt.substr(0, sha512_crypt.size() - 1) + '0';
  const way_back rows[] = {
      {"{CRYPT}" + sha512_crypt, sha512_crypt, sha512_crypt},
      {"{CRYPT}" + sha512_crypt, other_crypt, sha512_crypt},
      {"{CRYPT}" + sha512_crypt, "{SHA512-CRYPT}" + other_crypt, "{SHA512-CRYPT}" + sha512_crypt},
      {"{CRYPT}" + sha512_crypt, "{BLF-CRYPT}" + bcrypt, "{SHA512-CRYPT}" + sha512_crypt},
      {"{CRYPT}" + sha512_crypt, "{crypt}" + des, "{crypt}" + sha512_crypt},
      {"{CRYPT}" + sha512_crypt, "{SHA512-CRYPT.B64}JDYkeA==", "{SHA512-CRYPT.B64}" + sha512_crypt_base64},
      {"{CRYPT}" + sha512_crypt, "", "{SHA512-CRYPT}" + sha512_crypt},
      {"{CRYPT}" + yescrypt, "", yescrypt},
      {"{CRYPT}" + sha512_crypt, "{PLAIN}secret", "{PLAIN}secret"},
      {"{MD5}" + md5_base64, "00000000000000000000000000000000", md5_hex},
      {"{MD5}" + md5_base64, "{md5raw}00000000000000000000000000000000", "{md5raw}" + md5_hex},
      {"{MD5}" + md5_base64, "", "{PLAIN-MD5}" + md5_hex},
      {"{SHA}" + sha_base64, sha512_crypt, "{SHA}" + sha_base64},
      {ssha512, "", ssha512},
      {"{ARGON2}" + argon2, "", "{ARGON2ID}" + argon2},
      {pbkdf2_ldap, "", pbkdf2},
      {"{CRYPT}*", "*", "*"},
      {"{CRYPT}*", sha512_crypt, "*"},
      {"{CRYPT}*", "{OTP}x", "{OTP}x"},
  };
  for (const way_back& row : rows) {
    const auto stored = password_to_sql(row.ldap, row.old, {});
    ASSERT_TRUE(stored.has_value()) << row.ldap;
    EXPECT_EQ(*stored, row.stored) << row.ldap << " over " << row.old;
  }
  EXPECT_FALSE(password_to_sql("clear", "", {}).has_value());
  EXPECT_FALSE(password_to_sql("{SASL}a@b", "", {}).has_value());
}

TEST(password, checks_what_openssl_and_crypt_have_made) {
  for (const std::string& value :
       {"{CRYPT}" + sha512_crypt, "{CRYPT}" + sha256_crypt, "{CRYPT}" + md5_crypt, "{CRYPT}" + bcrypt, "{CRYPT}" + des,
        "{CRYPT}" + yescrypt, "{SHA}" + sha_base64, "{MD5}" + md5_base64, "{SHA512}" + sha512_base64, ssha, ssha512}) {
    EXPECT_TRUE(password_matches(value, "secret")) << value;
    EXPECT_FALSE(password_matches(value, "Secret")) << value;
    EXPECT_FALSE(password_matches(value, "secret\0x"s)) << value;
  }
  for (const char* never : {"{CRYPT}*", "{CRYPT}", "{CRYPT}!", "{CRYPT}*0", "secret", "{CLEARTEXT}secret", "{SHA}"}) {
    for (const char* tried : {"secret", "", "*", "*0", "*1", "!"}) {
      EXPECT_FALSE(password_matches(never, tried)) << never;
    }
  }
}

TEST(password, makes_hashes_with_a_salt_of_their_own) {
  const std::string one = hash_password("secret").value();
  const std::string two = hash_password("secret").value();
  EXPECT_EQ(one.substr(0, 10), "{CRYPT}$6$");
  EXPECT_NE(one, two);
  EXPECT_TRUE(password_matches(one, "secret"));
  EXPECT_FALSE(hash_password("a\0b"s).has_value());
  EXPECT_FALSE(hash_password(std::string(10'000, 'a')).has_value());
}

TEST(password, is_told_to_dovecot_in_its_own_words) {
  const std::pair<std::string, std::optional<std::string>> cases[] = {
      {"{SSHA}abcd", "{SSHA}abcd"},
      {"{crypt}$6$salt$hash", "{crypt}$6$salt$hash"},
      {"{CRYPT}*", "{CRYPT}*"},
      {"{ARGON2}$argon2id$v=19$m=64,t=1,p=1$x", "{ARGON2ID}$argon2id$v=19$m=64,t=1,p=1$x"},
      {"{ARGON2}$argon2i$v=19$m=64,t=1,p=1$x", "{ARGON2I}$argon2i$v=19$m=64,t=1,p=1$x"},
      {"{CRYPT}$argon2id$v=19$m=64,t=1,p=1$x", "{ARGON2ID}$argon2id$v=19$m=64,t=1,p=1$x"},
      {"{PBKDF2-SHA1}1000$MDEyMzQ1Njc4OWFiY2RlZg$AAAAAAAAAAAAAAAAAAAAAAAAAAA",
       "{PBKDF2}$1$0123456789abcdef$1000$0000000000000000000000000000000000000000"},
      {"{PBKDF2}$1$0123456789abcdef$1000$0000000000000000000000000000000000000000",
       "{PBKDF2}$1$0123456789abcdef$1000$0000000000000000000000000000000000000000"},
      // To dovecot, without a scheme each of these would be something else.
      {"right", "{PLAIN}right"},
      {" right ", "{PLAIN} right "},
      {"$6$salt$hash", "{CRYPT}$6$salt$hash"},
      {"$argon2id$v=19$m=64,t=1,p=1$x", "{ARGON2ID}$argon2id$v=19$m=64,t=1,p=1$x"},
      {"5ebe2294ecd0e0f08eab7690d2a6ee69", "{PLAIN-MD5}5ebe2294ecd0e0f08eab7690d2a6ee69"},
      {"*", "{CRYPT}*"},
      {"!$6$salt$hash", "{CRYPT}*"},
      // It has none of these.
      {"{PBKDF2-SHA512}1000$MDEyMzQ1Njc4OWFiY2RlZg$AAAA", std::nullopt},
      {"{PBKDF2-SHA1}no hash", std::nullopt},
      {"{SSHA384}abcd", std::nullopt},
      {"{APR1}abcd", std::nullopt},
      {"$apr1$salt$hash", std::nullopt},
  };
  for (const auto& [stored, told] : cases) EXPECT_EQ(password_to_dovecot(stored), told) << stored;
}

TEST(password, facts) {
  const auto check = [](const std::string& value, const char* scheme, bool slapd, const char* module, bool dovecot) {
    const password_facts facts = facts_about(value);
    EXPECT_EQ(facts.scheme, scheme);
    EXPECT_EQ(facts.slapd_verifies, slapd) << scheme;
    EXPECT_EQ(facts.slapd_module, module) << scheme;
    EXPECT_EQ(facts.dovecot_24_accepts, dovecot) << scheme;
  };
  check("{CRYPT}" + sha512_crypt, "CRYPT/$6$", true, "", true);
  check("{CRYPT}" + md5_crypt, "CRYPT/$1$", true, "", false);
  check("{CRYPT}" + des, "CRYPT/DES", true, "", false);
  check(ssha, "SSHA", true, "", true);
  check(ssha512, "SSHA512", true, "pw-sha2", true);
  check("{MD5}" + md5_base64, "MD5", true, "", false);
  check("{ARGON2}" + argon2, "ARGON2", true, "argon2", true);
  check(pbkdf2_ldap, "PBKDF2-SHA1", true, "pw-pbkdf2", false);
  check("{CLEARTEXT}secret", "CLEARTEXT", true, "", true);
  check("{CRYPT}*", "locked", false, "", false);
  check("{SHA512-CRYPT}" + sha512_crypt, "unknown", false, "", false);
}

TEST(scheme_of_stored_value, is_a_known_word_and_no_part_of_a_password) {
  const std::pair<const char*, const char*> values[] = {
      {"", "empty"},
      {" ", "empty"},
      {"!", "a lock mark"},
      {"*LK*", "a lock mark"},
      {"{CRYPT}!", "a lock mark"},
      {"{CRAM-MD5}9186d855", "CRAM-MD5"},
      {"{sha512-crypt}$6$salt$hash", "SHA512-CRYPT"},
      {"$1$salt$abcdefghijklmnopqrstu/", "CRYPT/$1$"},
      {"{CRYPT}$6$saltsalt$", "CRYPT/$6$"},
      {"$apr1$salt$hash", "$apr1$"},
      {"5f4dcc3b5aa765d61d8327deb882cf99", "MD5 in hex"},
      {"geheim", "no known scheme"},
      {"{geheim}", "no known scheme"},
      {"{GEHEIM}x", "no known scheme"},
      {"$geheim$", "no known scheme"},
  };
  for (const auto& [stored, scheme] : values) EXPECT_EQ(stored_scheme(stored), scheme) << stored;
}

}  // namespace
}  // namespace sql2ldap::codec
