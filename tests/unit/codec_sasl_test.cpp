// The dialogues of SCRAM are the examples of RFC 5802, 5 and RFC 7677, 3.
#include <gtest/gtest.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/overloaded.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/sasl.hpp>

namespace sql2ldap::codec {
namespace {

using namespace std::string_literals;

std::string shown(const sasl::step& what) {
  const char* const reasons[] = {"malformed",           "bad name",        "no password",
                                 "other authorization", "channel binding", "wrong"};
  return std::visit(
      overloaded{[](const sasl::challenge& c) { return "challenge " + c.bytes; },
                 [](const sasl::credentials& c) { return "check " + c.user + ' ' + std::string(c.password.reveal()); },
                 [](const sasl::secret_wanted& w) { return std::string(scram_name(w.hash)) + " of " + w.user; },
                 [](const sasl::success& s) { return "success " + s.user + ' ' + s.final_data; },
                 [&](const sasl::failure& f) {
                   return std::string(reasons[static_cast<std::size_t>(f.why)]) + (f.user.empty() ? "" : " " + f.user);
                 }},
      what);
}

std::string plain(const std::string& response) { return shown(sasl::start("PLAIN", {})->take(response)); }

TEST(sasl, plain) {
  EXPECT_EQ(plain("\0u1@x.test\0secret1"s), "check u1@x.test secret1");
  EXPECT_EQ(plain("u1@x.test\0u1@x.test\0secret1"s), "check u1@x.test secret1") << "as doveadm asks";
  EXPECT_EQ(plain("admin\0u1@x.test\0secret1"s), "other authorization u1@x.test");
  EXPECT_EQ(plain("a\0b\nc\0secret1"s), "other authorization");
  EXPECT_EQ(plain("\0u1@x.test\0"s), "no password u1@x.test");
  for (const std::string& broken : {""s, "x"s, "\0x"s, "\0\0\0"s, "\0a\0b\0"s, "\0a\0b\0c"s})
    EXPECT_EQ(plain(broken), "malformed");
  for (const std::string& name :
       {"a\tb"s, "a\nb"s, "a\rb"s, "a\x01z"s, "a\x7f"s, ""s, std::string(limits::user_name_bytes_max + 1, 'x')}) {
    EXPECT_EQ(plain('\0' + name + "\0secret"s), "bad name");
  }
  EXPECT_EQ(plain('\0' + std::string(limits::user_name_bytes_max, 'x') + "\0s"s).substr(0, 6), "check ");
}

TEST(sasl, plain_when_the_client_waits) {
  const auto at = sasl::start("PLAIN", {});
  EXPECT_EQ(shown(at->take(std::nullopt)), "challenge ");
  EXPECT_EQ(shown(at->take("\0a\0b"s)), "check a b");
  EXPECT_EQ(shown(sasl::start("PLAIN", {})->give({})), "malformed");
}

TEST(sasl, login) {
  const auto at = sasl::start("LOGIN", {});
  EXPECT_EQ(shown(at->take(std::nullopt)), "challenge Username:");
  EXPECT_EQ(shown(at->take("u1@x.test")), "challenge Password:");
  EXPECT_EQ(shown(at->take("secret1")), "check u1@x.test secret1");
  const auto short_way = sasl::start("LOGIN", {});
  EXPECT_EQ(shown(short_way->take("u1@x.test")), "challenge Password:");
  EXPECT_EQ(shown(short_way->take("secret1")), "check u1@x.test secret1");
  const auto empty = sasl::start("LOGIN", {});
  EXPECT_EQ(shown(empty->take("")), "challenge Username:");
  EXPECT_EQ(shown(empty->take("a\0"s)), "challenge Password:");
  EXPECT_EQ(shown(empty->take("x")), "bad name");
  const auto no_password = sasl::start("LOGIN", {});
  (void)no_password->take("a");
  EXPECT_EQ(shown(no_password->take("")), "no password a");
}

TEST(sasl, names) {
  EXPECT_EQ(sasl::mechanisms(false), (std::vector<std::string>{"PLAIN", "LOGIN"}));
  for (const std::string& name : sasl::mechanisms(true)) EXPECT_NE(sasl::start(name, {}), nullptr) << name;
  EXPECT_EQ(sasl::start("CRAM-MD5", {}), nullptr);
}

struct rfc_example {
  scram_hash hash;
  std::string salt, client_nonce, server_nonce, proof, signature;
};
const rfc_example rfc_5802 = {scram_hash::sha1,
                              "QSXCR+Q6sek8bf92",
                              "fyko+d2lbbFgONRv9qkxdawL",
                              "3rfcNHYJY1ZVvWVs7j",
                              "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
                              "rmF9pqV8S7suAoZWja4dJRkFsKQ="};
const rfc_example rfc_7677 = {scram_hash::sha256,
                              "W22ZaJ0SNY7soEsUEjb6gQ==",
                              "rOprNGfwEbeRWgbNEkqO",
                              "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
                              "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                              "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="};

class scram : public testing::TestWithParam<rfc_example> {
 protected:
  std::unique_ptr<sasl::exchange> begun() const {
    return sasl::start(scram_name(GetParam().hash), GetParam().server_nonce);
  }
  std::string first(const std::string& header = "n,,", const std::string& name = "user") const {
    return header + "n=" + name + ",r=" + GetParam().client_nonce;
  }
  std::string final_without_proof(const std::string& binding = "biws") const {
    return "c=" + binding + ",r=" + GetParam().client_nonce + GetParam().server_nonce;
  }
  scram_secret stored() const {
    return make_scram_secret(GetParam().hash, "pencil", from_base64(GetParam().salt).value(), 4096);
  }
};

TEST_P(scram, example_of_the_rfc) {
  const auto at = begun();
  EXPECT_EQ(shown(at->take(std::nullopt)), "challenge ");
  EXPECT_EQ(shown(at->take(first())), std::string(scram_name(GetParam().hash)) + " of user");
  EXPECT_EQ(shown(at->give(stored())),
            "challenge r=" + GetParam().client_nonce + GetParam().server_nonce + ",s=" + GetParam().salt + ",i=4096");
  EXPECT_EQ(shown(at->take(final_without_proof() + ",p=" + GetParam().proof)),
            "success user v=" + GetParam().signature);
  EXPECT_EQ(shown(at->take(final_without_proof() + ",p=" + GetParam().proof)), "malformed user") << "it is over";
}

TEST_P(scram, wrong_password_and_replay) {
  const auto answer = [&](const scram_secret& known, const std::string& last) {
    const auto at = begun();
    (void)at->take(first());
    const std::string challenge = shown(at->give(known));
    return std::pair(challenge, shown(at->take(last)));
  };
  const std::string right = final_without_proof() + ",p=" + GetParam().proof;
  std::string proof = from_base64(GetParam().proof).value();
  proof[0] = static_cast<char>(proof[0] ^ 1);
  EXPECT_EQ(answer(stored(), final_without_proof() + ",p=" + base64(proof)).second, "wrong user");
  scram_secret other = stored();
  other.hash = other.hash == scram_hash::sha1 ? scram_hash::sha256 : scram_hash::sha1;
  EXPECT_EQ(answer(other, right).first, "malformed user") << "of another mechanism";
  EXPECT_EQ(answer(stored(), final_without_proof("eSws") + ",p=" + GetParam().proof).second, "malformed user");
  EXPECT_EQ(answer(stored(), "c=biws,r=" + GetParam().client_nonce + ",p=" + GetParam().proof).second,
            "malformed user");
  for (const std::string& broken :
       {""s, final_without_proof(), final_without_proof() + ",p=", final_without_proof() + ",p=AAAA",
        "p=" + GetParam().proof, ",p=" + GetParam().proof})
    EXPECT_EQ(answer(stored(), broken).second, "malformed user") << broken;
}

TEST_P(scram, first_message) {
  const auto told = [&](const std::string& message) { return shown(begun()->take(message)); };
  const std::string wanted = std::string(scram_name(GetParam().hash)) + " of ";
  EXPECT_EQ(told(first("y,,")), wanted + "user");
  EXPECT_EQ(told(first("n,a=user,")), wanted + "user");
  EXPECT_EQ(told(first("n,,", "a=2Cb=3Dc")), wanted + "a,b=c");
  EXPECT_EQ(told(first() + ",x=extension"), wanted + "user");
  EXPECT_EQ(told(first("n,a=admin,")), "other authorization user");
  EXPECT_EQ(told(first("p=tls-unique,,")), "channel binding");
  EXPECT_EQ(told(first("n,,", "a\tb")), "bad name");
  EXPECT_EQ(told(first("n,,", "")), "bad name");
  for (const std::string& broken :
       {""s, "n,,"s, "n,,n=user"s, "n,,n=user,r="s, "n,,n=user,r=a b"s, "n,,m=x,n=user,r=a"s, first("x,,"),
        first("n,b=x,"), first("n,,", "a=2"), first("n,,", "a=2c")})
    EXPECT_EQ(told(broken), "malformed") << broken;
}

INSTANTIATE_TEST_SUITE_P(rfc, scram, testing::Values(rfc_5802, rfc_7677));

}  // namespace
}  // namespace sql2ldap::codec
