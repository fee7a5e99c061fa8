#include <sql2ldap/serve/login_check.hpp>

#include <array>
#include <utility>

#include <fmt/format.h>
#include <sodium.h>

#include <sql2ldap/codec/password_verify.hpp>

namespace sql2ldap::serve {

namespace {

using what = login_result::what;

constexpr std::size_t key_bytes = 32;
constexpr std::size_t salt_bytes = 16;
constexpr std::uint32_t scram_iterations = 4096;  // as dovecot makes them

std::string new_key() {
  std::string out(key_bytes, '\0');
  randombytes_buf(out.data(), out.size());
  return out;
}

// The same for a name each time, as that of a stored secret is.
std::string salt_for(std::string_view name, const std::string& key) {
  std::array<unsigned char, salt_bytes> out{};
  crypto_generichash(out.data(), out.size(), reinterpret_cast<const unsigned char*>(name.data()), name.size(),
                     reinterpret_cast<const unsigned char*>(key.data()), key.size());
  return {out.begin(), out.end()};
}

login_result later(std::string cause) { return {what::try_later, {}, std::move(cause)}; }

login_result of_proved(const login_answer& account) {
  switch (account.now) {
    case login_answer::verdict::allowed:
      return {what::accepted, account.who.login, {}};
    case login_answer::verdict::disabled:
      return {what::disabled, {}, "the account or its domain is off"};
    case login_answer::verdict::no_login:
      return {what::disabled, {}, "the account has no login"};
    case login_answer::verdict::wrong_service:
      return {what::not_from_here, {}, "not for this service"};
    case login_answer::verdict::wrong_network:
      return {what::not_from_here, {}, "not from this network"};
  }
  return later("no verdict");
}

}  // namespace

std::string_view word_for(what now) noexcept {
  switch (now) {
    case what::accepted:
      return "accepted";
    case what::wrong_password:
      return "wrong password";
    case what::disabled:
      return "disabled";
    case what::not_from_here:
      return "not allowed";
    case what::try_later:
      return "try later";
  }
  return "";
}

result<bool> verify_stored_password(const account& whose, const secret& password) {
  using proof = codec::password_verdict::what;
  const auto verdict = codec::verify_password(whose.passwords, password.reveal());
  if (verdict.now == proof::unverifiable)
    return fail(error_kind::directory, fmt::format("a password of the scheme {} cannot be verified here",
                                                   verdict.scheme.empty() ? "?" : verdict.scheme));
  return verdict.now == proof::matches;
}

login_check::login_check(answers& from, workers& lookups, workers& proving, guess_limiter& guesses, listener told,
                         prover prove)
    : from_(from),
      lookups_(lookups),
      proving_(proving),
      guesses_(guesses),
      told_(std::move(told)),
      prove_(std::move(prove)),
      disguise_key_(new_key()) {}

login_result login_check::tell(const login_attempt& who, login_result how) {
  told_(who, how);
  return how;
}

void login_check::find(login_attempt who, std::function<void(found)> done) {
  if (!guesses_.may_try(who.name, who.from)) {
    tell(who, later("too many wrong passwords"));
    return done(nullptr);
  }
  auto answer = std::make_shared<result<std::optional<login_answer>>>();
  const auto asked = std::make_shared<const login_attempt>(std::move(who));
  const bool taken = lookups_.run(
      [this, asked, answer] {
        *answer = from_.account_for_login({asked->name, asked->service, asked->from});
      },
      [this, asked, answer, done] {
        if (*answer) return done(std::make_shared<const std::optional<login_answer>>(**std::move(answer)));
        tell(*asked, later(answer->error().text()));
        done(nullptr);
      });
  if (taken) return;
  tell(*asked, later("too many questions wait"));
  done(nullptr);
}

login_result login_check::settle(const login_attempt& who, const std::optional<login_answer>& account, bool proved) {
  if (!proved) {
    guesses_.wrong(who.name, who.from);
    return tell(who, {what::wrong_password, {}, account ? "wrong password" : "no such user"});
  }
  guesses_.right(who.name, who.from);
  return tell(who, of_proved(account.value()));
}

void login_check::verify(login_attempt who, secret password, std::function<void(const login_result&)> done) {
  const auto asked = std::make_shared<const login_attempt>(who);
  const auto given = std::make_shared<const secret>(std::move(password));
  find(std::move(who), [this, asked, given, done = std::move(done)](const found& account) {
    if (!account) return done(later({}));
    const auto proved = std::make_shared<result<bool>>(false);
    const bool taken = proving_.run(
        [this, account, given, proved] {
          if (*account && !given->empty())
            *proved = prove_((*account)->who, *given);
          else
            codec::verify_dummy(given->reveal());
        },
        [this, asked, account, proved, done] {
          if (*proved) return done(settle(*asked, *account, **proved));
          done(tell(*asked, later(proved->error().text())));
        });
    if (!taken) done(tell(*asked, later("too many passwords wait to be verified")));
  });
}

void login_check::begin_scram(login_attempt who, codec::scram_hash hash, std::function<void(const scram_login&)> done) {
  const auto asked = std::make_shared<const login_attempt>(who);
  find(std::move(who), [this, asked, hash, done = std::move(done)](const found& account) {
    if (!account) return done({});
    const auto made = std::make_shared<scram_login>(scram_login{account, std::nullopt});
    const std::string salt = salt_for(asked->name, disguise_key_);
    const bool taken = proving_.run(
        [made, hash, salt] {
          if (!*made->account) return;
          for (const secret& one : (*made->account)->who.passwords)
            if (!made->stored) made->stored = codec::scram_secret_in(one.reveal(), hash, salt, scram_iterations);
        },
        [made, done] { done(*made); });
    if (taken) return;
    tell(*asked, later("too many passwords wait to be verified"));
    done({});
  });
}

login_result login_check::end_scram(const login_attempt& who, const scram_login& of, bool proved) {
  if (*of.account && !of.stored) return tell(who, later("no password is stored that SCRAM could be done with"));
  return settle(who, *of.account, proved);
}

}  // namespace sql2ldap::serve
