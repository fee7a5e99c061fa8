// Is this the user, with this password, from here? What every protocol that takes passwords has in common.
//
// Promises: a name that nobody has costs what a wrong password costs: it is proved against what was stored for who
// logged in last; whether an account is off is only told to who knows its password; what cannot be verified, and what
// there is no room for, is `try_later`, never a wrong password; who guesses is slowed down (guess_limiter.hpp), also by
// many guesses at once; each verdict is told once, without a secret. All of it is called in one thread, and calls back
// in it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/secret.hpp>
#include <sql2ldap/codec/password_cost.hpp>
#include <sql2ldap/codec/scram_secret.hpp>
#include <sql2ldap/serve/answers.hpp>
#include <sql2ldap/serve/guess_limiter.hpp>
#include <sql2ldap/serve/workers.hpp>

namespace sql2ldap::serve {

struct login_attempt {
  std::string name;
  std::string service;
  std::string from;  // IP address, or empty
  asker by{};        // who goes away before it is verified need not be told
};

struct login_result {
  enum class what { accepted, wrong_password, disabled, not_from_here, try_later } now = what::try_later;
  std::string user;      // login name, when accepted
  std::string cause;     // for the log: why it is to be tried later, or refused; no secret
  bool guessed = false;  // the login, from everywhere: whatever is told should wait
};
[[nodiscard]] std::string_view word_for(login_result::what now) noexcept;

// Whether the password is one that is stored with the account. An error says that this cannot be verified, or costs
// more than the bounds; it names the scheme.
[[nodiscard]] result<bool> verify_stored_password(const account& whose, const secret& password,
                                                  const codec::password_bounds& bounds = {});

class login_check {
 public:
  using listener = std::function<void(const login_attempt& who, const login_result& how)>;
  // As verify_stored_password, or another way, such as to ask a directory. In a thread of `proving`, or of `lookups`
  // where that is `quick`; the password is not empty.
  using prover = std::function<result<bool>(const account& whose, const secret& password)>;
  using judge = std::function<bool(const account& whose)>;
  // All outlive this and what it is still asked.
  login_check(
      answers& from, workers& lookups, workers& proving, guess_limiter& guesses, listener told,
      prover prove = [](const account& whose,
                        const secret& password) { return verify_stored_password(whose, password); },
      judge quick = [](const account&) { return false; });

  void verify(login_attempt who, secret password, listener done);

  // For SCRAM, which proves a password without showing it: what is stored, and at the end the verdict. Of a password in
  // clear text something is made; for other schemes, and users that are not there, in the same time, something that
  // nobody can prove. Its salt is the same for all spellings of a name, until the program is started again.
  using found = std::shared_ptr<const std::optional<login_answer>>;  // nullptr: try later, which has been told
  struct scram_login {
    found account;
    codec::scram_secret secret{};
    bool stored = false;  // the secret is the account's
  };
  void begin_scram(login_attempt who, codec::scram_hash hash, std::function<void(const scram_login&)> done);
  login_result end_scram(const login_attempt& who, const scram_login& of, bool proved);

 private:
  struct proof;
  void find(std::shared_ptr<const login_attempt> who, const guess& what, std::function<void(found)> done);
  // Perhaps in a worker's thread.
  void look_up(proof& of);
  void prove(proof& of);
  // In that of the sessions.
  void go_on(const std::shared_ptr<proof>& of);
  void conclude(proof& of);
  [[nodiscard]] static std::string lane_of(const proof& of);
  void end(const proof& of, login_result how);
  login_result settle(const login_attempt& who, const guess& what, const std::optional<login_answer>& account,
                      bool proved);
  login_result tell(const login_attempt& who, login_result how);

  answers& from_;
  workers& lookups_;
  workers& proving_;
  guess_limiter& guesses_;
  listener told_;
  prover prove_;
  judge quick_;
  const std::string disguise_key_;
  std::shared_ptr<const account> logged_in_last_;  // nullptr: nobody has yet
};

}  // namespace sql2ldap::serve
