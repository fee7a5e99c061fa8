#include <sql2ldap/codec/dovecot_userdb.hpp>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/detail/wire.hpp>
#include <sql2ldap/codec/tab_escape.hpp>
#include <sql2ldap/codec/user_name.hpp>

namespace sql2ldap::codec::dovecot_userdb {

namespace {

using detail::answered;
using detail::hung_up;
using detail::wire_number;

constexpr std::array<std::string_view, 3> first_fields = {"uid", "gid", "home"};  // where a short reader finds them

// The value of "name=value" among the parameters, from the field `first` on; empty when there is none.
std::string parameter(const std::vector<std::string_view>& line, std::size_t first, std::string_view name) {
  for (std::size_t i = first; i < line.size(); ++i) {
    if (line[i].size() > name.size() && line[i].starts_with(name) && line[i][name.size()] == '=')
      return tab_unescaped(line[i].substr(name.size() + 1));
  }
  return {};
}

void append_field(std::string& out, const std::pair<std::string, std::string>& field) {
  out += '\t';
  append_tab_escaped(out, field.first);
  out += '=';
  append_tab_escaped(out, field.second);
}

std::string found(std::string start, std::uint32_t id, const fields& what) {
  std::string out = std::move(start);
  for (const std::string_view name : first_fields) {
    for (const auto& field : what)
      if (field.first == name) append_field(out, field);
  }
  for (const auto& field : what)
    if (std::find(first_fields.begin(), first_fields.end(), field.first) == first_fields.end())
      append_field(out, field);
  if (out.size() >= limits::userdb_reply_bytes_max) return trouble(id, "The answer is too long");
  return out + '\n';
}

}  // namespace

std::string greeting(std::uint32_t process) { return fmt::format("VERSION\t1\t1\nSPID\t{}\n", process); }

session::session() : lines_(limits::userdb_line_bytes_max) {}

decoded<request> session::next() {
  return detail::next_of<request>(lines_, closed_, [this](std::string_view line) { return take(line); });
}

std::optional<session::outcome> session::take(std::string_view line) {
  const std::vector<std::string_view> parts = split(line, '\t');
  if (!version_known_) {
    version_known_ = parts.size() == 3 && parts[0] == "VERSION" && parts[1] == "1" && wire_number(parts[2]);
    if (!version_known_) return outcome(hung_up("no VERSION of this protocol in the first line"));
    return std::nullopt;
  }
  const std::string_view command = parts[0];
  const std::optional<std::uint32_t> id = parts.size() > 1 ? wire_number(parts[1]) : std::nullopt;
  if (!id) return outcome(hung_up("a command without a number"));
  if (command == "LIST") return outcome(list_users{*id, parameter(parts, 2, "user")});
  if (command == "CACHE-FLUSH") {
    flush_cache out{*id, {}};
    for (std::size_t i = 2; i < parts.size(); ++i) out.names.push_back(tab_unescaped(parts[i]));
    return outcome(std::move(out));
  }
  if (command == "REQUEST")
    return outcome(answered(trouble(*id, "Logins are not finished here"), "a login that is to be finished here"));
  if ((command != "USER" && command != "PASS") || parts.size() < 3) return outcome(hung_up("an unknown command"));
  std::string service = parameter(parts, 3, "service");
  if (service.empty()) service = parameter(parts, 3, "protocol");  // 2.4
  if (service.empty()) return outcome(hung_up("a lookup without service"));
  std::string name = tab_unescaped(parts[2]);
  if (!is_possible_user_name(name)) return outcome(answered(not_found(*id), "a name that nobody can have"));
  if (command == "USER") return outcome(find_user{*id, std::move(name), std::move(service)});
  return outcome(find_login{*id, std::move(name), std::move(service)});
}

std::string user_found(std::uint32_t id, std::string_view name, const fields& what) {
  return found(fmt::format("USER\t{}\t{}", id, tab_escaped(name)), id, what);
}

std::string login_found(std::uint32_t id, std::string_view name, const fields& what) {
  return found(fmt::format("PASS\t{}\tuser={}", id, tab_escaped(name)), id, what);
}

std::string not_found(std::uint32_t id) { return fmt::format("NOTFOUND\t{}\n", id); }

std::string trouble(std::uint32_t id, std::string_view reason) {
  return fmt::format("FAIL\t{}\treason={}\n", id, tab_escaped(reason));
}

std::string listed(std::uint32_t id, std::string_view name) {
  return fmt::format("LIST\t{}\t{}\n", id, tab_escaped(name));
}

std::string list_done(std::uint32_t id) { return fmt::format("DONE\t{}\t\n", id); }

std::string list_broken(std::uint32_t id) { return fmt::format("DONE\t{}\tfail\n", id); }

std::string cache_flushed(std::uint32_t id, std::size_t entries) { return fmt::format("OK\t{}\t{}\n", id, entries); }

}  // namespace sql2ldap::codec::dovecot_userdb
