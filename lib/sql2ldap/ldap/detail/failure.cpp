#include <sql2ldap/ldap/detail/failure.hpp>

#include <fmt/format.h>
#include <ldap.h>

namespace sql2ldap::ldap::detail {
namespace {

constexpr std::size_t diagnostic_bytes_max = 500;

// slapd's words, from its source: back-mdb's add.c, modify.c, modrdn.c and delete.c, txn.c; backend.c.
constexpr std::string_view commit_failed = "commit failed";
constexpr std::string_view restricted = "operation restricted";

bool says(std::string_view diagnostic, std::string_view words) noexcept {
  return diagnostic.find(words) != std::string_view::npos;
}

std::string hint_for(int code, std::string_view diagnostic) {
  if (code == LDAP_OTHER && says(diagnostic, commit_failed))
    return "the disk or the database (olcDbMaxSize) is full: make room, and restart slapd before anything else is "
           "written, since it may have lost the numbers of attributes (docs/operations.md)";
  if (code == LDAP_UNWILLING_TO_PERFORM && says(diagnostic, restricted))
    return "the directory is read-only now (olcReadOnly, olcRestrict)";
  switch (code) {
    case LDAP_SIZELIMIT_EXCEEDED:
    case LDAP_TIMELIMIT_EXCEEDED:
    case LDAP_ADMINLIMIT_EXCEEDED:
      return "raise the limits of the identity that binds (olcLimits: size=unlimited time=unlimited)";
    case LDAP_INVALID_CREDENTIALS:
      return "check the bind DN and its password; the server does not say which of them is wrong";
    case LDAP_INSUFFICIENT_ACCESS:
      return "let the identity that binds write here (olcAccess)";
    case LDAP_CONFIDENTIALITY_REQUIRED:
    case LDAP_STRONG_AUTH_REQUIRED:
      return "use ldaps://, StartTLS or ldapi://";
    case LDAP_REFERRAL:
      return "this server does not hold the tree for writing: name the provider instead";
    case LDAP_SERVER_DOWN:
      return "is the server running, and is this its address?";
    default:
      return {};
  }
}

}  // namespace

verdict verdict_of(int code) noexcept {
  switch (code) {
    case LDAP_SUCCESS:
      return verdict::done;
    case LDAP_BUSY:
    case LDAP_UNAVAILABLE:
    case LDAP_SERVER_DOWN:
    case LDAP_TIMEOUT:
    case LDAP_CONNECT_ERROR:
    case LDAP_LOCAL_ERROR:
    case LDAP_DECODING_ERROR:
      return verdict::later;
    case LDAP_NO_SUCH_OBJECT:
    case LDAP_INVALID_DN_SYNTAX:
    case LDAP_INSUFFICIENT_ACCESS:
    case LDAP_UNWILLING_TO_PERFORM:
    case LDAP_ASSERTION_FAILED:
    case LDAP_ADMINLIMIT_EXCEEDED:  // olcDbMaxEntrySize
    case LDAP_OTHER:                // a name or a value that back-mdb cannot store, and much else
      return verdict::refused;
    default:
      // RFC 4511, 4.1.9: 16-21 are about attributes and values, 64-71 about the entry and its name.
      return (code >= LDAP_NO_SUCH_ATTRIBUTE && code <= LDAP_INVALID_SYNTAX) ||
                     (code >= LDAP_NAMING_VIOLATION && code <= LDAP_AFFECTS_MULTIPLE_DSAS)
                 ? verdict::refused
                 : verdict::broken;
  }
}

verdict verdict_of_write(int code, std::string_view diagnostic) noexcept {
  const bool of_all = (code == LDAP_OTHER && says(diagnostic, commit_failed)) ||
                      (code == LDAP_UNWILLING_TO_PERFORM && says(diagnostic, restricted));
  return of_all ? verdict::broken : verdict_of(code);
}

std::string code_text(int code, std::string_view diagnostic) {
  std::string text = fmt::format("{} ({})", ldap_err2string(code), code);
  if (!diagnostic.empty()) {
    text += ": ";
    for (const char c : diagnostic.substr(0, diagnostic_bytes_max))
      text += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return text;
}

error failure(std::string_view server, std::string_view doing, int code, std::string_view diagnostic) {
  return {.kind = error_kind::directory,
          .transient = verdict_of(code) == verdict::later,
          .ldap_code = code,
          .message = fmt::format("{}: {}: {}", server, doing, code_text(code, diagnostic)),
          .context = {},
          .hint = hint_for(code, diagnostic)};
}

}  // namespace sql2ldap::ldap::detail
