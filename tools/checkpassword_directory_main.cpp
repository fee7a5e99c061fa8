// sql2ldap-checkpassword-directory: what sql2ldap-checkpassword --directory runs in its place. The directory is asked
// by the settings of sql2ldap-authd, without its mirror.
#include <algorithm>
#include <csignal>
#include <memory>

#include <unistd.h>

#include <sql2ldap/base/log.hpp>

#include "answer_source.hpp"
#include "checkpassword.hpp"

namespace sql2ldap::tools::checkpassword {
namespace {

using verdict = serve::login_answer::verdict;

// What the directory's library waits for, it waits for by itself.
void end_in_time(clock::time_point until) {
  std::signal(SIGALRM, [](int) {
    constexpr std::string_view said = "sql2ldap-checkpassword: no answer of the directory in time\n";
    [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, said.data(), said.size());
    ::_exit(codec::checkpassword::exit_status(purpose::login, codec::checkpassword::outcome::trouble));
  });
  const auto left = std::chrono::ceil<std::chrono::seconds>(until - clock::now()).count();
  ::alarm(static_cast<unsigned>(std::max<std::int64_t>(left, 1)));
}

result<tools::options> settings_of(const options& chosen) {
  tools::options out;
  if (!chosen.config.empty()) S2L_TRY(config::load_settings(out.settings, chosen.config, "authd"));
  config::settings& set = out.settings;
  if (!chosen.directory_uri.empty()) set.directory = chosen.directory_uri;
  set.answer_from = "directory";
  set.compare_with.clear();
  set.mirror = false;
  set.scram = false;
  return out;
}

// No password that can be seen is no wrong password where none can be seen at all.
result<void> expect_passwords(const serve::account& who, answer_source& in) {
  if (!who.passwords.empty()) return {};
  S2L_TRY_ASSIGN(const bool shown, in.shows_passwords());
  if (shown) return {};
  return fail(error_kind::directory, "the directory shows us no passwords",
              "passwords = \"bind\", or access rights for who binds here");
}

// The account, if this login is right; only who knows the password is told more than "no".
result<std::shared_ptr<const serve::account>> proved(const question& asked, const answer_plan& plan,
                                                     answer_source& in) {
  S2L_TRY_ASSIGN(const auto found, in.answers().account_for_login({asked.name, asked.service, asked.remote_ip}));
  if (!found) {
    (void)plan.prove({}, asked.password);  // takes as long as for somebody who is there
    return nullptr;
  }
  if (plan.needs_passwords) S2L_TRY(expect_passwords(*found->who, in));
  S2L_TRY_ASSIGN(const bool right, plan.prove(*found->who, asked.password));
  if (!right || found->now != verdict::allowed) return nullptr;
  return found->who;
}

// The account whose password dovecot is to see.
result<std::shared_ptr<const serve::account>> stored(const question& asked, answer_source& in) {
  S2L_TRY_ASSIGN(const auto found, in.answers().account_for_login({asked.name, asked.service, asked.remote_ip}));
  if (!found || found->now != verdict::allowed) return nullptr;
  return found->who;
}

result<std::optional<answer>> ask(const options& chosen, const question& asked) {
  end_in_time(asked.until);
  S2L_TRY_ASSIGN(const tools::options settings, settings_of(chosen));
  S2L_TRY_ASSIGN(const answer_plan plan, plan_answers(settings));
  const auto in = plan.first({});
  std::string name = asked.name;
  std::shared_ptr<const serve::account> who;
  if (asked.why != purpose::user_lookup) {
    S2L_TRY_ASSIGN(who, asked.why == purpose::login ? proved(asked, plan, *in) : stored(asked, *in));
    if (!who) return std::nullopt;
    name = who->login;
  }
  S2L_TRY_ASSIGN(const auto userdb, in->answers().userdb_of(name));
  if (!userdb) {
    if (!who) return std::nullopt;
    return no_mailbox(name);
  }
  answer out = codec::checkpassword::answer_of(userdb->user, serve::fields_of_dovecot_23(*userdb), chosen.otherwise);
  if (asked.why == purpose::credentials) {
    S2L_TRY_ASSIGN(auto password, serve::password_for_dovecot(*who, plan.bounds));
    S2L_TRY(codec::checkpassword::add_password(out, secret(std::move(password))));
  }
  ::alarm(0);  // it would outlive exec
  return out;
}

}  // namespace
}  // namespace sql2ldap::tools::checkpassword

int main(int argc, char** argv) {
  using namespace sql2ldap::tools::checkpassword;
  return start(argc, argv, [](const options& chosen) {
    sql2ldap::log::set_level(sql2ldap::log::level::error);
    return run(chosen, ask);
  });
}
