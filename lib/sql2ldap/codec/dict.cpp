#include <sql2ldap/codec/dict.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/detail/wire.hpp>
#include <sql2ldap/codec/tab_escape.hpp>

namespace sql2ldap::codec::dict {

namespace {

using detail::answered;
using detail::hung_up;
using detail::wire_number;

enum flag : std::uint32_t { recurse = 1, sort_by_key = 2, sort_by_value = 4, no_value = 8, exact_key = 16 };

constexpr std::uint32_t last_old_major = 3;
constexpr std::uint32_t last_major = 4;
constexpr std::uint32_t first_old_minor_with_several = 2;

std::optional<iterate> read_iterate(const std::vector<std::string_view>& fields) {
  if (fields.size() < 3) return std::nullopt;
  const std::optional<std::uint32_t> flags = wire_number(fields[0]);
  const std::optional<std::uint32_t> rows = wire_number(fields[1]);
  if (!flags || !rows) return std::nullopt;
  iterate out;
  out.recurse = (*flags & recurse) != 0;
  out.sort_by_key = (*flags & sort_by_key) != 0;
  out.sort_by_value = (*flags & sort_by_value) != 0;
  out.no_value = (*flags & no_value) != 0;
  out.exact_key = (*flags & exact_key) != 0;
  out.rows_max = *rows;
  out.prefix = tab_unescaped(fields[2]);
  if (fields.size() > 3) out.user = tab_unescaped(fields[3]);
  return out;
}

bool fits(const std::string& line) { return line.size() < limits::dict_reply_bytes_max; }

std::string bounded(const session& to, std::string line) {
  return fits(line) ? std::move(line) : to.failed("the value is too long");
}

}  // namespace

session::session(std::vector<std::string> names) : lines_(limits::dict_line_bytes_max), names_(std::move(names)) {}

decoded<request> session::next() {
  return detail::next_of<request>(lines_, closed_, [this](std::string_view line) { return take(line); });
}

std::optional<session::outcome> session::take(std::string_view line) {
  if (!greeted_) return take_hello(line);
  if (line.empty()) return outcome(hung_up("an empty line"));
  const std::vector<std::string_view> fields = split(line.substr(1), '\t');
  switch (line.front()) {
    case 'L':
      return outcome(lookup{tab_unescaped(fields[0]), fields.size() > 1 ? tab_unescaped(fields[1]) : std::string()});
    case 'I': {
      std::optional<iterate> what = read_iterate(fields);
      if (!what) return outcome(hung_up("a broken iteration"));
      return outcome(*std::move(what));
    }
    case 'C':
    case 'D': {  // the latter's answer is told apart by a letter in front
      const std::optional<std::uint32_t> transaction = wire_number(fields[0]);
      if (!transaction) return outcome(hung_up("a commit without a number"));
      const std::string_view mark = line.front() == 'D' ? "A" : "";
      return outcome(answered(fmt::format("{}F{}\tread-only\n", mark, *transaction), "a change of what is read only"));
    }
    case 'B':
    case 'S':
    case 'U':
    case 'A':
    case 'T':
    case 'R':
    case 'V':
      return std::nullopt;
    default:
      return outcome(hung_up("an unknown command"));
  }
}

std::optional<session::outcome> session::take_hello(std::string_view line) {
  const std::vector<std::string_view> fields = split(line, '\t');
  if (fields.size() < 5 || !fields[0].starts_with('H')) return outcome(hung_up("no greeting in the first line"));
  const std::optional<std::uint32_t> major = wire_number(fields[0].substr(1));
  const std::optional<std::uint32_t> minor = wire_number(fields[1]);
  if (!major || !minor || *major < last_old_major || *major > last_major)
    return outcome(hung_up("an unknown version of the protocol"));
  name_ = tab_unescaped(fields[4]);
  if (!names_.empty() && std::find(names_.begin(), names_.end(), name_) == names_.end())
    return outcome(hung_up("a dict that is not served here: " + quoted_for_message(name_)));
  takes_several_ = *major > last_old_major || *minor >= first_old_minor_with_several;
  greeted_ = true;
  return std::nullopt;
}

std::string session::found(std::string_view value) const { return bounded(*this, 'O' + tab_escaped(value) + '\n'); }

std::string session::found_all(const std::vector<std::string>& values) const {
  if (values.empty()) return not_found();
  if (!takes_several_ || values.size() == 1) return found(values.front());
  std::string joined;
  for (const std::string& value : values) {
    if (&value != &values.front()) joined += '\t';
    append_tab_escaped(joined, value);
  }
  return bounded(*this, 'M' + tab_escaped(joined) + '\n');
}

std::string session::not_found() const { return "N\n"; }

std::string session::failed(std::string_view reason) const { return 'F' + tab_escaped(reason) + '\n'; }

std::optional<std::string> session::row(std::string_view key, std::string_view value) const {
  std::string line = 'O' + tab_escaped(key) + '\t' + tab_escaped(value) + '\n';
  if (!fits(line)) return std::nullopt;
  return line;
}

std::string session::rows_end() const { return "\n"; }

}  // namespace sql2ldap::codec::dict
