#include <sql2ldap/serve/login_check.hpp>

#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <sodium.h>

#include <sql2ldap/base/coarse_clock.hpp>
#include <sql2ldap/codec/password_verify.hpp>
#include <sql2ldap/serve/detail/address.hpp>

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
std::string salt_for(std::string_view given, const std::string& key) {
  const auto known = detail::login_name_in(given);
  const std::string_view name = known ? std::string_view(known->text) : given;
  std::array<unsigned char, salt_bytes> out{};
  crypto_generichash(out.data(), out.size(), reinterpret_cast<const unsigned char*>(name.data()), name.size(),
                     reinterpret_cast<const unsigned char*>(key.data()), key.size());
  return {out.begin(), out.end()};
}

login_result later(std::string cause) { return {what::try_later, {}, std::move(cause)}; }

// Under a DN that is not there, and without a login: nobody's password is made better.
std::unique_ptr<const account> with_passwords_of(const account& other) {
  auto nobody = std::make_unique<account>();
  nobody->dn = "cn=nobody," + other.dn;
  nobody->passwords = other.passwords;
  return nobody;
}

std::string unverifiable_text(const codec::password_verdict& verdict, const codec::password_bounds& bounds) {
  constexpr double mib = 1U << 20U;
  const std::string_view scheme = verdict.scheme.empty() ? std::string_view("?") : verdict.scheme;
  if (!verdict.cost || verdict.cost->seconds + verdict.cost->memory_bytes == 0)
    return fmt::format("a password of the scheme {} cannot be verified here", scheme);
  return fmt::format(
      "a password of the scheme {} would take some {:.3g} s and {:.0f} MiB to verify; an account may take {:.3g} s "
      "and {:.0f} MiB (hash-time-max, hash-memory-max)",
      scheme, verdict.cost->seconds, verdict.cost->memory_bytes / mib, bounds.seconds_max,
      bounds.memory_bytes_max / mib);
}

constexpr const char* too_many_text = "too many wrong passwords";
constexpr const char* too_late_text = "no worker came to it in time";
constexpr const char* too_many_questions_text = "too many questions wait";

login_result of_proved(const login_answer& account) {
  switch (account.now) {
    case login_answer::verdict::allowed:
      return {what::accepted, account.who->login, {}};
    case login_answer::verdict::disabled:
      return {what::disabled, {}, "the account or its domain is off"};
    case login_answer::verdict::no_login:
      return {what::disabled, {}, "the account has no login, or is locked"};
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

result<bool> verify_stored_password(const account& whose, const secret& password,
                                    const codec::password_bounds& bounds) {
  using proof = codec::password_verdict::what;
  const auto verdict = codec::verify_password(whose.passwords, password.reveal(), bounds);
  if (verdict.now == proof::unverifiable) return fail(error_kind::directory, unverifiable_text(verdict, bounds));
  return verdict.now == proof::matches;
}

login_check::login_check(answers& from, workers& lookups, workers& proving, guess_limiter& guesses, listener told,
                         prover prove, judge quick)
    : from_(from),
      lookups_(lookups),
      proving_(proving),
      guesses_(guesses),
      told_(std::move(told)),
      prove_(std::move(prove)),
      quick_(std::move(quick)),
      disguise_key_(new_key()) {}

login_result login_check::tell(const login_attempt& who, login_result how) {
  told_(who, how);
  return how;
}

void login_check::find(std::shared_ptr<const login_attempt> asked, const guess& what, std::function<void(found)> done) {
  if (!guesses_.may_try(what)) {
    tell(*asked, later(too_many_text));
    return done(nullptr);
  }
  auto answer = std::make_shared<result<std::optional<login_answer>>>(fail_transient(error_kind::local, too_late_text));
  const bool taken = lookups_.run(
      [this, asked, answer, began = coarse_now()] {
        *answer = from_.account_for_login({asked->name, asked->service, asked->from, nullptr, began});
      },
      [this, asked, answer, done] {
        if (*answer) return done(std::make_shared<const std::optional<login_answer>>(std::move(**answer)));
        tell(*asked, later(answer->error().text()));
        done(nullptr);
      },
      asked->by);
  if (taken) return;
  tell(*asked, later(too_many_questions_text));
  done(nullptr);
}

login_result login_check::settle(const login_attempt& who, const guess& what,
                                 const std::optional<login_answer>& account, bool proved) {
  login_result how{login_result::what::wrong_password, {}, account ? "wrong password" : "no such user"};
  if (proved) {
    guesses_.right(what);
    how = of_proved(account.value());
  }
  how.guessed = guesses_.is_guessed(what);
  return tell(who, std::move(how));
}

// A password that is to be verified.
struct login_check::proof {
  proof(login_attempt&& from, secret&& shown, listener&& then, std::shared_ptr<const account> other)
      : who(std::move(from)), password(std::move(shown)), done(std::move(then)), decoy(std::move(other)) {}

  const login_attempt who;
  const secret password;
  const listener done;
  const std::chrono::steady_clock::time_point began = coarse_now();
  const std::shared_ptr<const account> decoy;  // whose password it is proved against where nobody has the name
  const std::optional<detail::login_name> name_as_read = detail::login_name_in(who.name);
  guess what = guess::of_name(who.name, name_as_read, who.from);
  // Once they are known.
  std::optional<result<std::optional<login_answer>>> found{};
  std::unique_ptr<const account> nobody{};
  std::optional<result<bool>> is_right{};

  // Whose password it may be; nullptr: of nobody.
  [[nodiscard]] const account* against() const {
    if (password.empty()) return nullptr;
    if (const auto& somebody = found->value()) return somebody->who.get();
    return nobody.get();
  }
};

// What is proved quickly is so where it was found.
void login_check::look_up(proof& of) {
  const auto& answer =
      of.found.emplace(from_.account_for_login({of.who.name, of.who.service, of.who.from, &of.name_as_read, of.began}));
  if (!answer) return;
  if (*answer) of.what.is_of((*answer)->who->login);
  of.nobody = *answer || of.decoy == nullptr ? nullptr : with_passwords_of(*of.decoy);
  const account* const against = of.against();
  if (against != nullptr && quick_(*against)) prove(of);
}

// Asked again whether it may be tried: of many at once the first were wrong meanwhile.
void login_check::prove(proof& of) {
  if (!guesses_.may_try(of.what)) {
    of.is_right = fail_transient(error_kind::local, too_many_text);
    return;
  }
  auto& right = of.is_right.emplace(false);
  if (const account* const against = of.against()) {
    right = prove_(*against, of.password);
    if (of.nobody && right) right = false;
  } else {
    codec::verify_dummy(of.password.reveal());
  }
  if (right && !*right) guesses_.wrong(of.what);
}

void login_check::verify(login_attempt who, secret password, listener done) {
  const auto of = std::make_shared<proof>(std::move(who), std::move(password), std::move(done), logged_in_last_);
  if (!guesses_.may_try(of->what)) return end(*of, later(too_many_text));
  const bool taken = lookups_.run([this, of] { look_up(*of); }, [this, of] { go_on(of); }, of->who.by);
  if (!taken) end(*of, later(too_many_questions_text));
}

// Whoever tries one account keeps no more than workers::lane_max threads from the others.
std::string login_check::lane_of(const proof& of) {
  const auto& found = of.found->value();
  return found ? found->who->dn : std::string();
}

void login_check::end(const proof& of, login_result how) { of.done(of.who, tell(of.who, std::move(how))); }

void login_check::go_on(const std::shared_ptr<proof>& of) {
  if (!of->found) return end(*of, later(too_late_text));
  if (!*of->found) return end(*of, later(of->found->error().text()));
  if (of->is_right) return conclude(*of);
  const bool taken = proving_.run_in_lane(
      lane_of(*of), [this, of] { prove(*of); }, [this, of] { conclude(*of); }, of->who.by);
  if (!taken) end(*of, later("too many passwords wait to be verified"));
}

void login_check::conclude(proof& of) {
  if (!of.is_right) return end(of, later(too_late_text));
  if (!*of.is_right) return end(of, later(of.is_right->error().text()));
  const std::optional<login_answer>& account = **of.found;
  const login_result how = settle(of.who, of.what, account, **of.is_right);
  if (**of.is_right) logged_in_last_ = account->who;
  of.done(of.who, how);
}

void login_check::begin_scram(login_attempt who, codec::scram_hash hash, std::function<void(const scram_login&)> done) {
  const auto asked = std::make_shared<const login_attempt>(std::move(who));
  find(asked, {asked->name, {}, asked->from}, [this, asked, hash, done = std::move(done)](const found& account) {
    if (!account) return done({});
    const auto made = std::make_shared<scram_login>();
    const bool taken = proving_.run(
        [this, asked, account, made, hash] {
          const std::string salt = salt_for(asked->name, disguise_key_);
          std::optional<codec::scram_secret> stored;
          if (*account)
            for (const secret& one : (*account)->who->passwords)
              if (!stored) stored = codec::scram_secret_in(one.reveal(), hash, salt, scram_iterations);
          codec::scram_secret of_nobody;  // made whenever no work was to be done for the other
          if (!stored || stored->salt != salt)
            of_nobody = codec::make_scram_secret(hash, disguise_key_, salt, scram_iterations);
          made->stored = stored.has_value();
          made->secret = std::move(stored).value_or(std::move(of_nobody));
          made->account = account;
        },
        [this, asked, made, done] {
          if (!made->account) tell(*asked, later(too_late_text));
          done(*made);
        },
        asked->by);
    if (taken) return;
    tell(*asked, later("too many passwords wait to be verified"));
    done({});
  });
}

login_result login_check::end_scram(const login_attempt& who, const scram_login& of, bool proved) {
  guess what(who.name, {}, who.from);
  if (*of.account) what.is_of((*of.account)->who->login);
  if (!guesses_.may_try(what)) return tell(who, later(too_many_text));
  if (!proved) guesses_.wrong(what);
  if (*of.account && !of.stored) return tell(who, later("no password is stored that SCRAM could be done with"));
  return settle(who, what, *of.account, proved);
}

}  // namespace sql2ldap::serve
