#include <sql2ldap/base/error.hpp>

#include <cstdio>
#include <cstdlib>

#include <sql2ldap/base/log.hpp>
#include <sql2ldap/base/printable.hpp>

namespace sql2ldap {

std::string error::text() const {
  // The messages of libraries have line breaks, and those of servers whatever a row holds: here only the hint has a
  // line of its own.
  std::string out = printable_line(message);
  if (!context.empty()) {
    out += " (";
    for (std::size_t i = 0; i < context.size(); ++i) {
      if (i != 0) out += ", ";
      out += printable_line(context[i]);
    }
    out += ')';
  }
  if (!hint.empty()) {
    out += "\nhint: ";
    out += printable_line(hint);
  }
  return out;
}

error error::within(std::string what) && {
  context.push_back(std::move(what));
  return std::move(*this);
}

error error::with_hint(std::string what) && {
  hint = std::move(what);
  return std::move(*this);
}

namespace {

error make_error(error_kind kind, bool transient, std::string message, std::string hint) {
  error e;
  e.kind = kind;
  e.transient = transient;
  e.message = std::move(message);
  e.hint = std::move(hint);
  return e;
}

}  // namespace

tl::unexpected<error> fail(error_kind kind, std::string message, std::string hint) {
  return tl::make_unexpected(make_error(kind, false, std::move(message), std::move(hint)));
}

tl::unexpected<error> fail_transient(error_kind kind, std::string message, std::string hint) {
  return tl::make_unexpected(make_error(kind, true, std::move(message), std::move(hint)));
}

exit_code exit_code_of(const error& e) noexcept {
  if (e.transient) return exit_code::try_later;
  switch (e.kind) {
    case error_kind::usage:
    case error_kind::mapping:
    case error_kind::input:
      return exit_code::usage;
    case error_kind::source:
      return exit_code::source;
    case error_kind::directory:
      return exit_code::directory;
    case error_kind::limit:
    case error_kind::changed:
      return exit_code::differences;
    case error_kind::local:
      return exit_code::try_later;
  }
  return exit_code::try_later;
}

void assertion_failed(const char* expression, const char* file, int line) noexcept {
  log::gathered_lines::write_now();
  std::fprintf(stderr, "%s:%d: broken invariant: %s\n", file, line, expression);
  std::abort();
}

}  // namespace sql2ldap
