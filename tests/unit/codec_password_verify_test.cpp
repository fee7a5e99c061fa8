// Every hash here is one of the password "secret". Those of the first list were printed by `doveadm pw -s SCHEME -p
// secret` of dovecot 2.3.19; of the second, PBKDF2, SHA384 and the digests with the salt "SALT" come from Python's
// hashlib (pbkdf2_hmac("sha256", b"secret", b"0123456789abcdef", 1000, 32); sha384(b"secret" + b"SALT").digest() +
// b"SALT"), ARGON2 from the program `argon2 saltsalt -id -t 1 -m 6 -p 4 -e`, the rest from crypt(3) and OpenSSL.
#include <gtest/gtest.h>

#include <sql2ldap/codec/password_verify.hpp>
#include <sql2ldap/codec/scram_secret.hpp>

namespace sql2ldap::codec {
namespace {

using namespace std::string_literals;
using verdict = password_verdict::what;

verdict verified(std::string_view stored, std::string_view clear) { return verify_password(stored, clear).now; }

TEST(password_verify, what_others_have_made) {
  const char* const stored[] = {
      // doveadm
      "{ARGON2I}$argon2i$v=19$m=32768,t=3,p=1$HKpVTBSTkW5AxS5sY9LtRA$DsCh8AsVgflQ9DQijciUok4xHQLaCPKxpEJPWZ"
      "B71+I",
      "{BLF-CRYPT}$2y$04$n8RafnEqHv7JedQFCp2oruLsjQuNFeU1PQY.ABXcL7VGk/cvhrzku",
      "{SHA512-CRYPT}$6$rounds=1000$LNVeelA8/68rOf9O$EKxK39Txvs1eb4WXaPM9FRSvEAf.yr4PYuj4ZueW1fP6FzA7Kcqqnr"
      "zf.7fIntBhIr2Kf3q0rDBw7x7HxJvwk1",
      "{SHA256-CRYPT}$5$rounds=1000$DBu1t3P6VcJrY2aq$Ch3HMBqhy8jw/nnRlE9cebOdXLE87DZEmPIGdSs9WY3",
      "{MD5-CRYPT}$1$hBPfIyKw$vaVg8UoHnwhfYCRdIpFuU.", "{DES-CRYPT}W4d4ZM7Qu7.Ek",
      "{CRYPT}$2y$05$qVi7LEqbo/lv..1Rsjz5bu9KMevSMFsBIbkg.i/e6bpR.kf9GzWq2", "{SSHA}opFQQuJmJXsbhK/v4xBvbNG7I/JMeRc3",
      "{SSHA256}D3J3PMUpH56miv7OF30u81jA3ktcL/NEe7yAryPagJ/Ym7oH",
      "{SSHA512}VV/ZqPAF9LYU9FSbwtlvJpyL7NhYMjKLSB2DQ+F/oW/s7lLa+h2IBMKsYMBcEqDA+fJWyK2XnvSTua3nrhdvGZ/5ryw"
      "=",
      "{SMD5}X2YhbZCTomwjUAFybCLiH8ngrTs=", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "{SHA1}5en6G6MezRroT3XKqkdPOmY/BfQ=",
      "{SHA256}K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=",
      "{SHA512}vSsar3708Jvp9Szi2NWZZ02Bqp1qRCFpbcTZPdBhnWgs5WtNZKnvCXdhztmeD2cmW192CF5bDufKRpayrW/isg==",
      "{PLAIN-MD5}5ebe2294ecd0e0f08eab7690d2a6ee69",
      "{LDAP-MD5}Xr4ilOzQ4PCOq3aQ0qbuaQ==", "{MD5}$1$sEOEPRok$RFrJ.ECp.hV5w9747bTgV/",
      "{PBKDF2}$1$wd0dENPnSDddLjZj$1000$f1b6f5200b3ca18441684ecb0bdd12cca35d0f0d",
      "{SCRAM-SHA-1}4096,nirly+jdC9mVNeeXxDAjYQ==,dRV/EFQHlD5x73OAqQFMD/bYSks=,0ZsbogDT22bw8rk+4UL712UUKyg=",
      "{SCRAM-SHA-256}4096,S9Lxf75VNu6hhsvaHTMjDA==,x61E2a12j7UWo51Plk+b4P6qGJZbRWQlxclgmuKq5Ng=,XHcJ+OwGMt"
      "NWk4ZtaOijtNWC2leiQD1R/Y53D7pWf3I=",
      "{PLAIN}secret", "{CLEAR}secret", "{CLEARTEXT}secret",
      "{SHA512.HEX}bd2b1aaf7ef4f09be9f52ce2d8d599674d81aa9d6a4421696dc4d93dd0619d682ce56b4d64a9ef097761ced9"
      "9e0f67265b5f76085e5b0ee7ca4696b2ad6fe2b2",
      "{SSHA.HEX}51e5afee7c096b98a7666009954ec1e15c563b84d57fafc0",
      "{SHA512-CRYPT.B64}JDYkcm91bmRzPTEwMDAkVmhKb3RnS1RlZEh5M2dQbSRjSW5qZ1VFalhGbzlweHEuSllreC5Fdk02eWZrbT"
      "ZXcFNQUWVFZ2tJblcuTmJrdElZdlByc240TGNaQ1JGZThCQkJkcFl5VFo2cmVjM280dVNOMHdCLg==",
      "{PLAIN.B64}c2VjcmV0",
      // Python, argon2, crypt(3)
      "{PBKDF2-SHA1}1000$MDEyMzQ1Njc4OWFiY2RlZg$21EupWTmSOvnK3Sp99FL7THUyuQ",
      "{PBKDF2}1000$MDEyMzQ1Njc4OWFiY2RlZg$21EupWTmSOvnK3Sp99FL7THUyuQ",
      "{PBKDF2-SHA256}1000$MDEyMzQ1Njc4OWFiY2RlZg$tiKWHy4FAGCWE8gn6GtKhaxD2OeeAUUWXFT/p1aaNl8",
      "{PBKDF2-SHA512}1000$MDEyMzQ1Njc4OWFiY2RlZg$vgFvU7zWIDgDAUi7d8ayt.cfRiPWVVWfv8iQRsGZaZviWzsSNgWYXEE5P"
      "mvI/VELMsOmEbqLz0PKuePNjOk41A",
      "{SHA384}WKd1ukESvjAFrkQHznV9iP2nHUBJe7gCbsrFTU4//HIyzo3jq1rLMK45dg/ufFPt", "{SMD5}CCQT4R6k4J6Ehe4Ver4QaVNBTFQ=",
      "{SSHA384}p10n38XB8YBy9v9XzYqlWfpnWODFYCA4H3jhDiZr2gQXAMNn9gXsJJUDzmg0pwYvU0FMVA==",
      "{ssha.hex}f1b5f82500df66ab537ef9d0e2cb039966f5eff153414c54", "{md5raw}5ebe2294ecd0e0f08eab7690d2a6ee69",
      "{MD5}5ebe2294ecd0e0f08eab7690d2a6ee69",
      "{MD5}Xr4ilOzQ4PCOq3aQ0qbuaQ==", "{SHA}e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4",
      "{CRYPT}$y$j75$saltsalt$0gBD67sgmJgRX3RZ6wHHO7sHimQEWGCWN85o4Twogh2",
      "{ARGON2}$argon2id$v=19$m=64,t=1,p=4$c2FsdHNhbHQ$vFqccf/RcQcZKBbiqKpcjgKrYqvDWNfuHc9GkhQmwR8",
      "{ARGON2I}$argon2i$v=19$m=64,t=3,p=1$c2FsdHNhbHQ$HGPvlqQzFwnQoFo2kSbYQiu63Zk/3IgYIXQ9BFzWCCI",
      "{CRYPT}$argon2id$v=19$m=64,t=1,p=4$c2FsdHNhbHQ$vFqccf/RcQcZKBbiqKpcjgKrYqvDWNfuHc9GkhQmwR8",
      "$argon2id$v=19$m=64,t=1,p=4$c2FsdHNhbHQ$vFqccf/RcQcZKBbiqKpcjgKrYqvDWNfuHc9GkhQmwR8", "abNANd1rDfiNc",
      "$1$saltsalt$9xy1btjgzLYfb7hivXtC//", "5ebe2294ecd0e0f08eab7690d2a6ee69", "secret"};
  for (const char* value : stored) {
    EXPECT_EQ(verified(value, "secret"), verdict::matches) << value;
    for (const std::string& wrong : {"Secret"s, "secre"s, "secret "s, "secret\0"s, ""s, std::string(600, 's')})
      EXPECT_EQ(verified(value, wrong), verdict::differs) << value << " against " << wrong;
  }
}

TEST(password_verify, what_cannot_be_verified_is_no_wrong_password) {
  const std::pair<const char*, const char*> rows[] = {
      {"{CRAM-MD5}cd3ba7deaad6e5ca23448ba42e379747a9e0f7f1fbc00c8a81bbaac395731b56", "CRAM-MD5"},
      {"{DIGEST-MD5}22841f0b958014edb19498293d1f2c1b", "DIGEST-MD5"},
      {"{PLAIN-MD4}67d3dafef63ff00603aeef3769cfbf0d", "PLAIN-MD4"},
      {"{OTP}x", "OTP"},
      {"{APR1}eA==", "APR1"},
      {"{HUNTER}x", "HUNTER"},
      {"{CRYPT}$apr1$saltsalt$xxxxxxxxxxxxxxxxxxxxxx", "CRYPT"},
      {"$apr1$saltsalt$xxxxxxxxxxxxxxxxxxxxxx", "one without a name"},
      {"{SHA}tooshort", "SHA"},
      {"{MD5}tooshort", "MD5"},
      {"{PLAIN.HEX}xyz", "PLAIN"},
      {"{PBKDF2}$1$salt$0$88b0ca84e9400b46bbef58ed30232a4c8d699ee2", "PBKDF2"},
      {"{PBKDF2-SHA1}x", "PBKDF2-SHA1"},
      {"{SCRAM-SHA-256}4096,c2FsdA==,eA==,eQ==", "SCRAM-SHA-256"},
      {"{ARGON2}$argon2d$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$0LzUM6M106IVvZcRFm2EbpyfPbyMbxAKiJ2JFCyezp4", "ARGON2"},
      {"{ARGON2}$argon2id$v=19$m=64,t=1,p=4$c2FsdHNhbHQ$!", "ARGON2"},
      // What costs too much.
      {"{ARGON2}$argon2id$v=19$m=4294967295,t=1,p=4$c2FsdHNhbHQ$vFqccf/RcQcZKBbiqKpcjgKrYqvDWNfuHc9GkhQmwR8", "ARGON2"},
      {"{ARGON2}$argon2id$v=19$m=64,t=4294967295,p=4$c2FsdHNhbHQ$vFqccf/RcQcZKBbiqKpcjgKrYqvDWNfuHc9GkhQmwR8",
       "ARGON2"},
      {"{CRYPT}$6$rounds=999999999$salt$x", "CRYPT"},
      {"{CRYPT}$2y$31$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW", "CRYPT"},
      {"{PBKDF2}$1$salt$4000000000$88b0ca84e9400b46bbef58ed30232a4c8d699ee2", "PBKDF2"},
      {"{SCRAM-SHA-1}4000000000,nirly+jdC9mVNeeXxDAjYQ==,dRV/EFQHlD5x73OAqQFMD/bYSks=,0ZsbogDT22bw8rk+4UL712UUKyg=",
       "SCRAM-SHA-1"},
  };
  for (const auto& [stored, scheme] : rows) {
    const password_verdict how = verify_password(stored, "secret");
    EXPECT_EQ(how.now, verdict::unverifiable) << stored;
    EXPECT_EQ(how.scheme, scheme);
  }
}

TEST(password_verify, what_nobody_may_use) {
  for (const char* stored :
       {"", "*", "!", "x", "!secret", "{CRYPT}*", "{CRYPT}", "{CRYPT}!", "{CRYPT}x", "{PLAIN}", "{CLEARTEXT}"})
    for (const char* tried : {"secret", "", "*", "!", "x", "*0", "*1", "!secret"})
      EXPECT_EQ(verified(stored, tried), verdict::differs) << stored << " against " << tried;
  // A hash is not a password, wherever its scheme got lost.
  for (const char* hash :
       {"$6$abc$def", "5ebe2294ecd0e0f08eab7690d2a6ee69", "abNANd1rDfiNc", "$1$saltsalt$9xy1btjgzLYfb7hivXtC//"})
    EXPECT_NE(verified(hash, hash), verdict::matches) << hash;
  EXPECT_NE(verified("{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="), verdict::matches);
}

TEST(password_verify, of_several_any_may_be_right) {
  const auto any = [](std::initializer_list<const char*> values, const char* clear) {
    std::vector<secret> stored;
    for (const char* one : values) stored.emplace_back(std::string(one));
    return verify_password(stored, clear).now;
  };
  EXPECT_EQ(any({"{OTP}x", "{PLAIN}a", "{PLAIN}secret"}, "secret"), verdict::matches);
  EXPECT_EQ(any({"{OTP}x", "{PLAIN}a"}, "secret"), verdict::unverifiable);
  EXPECT_EQ(any({"{PLAIN}a", "{PLAIN}b"}, "secret"), verdict::differs);
  EXPECT_EQ(any({}, "secret"), verdict::differs);
}

TEST(password_verify, knows_what_takes_microseconds) {
  const auto quick = [](std::initializer_list<std::string> stored) {
    std::vector<secret> all;
    for (const std::string& one : stored) all.emplace_back(one);
    return is_quickly_verified(all);
  };
  for (const char* one : {"clear", "{PLAIN}clear", "{cleartext}clear", "{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0",
                          "{SHA512.HEX}00", "5ebe2294ecd0e0f08eab7690d2a6ee69"})
    EXPECT_TRUE(quick({one})) << one;
  for (const char* one :
       {"{CRYPT}$6$salt$x", "$6$salt$x", "{MD5}$1$salt$uqZKsQ/V8ZnFTVcKjkcOB/", "$argon2id$v=19$m=65536,t=2,p=1$a$b",
        "{ARGON2}$argon2id$x", "{PBKDF2}1000$a$b", "{SCRAM-SHA-256}4096,a,b,c", "{BLF-CRYPT}$2y$05$x", "{WHO}knows"})
    EXPECT_FALSE(quick({one})) << one;
  EXPECT_FALSE(quick({})) << "who has none is proved against a slow one";
  EXPECT_FALSE(quick({"clear", "{CRYPT}$6$salt$x"}));
  EXPECT_FALSE(quick({"{SSHA}" + std::string(1000, 'A')}));
  EXPECT_FALSE(quick({"1", "2", "3", "4", "5", "6", "7", "8", "9"}));
}

TEST(password_verify, hashes_of_our_own) {
  const std::pair<hash_scheme, const char*> schemes[] = {{hash_scheme::sha512_crypt, "{CRYPT}$6$"},
                                                         {hash_scheme::yescrypt, "{CRYPT}$y$"},
                                                         {hash_scheme::argon2, "{ARGON2}$argon2id$"}};
  for (const auto& [scheme, start] : schemes) {
    const std::string hash = hash_password("secret", scheme).value();
    EXPECT_TRUE(hash.starts_with(start)) << start;
    EXPECT_NE(hash, hash_password("secret", scheme).value());
    EXPECT_EQ(verified(hash, "secret"), verdict::matches);
    EXPECT_EQ(verified(hash, "Secret"), verdict::differs);
    EXPECT_TRUE(password_matches(hash, "secret")) << "the sync must not replace it";
    EXPECT_TRUE(facts_about(hash).slapd_verifies);
    for (const auto& [other, unused] : schemes) EXPECT_EQ(is_hashed_as(hash, other), other == scheme);
    verify_dummy("secret", scheme);
  }
  EXPECT_FALSE(is_hashed_as("{SSHA}x", hash_scheme::sha512_crypt));
  EXPECT_FALSE(is_hashed_as("", hash_scheme::argon2));
}

TEST(password_verify, matching_is_what_slapd_would_say) {
  for (const char* not_for_slapd :
       {"{PLAIN}secret", "{SHA1}5en6G6MezRroT3XKqkdPOmY/BfQ=", "{PLAIN-MD5}5ebe2294ecd0e0f08eab7690d2a6ee69",
        "abNANd1rDfiNc", "{MD5}5ebe2294ecd0e0f08eab7690d2a6ee69", "{DES-CRYPT}abNANd1rDfiNc", "secret"}) {
    EXPECT_EQ(verified(not_for_slapd, "secret"), verdict::matches) << not_for_slapd;
    EXPECT_FALSE(password_matches(not_for_slapd, "secret")) << not_for_slapd;
  }
}

TEST(scram_secret, is_made_as_dovecot_makes_it) {
  for (const char* stored :
       {"{SCRAM-SHA-1}4096,nirly+jdC9mVNeeXxDAjYQ==,dRV/EFQHlD5x73OAqQFMD/bYSks=,0ZsbogDT22bw8rk+4UL712UUKyg=",
        "{SCRAM-SHA-256}4096,S9Lxf75VNu6hhsvaHTMjDA==,x61E2a12j7UWo51Plk+b4P6qGJZbRWQlxclgmuKq5Ng=,"
        "XHcJ+OwGMtNWk4ZtaOijtNWC2leiQD1R/Y53D7pWf3I="}) {
    const auto known = parse_scram_secret(stored);
    ASSERT_TRUE(known.has_value());
    EXPECT_EQ(to_text(make_scram_secret(known->hash, "secret", known->salt, known->iterations)), stored);
  }
  for (const char* broken : {"", "{SCRAM-SHA-1}", "{SCRAM-SHA-512}1,eA==,eA==,eA==", "{SCRAM-SHA-1}0,eA==,eA==,eA==",
                             "{SCRAM-SHA-1}4096,,dRV/EFQHlD5x73OAqQFMD/bYSks=,0ZsbogDT22bw8rk+4UL712UUKyg=",
                             "4096,nirly+jdC9mVNeeXxDAjYQ==,dRV/EFQHlD5x73OAqQFMD/bYSks=,0ZsbogDT22bw8rk+4UL712UUKyg="})
    EXPECT_FALSE(parse_scram_secret(broken).has_value()) << broken;
}

}  // namespace
}  // namespace sql2ldap::codec
