#include "ldap_helpers.hpp"

#include <functional>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <ldap.h>

#include <fmt/format.h>

using namespace sql2ldap;
using namespace sql2ldap::test;
using testing::HasSubstr;

namespace {

const std::string suffix(slapd_server::suffix);

class ldap_connect_to : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = std::make_unique<slapd_server>(slapd_server::options{
        .writes = slapd_server::kept::dbnosync, .network = true, .base_entries = true, .more_config = {}});
  }
  static void TearDownTestSuite() { server_.reset(); }

  static ldap::options over(const std::string& uri) {
    ldap::options how = as_sync(*server_);
    how.uri = uri;
    how.ca_file = server_->ca_file();
    return how;
  }
  static std::string who(const ldap::options& how) {
    auto facts = connected(how)->describe();
    return facts ? facts->authorization_id : facts.error().text();
  }

  static inline std::unique_ptr<slapd_server> server_;
  const std::string sync_id_ = "dn:" + std::string(slapd_server::sync_dn);
};

TEST_F(ldap_connect_to, external_on_ldapi) {
  ldap::options how;
  how.uri = server_->ldapi();
  EXPECT_EQ(who(how), "dn:" + slapd_server::external_dn());
}

TEST_F(ldap_connect_to, simple_bind_and_anonymous) {
  EXPECT_EQ(who(over(server_->ldap())), sync_id_);
  ldap::options how;
  how.uri = server_->ldap();
  EXPECT_EQ(who(how), "");
}

TEST_F(ldap_connect_to, tls_and_start_tls) {
  EXPECT_EQ(who(over(server_->ldaps())), sync_id_);
  ldap::options how = over(server_->ldap());
  how.start_tls = true;
  EXPECT_EQ(who(how), sync_id_);
}

TEST_F(ldap_connect_to, large_answers_over_tls) {
  const auto directory = connected(over(server_->ldaps()));
  ASSERT_FALSE(write_in_transaction(*directory, {add_unit("tls")}).value());
  ASSERT_FALSE(write_in_transaction(*directory, many_units(3000, "ou=tls," + suffix)).value());
  EXPECT_EQ(read_all(*directory, {.base = "ou=tls," + suffix})->size(), 3001U);
}

TEST_F(ldap_connect_to, a_certificate_of_somebody_else_is_refused) {
  for (const bool start_tls : {false, true}) {
    ldap::options how = over(start_tls ? server_->ldap() : server_->ldaps());
    how.start_tls = start_tls;
    how.ca_file = server_->other_ca_file();
    const auto refused = ldap::connect(how);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, error_kind::directory);
    EXPECT_FALSE(refused.error().transient) << refused.error().text();
    EXPECT_THAT(refused.error().text(),
                testing::AllOf(HasSubstr("is signed by CN=Test ca"), HasSubstr(server_->other_ca_file()),
                               HasSubstr("hint: give the certificate of that authority with --ca-file")));

    how.check_certificate = false;
    EXPECT_EQ(who(how), sync_id_);
  }
}

TEST_F(ldap_connect_to, a_certificate_for_another_name_is_refused) {
  for (const bool start_tls : {false, true}) {
    std::string uri = start_tls ? server_->ldap() : server_->ldaps();
    uri.replace(uri.find("localhost"), 9, "127.0.0.1");
    ldap::options how = over(uri);
    how.start_tls = start_tls;
    const auto refused = ldap::connect(how);
    ASSERT_FALSE(refused);
    EXPECT_FALSE(refused.error().transient) << refused.error().text();
    EXPECT_EQ(exit_code_of(refused.error()), exit_code::directory);
    EXPECT_THAT(refused.error().text(),
                testing::AllOf(HasSubstr("is for localhost"), HasSubstr("not for 127.0.0.1"),
                               HasSubstr("hint: name the server in the URI as its certificate does")));
  }
}

TEST_F(ldap_connect_to, a_certificate_that_has_expired_is_refused) {
  server_->stop();
  server_->sign_certificate(slapd_server::validity::over);
  server_->start();
  for (const bool start_tls : {false, true}) {
    ldap::options how = over(start_tls ? server_->ldap() : server_->ldaps());
    how.start_tls = start_tls;
    const auto refused = ldap::connect(how);
    ASSERT_FALSE(refused);
    EXPECT_EQ(exit_code_of(refused.error()), exit_code::directory) << refused.error().text();
    EXPECT_THAT(refused.error().text(),
                testing::AllOf(HasSubstr("the server's certificate expired on "), HasSubstr("hint: renew")));
  }
  server_->stop();
  server_->sign_certificate(slapd_server::validity::valid);
  server_->start();
  EXPECT_EQ(who(over(server_->ldaps())), sync_id_);
}

TEST_F(ldap_connect_to, the_system_does_not_trust_the_test_authority) {
  ldap::options how = over(server_->ldaps());
  how.ca_file.clear();
  EXPECT_FALSE(ldap::connect(how));
}

TEST_F(ldap_connect_to, wrong_credentials_are_an_error_without_the_password) {
  ldap::options how = over(server_->ldap());
  how.password = secret("wrong horse");
  const auto refused = ldap::connect(how);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().ldap_code, LDAP_INVALID_CREDENTIALS);
  EXPECT_FALSE(refused.error().transient);
  EXPECT_THAT(refused.error().text(), HasSubstr(std::string(slapd_server::sync_dn)));
  EXPECT_THAT(refused.error().text(), testing::Not(HasSubstr("horse")));
}

TEST_F(ldap_connect_to, an_empty_password_never_becomes_anonymous) {
  ldap::options how = over(server_->ldap());
  how.password = secret();
  const auto refused = ldap::connect(how);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, error_kind::usage);
}

TEST_F(ldap_connect_to, what_cannot_be_meant_is_a_usage_error) {
  ldap::options how = over("nonsense://x");
  EXPECT_EQ(ldap::connect(how).error().kind, error_kind::usage);
  how = over(server_->ldaps());
  how.start_tls = true;
  EXPECT_EQ(ldap::connect(how).error().kind, error_kind::usage);
  how = over(server_->ldaps());
  how.ca_file = "/nonexistent/ca.pem";
  EXPECT_EQ(ldap::connect(how).error().kind, error_kind::usage);
}

TEST_F(ldap_connect_to, nobody_there_is_a_transient_error) {
  ldap::options how;
  how.uri = "ldapi://%2Fnonexistent%2Fldapi";
  const auto refused = ldap::connect(how);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().transient);
  EXPECT_THAT(refused.error().text(), HasSubstr(how.uri));
}

TEST_F(ldap_connect_to, the_server_describes_itself) {
  const auto directory = connected(as_sync(*server_));
  const auto facts = directory->describe();
  ASSERT_TRUE(facts) << facts.error().text();
  EXPECT_THAT(facts->naming_contexts, testing::Contains(suffix));
  EXPECT_THAT(facts->controls, testing::Contains(LDAP_CONTROL_PAGEDRESULTS));
  EXPECT_THAT(facts->extensions, testing::Contains(LDAP_EXOP_WHO_AM_I));
  EXPECT_TRUE(facts->transactions);
  EXPECT_THAT(facts->vendor, testing::StartsWith("OpenLDAP 2."));
  EXPECT_EQ(facts->authorization_id, sync_id_);
  EXPECT_EQ(directory->name(), server_->ldapi());

  const model::attribute_name mail("mail");
  EXPECT_EQ(facts->schema.equality_of(mail), model::matching_rule::case_ignore_ia5);
  EXPECT_TRUE(facts->schema.single_value(model::attribute_name("s2lOrigin")));
  EXPECT_FALSE(facts->schema.single_value(mail));
  EXPECT_TRUE(facts->schema.allows({"inetOrgPerson", "s2lMailAccount"}, model::attribute_name("s2lQuotaBytes")));
}

TEST_F(ldap_connect_to, transactions_can_be_declined) {
  ldap::options how = as_sync(*server_);
  how.use_transactions = false;
  EXPECT_FALSE(connected(how)->describe()->transactions);
}

// ---- servers that do not answer --------------------------------------------------------------

// Accepts, reads what comes, and sends `answers`, one for each read; then nothing any more.
class mute_server {
 public:
  explicit mute_server(std::vector<std::string> answers = {}, bool unix_socket = false) : answers_(std::move(answers)) {
    if (unix_socket) {
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      (folder_ / "ldapi").string().copy(address.sun_path, sizeof address.sun_path - 1);
      listen_on(AF_UNIX, reinterpret_cast<sockaddr*>(&address), sizeof address);
      where_ = "ldapi://";
      for (const char c : (folder_ / "ldapi").string()) where_ += c == '/' ? "%2F" : std::string(1, c);
    } else {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      socklen_t length = sizeof address;
      auto* generic = reinterpret_cast<sockaddr*>(&address);
      listen_on(AF_INET, generic, length);
      ::getsockname(listener_, generic, &length);
      where_ = fmt::format("localhost:{}", ntohs(address.sin_port));
    }
    thread_ = std::thread([this] { serve(); });
  }
  ~mute_server() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  const std::string& where() const { return where_; }

 private:
  void listen_on(int family, sockaddr* address, socklen_t length) {
    listener_ = ::socket(family, SOCK_STREAM, 0);
    if (::bind(listener_, address, length) != 0 || ::listen(listener_, 8) != 0)
      throw std::runtime_error("cannot listen");
  }
  // One client at a time: each of ours goes away before the next comes.
  void serve() {
    for (int client = -1; (client = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(client)) {
      std::size_t turn = 0;
      char bytes[4096];
      while (::read(client, bytes, sizeof bytes) > 0) {
        if (turn >= answers_.size()) continue;
        const std::string& answer = answers_[turn++];
        if (::write(client, answer.data(), answer.size()) < 0) break;
      }
    }
  }

  temp_dir folder_;
  std::vector<std::string> answers_;
  int listener_ = -1;
  std::string where_;
  std::thread thread_;
};

ldap::options impatient(const std::string& uri) {
  ldap::options how;
  how.uri = uri;
  how.connect_time_max = short_time;
  how.answer_time_max = short_time;
  how.check_certificate = false;  // a bare system trusts nobody
  return how;
}

void expect_bounded(const std::function<result<void>()>& call) {
  const auto start = std::chrono::steady_clock::now();
  const auto outcome = call();
  EXPECT_LT(std::chrono::steady_clock::now() - start, bounded_time);
  ASSERT_FALSE(outcome);
  EXPECT_TRUE(outcome.error().transient) << outcome.error().text();
  EXPECT_EQ(outcome.error().kind, error_kind::directory);
}

result<void> try_connect(const ldap::options& how) {
  S2L_TRY(ldap::connect(how));
  return {};
}

const std::string bind_success("\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00", 14);
const std::string start_tls_success("\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00", 14);

TEST(ldap_mute, in_the_bind) {
  const mute_server tcp;
  expect_bounded([&] { return try_connect(impatient("ldap://" + tcp.where())); });
  const mute_server local({}, true);
  expect_bounded([&] { return try_connect(impatient(local.where())); });
}

TEST(ldap_mute, in_the_tls_handshake) {
  const mute_server tcp;
  expect_bounded([&] { return try_connect(impatient("ldaps://" + tcp.where())); });
}

TEST(ldap_mute, in_start_tls_and_after_it) {
  for (const auto& answers : {std::vector<std::string>{}, std::vector<std::string>{start_tls_success}}) {
    const mute_server tcp(answers);
    ldap::options how = impatient("ldap://" + tcp.where());
    how.start_tls = true;
    expect_bounded([&] { return try_connect(how); });
  }
}

TEST(ldap_mute, after_the_bind) {
  const mute_server tcp({bind_success});
  const auto directory = connected(impatient("ldap://" + tcp.where()));
  expect_bounded([&]() -> result<void> {
    S2L_TRY(read_all(*directory, {.base = suffix}));
    return {};
  });
}

TEST(ldap_mute, in_mid_message) {
  // Half of a search entry: 256 bytes are announced.
  const mute_server tcp({bind_success, std::string("\x30\x82\x01\x00\x02\x01\x02\x64\x81\xfa\x04\x03"
                                                   "ab",
                                                   14)});
  const auto directory = connected(impatient("ldap://" + tcp.where()));
  expect_bounded([&]() -> result<void> {
    S2L_TRY(read_all(*directory, {.base = suffix}));
    return {};
  });
}

TEST(ldap_mute, nonsense_is_an_error) {
  const mute_server tcp({bind_success, "HTTP/1.1 400 Bad Request\r\n\r\n"});
  const auto directory = connected(impatient("ldap://" + tcp.where()));
  EXPECT_FALSE(read_all(*directory, {.base = suffix}));
}

}  // namespace
