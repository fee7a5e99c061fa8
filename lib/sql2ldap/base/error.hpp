// What went wrong, as a value. Functions return result<T>; they do not log and do not throw.
// Whoever handles an error logs it once. Exceptions of third-party libraries end at the door of
// the room that calls them; a broken invariant of our own aborts (S2L_ASSERT).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace sql2ldap {

// Where the fault lies, which is also what the operator can do about it.
enum class error_kind {
  usage,      // command line or configuration: correct it            (exit 2)
  mapping,    // the mapping text, or what it says of tables/schema   (exit 2)
  input,      // bytes that are not what their format says            (exit 2)
  source,     // the SQL side                                         (exit 3)
  directory,  // the LDAP side                                        (exit 4)
  limit,      // stopped by a safety limit: differences remain        (exit 1)
  changed,    // either side changed since a plan was made            (exit 1)
  local,      // this host: files, memory, sockets                    (exit 75)
};

struct error {
  error_kind kind = error_kind::local;
  // True when the same call may succeed later without anybody changing anything
  // (connection lost, server busy, time-out). Leads to exit 75, never to "is not there".
  bool transient = false;
  // LDAP result code (RFC 4511, 4.1.9) for kind directory; 0 otherwise.
  int ldap_code = 0;
  std::string message;               // one sentence: what and where; never a secret
  std::vector<std::string> context;  // outermost last: "while reading table mailbox"
  std::string hint;                  // what to do, or empty

  // "message (while ..., while ...)"; the hint follows on a line of its own as "hint: ...".
  [[nodiscard]] std::string text() const;
  [[nodiscard]] error within(std::string what) &&;
  [[nodiscard]] error with_hint(std::string what) &&;
};

template <typename T>
using result = tl::expected<T, error>;

[[nodiscard]] tl::unexpected<error> fail(error_kind kind, std::string message, std::string hint = {});
[[nodiscard]] tl::unexpected<error> fail_transient(error_kind kind, std::string message, std::string hint = {});

// Exit codes of every program: 0 done or in step, 1 differences (or rejects, or a limit),
// 2 usage or mapping, 3 source, 4 directory, 75 try later.
enum class exit_code : int { done = 0, differences = 1, usage = 2, source = 3, directory = 4, try_later = 75 };
[[nodiscard]] exit_code exit_code_of(const error& e) noexcept;

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace sql2ldap

// Return early with the error of `expression` (a result<...>).
#define S2L_TRY(expression)                                             \
  do {                                                                  \
    if (auto&& s2l_try_result_ = (expression); !s2l_try_result_)        \
      return ::tl::make_unexpected(std::move(s2l_try_result_).error()); \
  } while (false)

#define S2L_CONCAT_(a, b) a##b
#define S2L_CONCAT(a, b) S2L_CONCAT_(a, b)
#define S2L_TRY_ASSIGN_(temporary, target, expression)                        \
  auto temporary = (expression);                                              \
  if (!temporary) return ::tl::make_unexpected(std::move(temporary).error()); \
  target = *std::move(temporary)
// S2L_TRY_ASSIGN(auto x, f()): x is the value of f(), or return early with its error.
#define S2L_TRY_ASSIGN(target, expression) S2L_TRY_ASSIGN_(S2L_CONCAT(s2l_result_, __LINE__), target, expression)

// Holds in release builds too: going on with a broken invariant could write wrong entries.
#define S2L_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::sql2ldap::assertion_failed(#expression, __FILE__, __LINE__))
