#include <sql2ldap/codec/checkpassword.hpp>

#include <algorithm>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/tab_escape.hpp>

namespace sql2ldap::codec::checkpassword {

namespace {

constexpr int temporary = 111;

// checkpassword-reply lowers them, and separates them by blanks.
bool is_field_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

result<void> check(const answer& what) {
  if (what.user.empty() || what.uid.empty() || what.gid.empty())
    return fail(error_kind::input, quoted_for_message(what.user) + " has no uid or no gid",
                "--uid and --gid for those who have none");
  for (const auto& [name, value] : what.fields) {
    if (!is_field_name(name)) return fail(error_kind::input, "no name of a field: " + quoted_for_message(name));
  }
  return {};
}

}  // namespace

result<input> parse(std::string_view bytes) {
  if (bytes.size() > limits::checkpassword_bytes_max)
    return fail(error_kind::input,
                "more than " + std::to_string(limits::checkpassword_bytes_max) + " bytes of user name and password");
  const std::vector<std::string_view> parts = split(bytes, '\0');
  if (parts.size() < 3)
    return fail(error_kind::input, "a user name and a password are missing on descriptor 3",
                "this program is started by dovecot, or another server that speaks checkpassword");
  return input{std::string(parts[0]), secret(std::string(parts[1])), std::string(parts[2])};
}

purpose purpose_of(bool authorized, bool credentials_lookup) noexcept {
  if (!authorized) return purpose::login;
  return credentials_lookup ? purpose::credentials : purpose::user_lookup;
}

int exit_status(purpose what, outcome how) noexcept {
  const bool login = what == purpose::login;
  switch (how) {
    case outcome::accepted:
      return login ? 0 : 2;
    case outcome::refused:
      return login ? 1 : 3;
    case outcome::trouble:
      break;
  }
  return temporary;
}

int misuse_status(purpose what) noexcept { return what == purpose::login ? 2 : temporary; }

answer answer_of(std::string user, const std::vector<std::pair<std::string, std::string>>& userdb,
                 const owner& otherwise) {
  answer out{std::move(user), otherwise.uid, otherwise.gid, {}, {}};
  for (const auto& [name, value] : userdb) {
    if (name == "uid")
      out.uid = value;
    else if (name == "gid")
      out.gid = value;
    else if (name == "home")
      out.home = value;
    else
      out.fields.emplace_back("userdb_" + name, value);
  }
  return out;
}

result<void> add_password(answer& to, const secret& password) {
  const std::string_view text = password.reveal();
  if (!text.starts_with('{') || text.find('}') == std::string_view::npos)
    return fail(error_kind::input,
                "the password of " + quoted_for_message(to.user) + " is stored without its {SCHEME}");
  to.fields.emplace_back("password", text);
  return {};
}

result<secret> record(const answer& what) {
  S2L_TRY(check(what));
  std::string out;
  const auto append = [&](std::string_view name, std::string_view value) {
    out += name;
    out += '=';
    append_tab_escaped(out, value);
    out += '\t';
  };
  append("user", what.user);
  append("userdb_uid", what.uid);
  append("userdb_gid", what.gid);
  if (!what.home.empty()) append("userdb_home", what.home);
  for (const auto& [name, value] : what.fields) append(name, value);
  return secret(std::move(out));
}

result<environment> reply_environment(const answer& what, purpose why) {
  S2L_TRY(check(what));
  environment out;
  std::string extra = "userdb_uid userdb_gid";
  out.emplace_back("USER", what.user);
  // One that stood there before would become the home of the mail.
  out.emplace_back("HOME", what.home.empty() ? std::nullopt : std::optional<std::string>(what.home));
  out.emplace_back("userdb_uid", what.uid);
  out.emplace_back("userdb_gid", what.gid);
  for (const auto& [name, value] : what.fields) {
    out.emplace_back(name, value);
    extra += ' ' + name;
  }
  out.emplace_back("EXTRA", extra);
  if (why != purpose::login) out.emplace_back("AUTHORIZED", "2");
  for (const auto& [name, value] : out) {
    // USER and HOME go into the record as they are, the others escaped.
    const std::string_view forbidden =
        name == "USER" || name == "HOME" ? std::string_view("\0\t\n\r\x01", 5) : std::string_view("\0", 1);
    if (value && value->find_first_of(forbidden) != std::string::npos)
      return fail(error_kind::input, "a byte in " + name + " that an environment cannot hand on");
  }
  return out;
}

}  // namespace sql2ldap::codec::checkpassword
