// The cost of a hash is known before it is computed, and what is too costly or unknown is not computed.
#include <ctime>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/codec/password_verify.hpp>

namespace sql2ldap::codec {
namespace {

using verdict = password_verdict::what;
constexpr double mib = 1U << 20U;

double seconds_of(std::string_view stored, std::size_t clear_bytes = 16) {
  const auto cost = password_cost_of(stored, clear_bytes);
  return cost ? cost->seconds : -1;
}

double memory_of(std::string_view stored) {
  const auto cost = password_cost_of(stored);
  return cost ? cost->memory_bytes : -1;
}

// What installations of dovecot, PostfixAdmin, Django, passlib, PHP and Debian's chpasswd store today.
TEST(password_cost, hashes_in_use_are_within_the_default_bounds) {
  for (const char* stored :
       {"{CRYPT}$2y$13$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
        "{BLF-CRYPT}$2y$05$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
        "{CRYPT}$6$saltsalt$x",
        "{SHA512-CRYPT}$6$rounds=656000$saltsalt$x",
        "{CRYPT}$6$rounds=1000000$saltsalt$x",
        "{CRYPT}$5$rounds=535000$saltsalt$x",
        "$1$saltsalt$9xy1btjgzLYfb7hivXtC//",
        "abNANd1rDfiNc",
        "{CRYPT}_J9..saltFW.dUXEgYwk",
        "{CRYPT}$3$$1094be2ffa6f10f5a82da9761201673c",
        "{CRYPT}$sha1$480000$saltsalt$RqiCwOGUdjKU1CFhwL.QsMdducoo",
        "{CRYPT}$md5,rounds=98304$saltsalt$$x",
        "{CRYPT}$md5$saltsalt$$x",
        "{CRYPT}$y$j9T$saltsalt$x",
        "{CRYPT}$y$jDT$saltsalt$x",
        "{CRYPT}$gy$j9T$saltsalt$x",
        "{CRYPT}$7$CU..../....saltsalt$x",
        "{ARGON2}$argon2id$v=19$m=65536,t=4,p=1$c2FsdHNhbHQ$x",
        "{ARGON2ID}$argon2id$v=19$m=262144,t=3,p=1$c2FsdHNhbHQ$x",
        "{CRYPT}$argon2id$v=19$m=102400,t=2,p=8$c2Fsd$x",
        "{PBKDF2-SHA512}25000$MDEyMzQ1Njc4OWFiY2RlZg$vgFvU7zWIDgDAUi7d8ayt.cfRiPWVVWfv8iQRsGZaZviWzsSNgWYXEE5P"
        "mvI/VELMsOmEbqLz0PKuePNjOk41A",
        "{PBKDF2-SHA256}1200000$MDEyMzQ1Njc4OWFiY2RlZg$tiKWHy4FAGCWE8gn6GtKhaxD2OeeAUUWXFT/p1aaNl8",
        "{PBKDF2}$1$wd0dENPnSDddLjZj$5000$f1b6f5200b3ca18441684ecb0bdd12cca35d0f0d",
        "{SCRAM-SHA-256}4096,S9Lxf75VNu6hhsvaHTMjDA==,x61E2a12j7UWo51Plk+b4P6qGJZbRWQlxclgmuKq5Ng=,"
        "XHcJ+OwGMtNWk4ZtaOijtNWC2leiQD1R/Y53D7pWf3I=",
        "{SSHA}opFQQuJmJXsbhK/v4xBvbNG7I/JMeRc3",
        "{PLAIN}secret",
        "secret",
        "{CRYPT}*"}) {
    const auto cost = password_cost_of(stored);
    ASSERT_TRUE(cost.has_value()) << stored;
    EXPECT_TRUE(is_within({}, *cost)) << stored << ": " << cost->seconds << " s, " << cost->memory_bytes / mib
                                      << " MiB";
  }
}

TEST(password_cost, grows_with_what_the_hash_says) {
  EXPECT_NEAR(seconds_of("{CRYPT}$2y$10$x") * 8, seconds_of("{CRYPT}$2y$13$x"), 1e-6);
  EXPECT_GT(seconds_of("{CRYPT}$2y$31$x"), 100'000);
  EXPECT_GT(seconds_of("{CRYPT}$6$rounds=999999999$salt$x"), 500);
  EXPECT_GT(seconds_of("{CRYPT}$6$rounds=1000000$salt$x", 511), 3) << "the password is hashed in each round";
  EXPECT_GT(seconds_of("{CRYPT}$5$rounds=1000000$salt$x", 511), 3);
  EXPECT_EQ(seconds_of("{CRYPT}$6$rounds=1$salt$x"), seconds_of("{CRYPT}$6$rounds=1000$salt$x"));
  EXPECT_GT(seconds_of("{CRYPT}$sha1$4000000000$abcdefgh$RqiCwOGUdjKU1CFhwL.QsMdducoo"), 4000);
  EXPECT_GT(seconds_of("{CRYPT}$sha1$480000$abcdefgh$x", 65), 1);
  EXPECT_GT(seconds_of("{CRYPT}$md5,rounds=4000000000$saltsalt$$x"), 4000);
  EXPECT_GT(seconds_of("{CRYPT}$md5$rounds=4000000000$saltsalt$$x"), 4000) << "libxcrypt reads this as well";
  EXPECT_GT(seconds_of("{CRYPT}_zzzzsaltFW.dUXEgYwk"), 2);
  EXPECT_GT(seconds_of("{PBKDF2}$1$salt$4000000000$88b0ca84e9400b46bbef58ed30232a4c8d699ee2"), 1000);
  const std::string long_key(4000, 'A');
  EXPECT_GT(seconds_of("{PBKDF2-SHA1}100000$MDEyMzQ1Njc4OWFiY2RlZg$" + long_key), 5)
      << "a block of the key costs as much as the first";
  EXPECT_GT(seconds_of("{SCRAM-SHA-1}9999999,nirly+jdC9mVNeeXxDAjYQ==,dRV/EFQHlD5x73OAqQFMD/bYSks=,"
                       "0ZsbogDT22bw8rk+4UL712UUKyg="),
            4);
  EXPECT_GT(seconds_of("{ARGON2}$argon2id$v=19$m=64,t=4294967295,p=4$c2FsdHNhbHQ$x"), 100'000);
  EXPECT_EQ(memory_of("{ARGON2}$argon2id$v=19$m=1048576,t=1,p=1$c2FsdHNhbHQ$x"), 1024 * mib);
  EXPECT_GT(memory_of("{ARGON2}$argon2id$v=19$m=8,t=1,p=16777215$c2FsdHNhbHQ$x"), 1024 * mib) << "8 blocks a lane";
}

// N, r, p and t as libxcrypt reads them: crypt_gensalt() makes "j9T" of its default cost, which is N=4096 and r=32.
TEST(password_cost, reads_the_parameters_of_yescrypt_and_scrypt) {
  EXPECT_NEAR(memory_of("{CRYPT}$y$j9T$salt$x"), 16 * mib, 0.1 * mib);
  EXPECT_NEAR(memory_of("{CRYPT}$gy$j9T$salt$x"), 16 * mib, 0.1 * mib);
  EXPECT_NEAR(memory_of("{CRYPT}$y$jFT$salt$x"), 1024 * mib, 0.1 * mib);
  EXPECT_NEAR(memory_of("{CRYPT}$7$CU..../....salt$x"), 64 * mib, 0.1 * mib);
  EXPECT_GT(seconds_of("{CRYPT}$y$j9T/X$salt$x"), seconds_of("{CRYPT}$y$j9T$salt$x") * 20) << "t";
  EXPECT_GT(seconds_of("{CRYPT}$y$j9T/zzzzzz$salt$x"), 1000) << "t, of as many digits as there are";
  EXPECT_GT(seconds_of("{CRYPT}$y$j9T./$salt$x"), seconds_of("{CRYPT}$y$j9T$salt$x") * 2) << "p";
  EXPECT_GT(seconds_of("{CRYPT}$y$.9T$salt$x"), seconds_of("{CRYPT}$y$j9T$salt$x")) << "flavor";
  EXPECT_GT(seconds_of("{CRYPT}$7$zzzzzzzzzzzsalt$x"), 1e12);
  EXPECT_GT(seconds_of("{CRYPT}$7$CU....zzzzzsalt$x"), 1e6) << "p";
  for (const char* stored :
       {"{CRYPT}$y$", "{CRYPT}$y$j", "{CRYPT}$y$j9", "{CRYPT}$y$j9T", "{CRYPT}$y$j9Tz$salt$x", "{CRYPT}$y$j9T/z$",
        "{CRYPT}$y$j9T2..$salt$x", "{CRYPT}$y$!9T$salt$x", "{CRYPT}$7$CU", "{CRYPT}$7$C"}) {
    const auto cost = password_cost_of(stored);
    EXPECT_TRUE(!cost || cost->seconds >= 0) << stored;
    EXPECT_NE(verify_password(stored, "secret").now, verdict::matches);
  }
  EXPECT_FALSE(password_cost_of("{CRYPT}$y$j9T0.$salt$x")) << "hashes that were upgraded: crypt(3) has none";
}

// crypt(3) reads numbers by strtoul(), which knows signs; other libraries may know other methods.
TEST(password_cost, that_is_not_known_is_not_spent) {
  for (const char* stored : {"{CRYPT}$6$rounds=-1$salt$x",
                             "{CRYPT}$6$rounds=+1000$salt$x",
                             "{CRYPT}$6$rounds= 1000$salt$x",
                             "{CRYPT}$6$rounds=99999999999$salt$x",
                             "{CRYPT}$6$rounds=1000",
                             "{CRYPT}$sha1$-1$salt$x",
                             "{CRYPT}$sha1$x",
                             "{CRYPT}$md5,rounds=-1$salt$$x",
                             "{CRYPT}$2y$-1$x",
                             "{CRYPT}$2y$10",
                             "{CRYPT}$sm3$rounds=1000$salt$x",
                             "{CRYPT}$sm3y$j9T$salt$x",
                             "{CRYPT}$9$salt$x",
                             "{CRYPT}$$salt",
                             "{CRYPT}_J9..salt",
                             "{CRYPT}$2$x",
                             "{ARGON2}$argon2id$v=19$m=64,t=1$c2FsdHNhbHQ$x",
                             "{ARGON2}$argon2id$v=19$m=-1,t=1,p=1$c2FsdHNhbHQ$x",
                             "{HUNTER}x",
                             "$apr1$salt$x"}) {
    EXPECT_FALSE(password_cost_of(stored)) << stored;
    EXPECT_EQ(verify_password(stored, "secret").now, verdict::unverifiable) << stored;
    EXPECT_FALSE(password_to_dovecot(stored).has_value() && std::string_view(stored) != "{HUNTER}x") << stored;
  }
  const std::string long_text = "{PLAIN}" + std::string(stored_password_bytes_max, 's');
  EXPECT_FALSE(password_cost_of(long_text));
  EXPECT_EQ(verify_password(long_text, "secret").now, verdict::unverifiable);
  EXPECT_FALSE(password_to_dovecot(long_text)) << "it may have been cut";
}

TEST(password_cost, bounds_are_for_all_values_together) {
  const std::vector<secret> both = {
      secret(std::string("{CRYPT}$2y$04$n8RafnEqHv7JedQFCp2oruLsjQuNFeU1PQY.ABXcL7VGk/cvhrzku")),
      secret(std::string("{CRYPT}$2y$04$n8RafnEqHv7JedQFCp2oruLsjQuNFeU1PQY.ABXcL7VGk/cvhrzkv"))};
  const double each = seconds_of("{CRYPT}$2y$04$n8RafnEqHv7JedQFCp2oruLsjQuNFeU1PQY.ABXcL7VGk/cvhrzku");
  EXPECT_EQ(verify_password(both, "wrong", {.seconds_max = each * 2.1}).now, verdict::differs);
  const auto half = verify_password(both, "wrong", {.seconds_max = each * 1.1});
  EXPECT_EQ(half.now, verdict::unverifiable);
  ASSERT_TRUE(half.cost.has_value());
  EXPECT_EQ(half.cost->seconds, each);
  EXPECT_EQ(verify_password(both, "secret", {.seconds_max = each * 1.1}).now, verdict::matches) << "the first is";
  EXPECT_EQ(verify_password(both[0].reveal(), "secret", {.memory_bytes_max = 1024}).now, verdict::unverifiable);
}

TEST(password_cost, so_many_values_are_looked_at) {
  std::vector<secret> stored;
  for (std::size_t i = 0; i < stored_passwords_max; ++i) stored.emplace_back("{PLAIN}other" + std::to_string(i));
  EXPECT_EQ(verify_password(stored, "secret").now, verdict::differs);
  stored.emplace_back(std::string("{PLAIN}secret"));
  EXPECT_EQ(verify_password(stored, "secret").now, verdict::unverifiable) << "which is no wrong password";
  EXPECT_EQ(verify_password(stored, "other0").now, verdict::matches);
}

TEST(password_cost, dovecot_is_not_given_what_is_too_costly) {
  EXPECT_FALSE(password_to_dovecot("{CRYPT}$2y$20$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"));
  EXPECT_FALSE(
      password_to_dovecot("{SCRAM-SHA-1}9999999,nirly+jdC9mVNeeXxDAjYQ==,dRV/EFQHlD5x73OAqQFMD/bYSks=,"
                          "0ZsbogDT22bw8rk+4UL712UUKyg="));
  EXPECT_TRUE(password_to_dovecot("{CRYPT}$2y$12$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"));
  EXPECT_FALSE(password_to_dovecot("{CRYPT}$2y$12$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
                                   {.seconds_max = 0.001}));
  EXPECT_TRUE(password_to_dovecot("{CRAM-MD5}cd3ba7deaad6e5ca23448ba42e379747a9e0f7f1fbc00c8a81bbaac395731b56"));
}

}  // namespace
}  // namespace sql2ldap::codec
