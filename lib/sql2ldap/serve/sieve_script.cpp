#include <sql2ldap/serve/sieve_script.hpp>

#include <sodium.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/serve/detail/address.hpp>

namespace sql2ldap::serve {

namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr seconds one_day{86400};
// "Once" in PostfixAdmin's words. A server with a smaller bound takes its own (RFC 5230, 4.1).
constexpr unsigned once_days = 365;

// RFC 5228, 2.4.2.
std::string sieve_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
  return out;
}

std::string list_of(const std::vector<std::string>& texts) {
  std::vector<std::string> items;
  for (const std::string& text : texts) items.push_back(sieve_string(text));
  return fmt::format("[{}]", fmt::join(items, ", "));
}

// A header has one line.
std::string one_line(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if ((c >= '\0' && c < ' ') || c == '\x7f') c = ' ';
  return std::string(trimmed(out));
}

// RFC 5228, 2.4.2: "text:" with a dot before each line that begins with one. Lines end with LF alone, because exim
// reads nothing else.
std::string multi_line(std::string_view text) {
  std::string out = "text:\n";
  bool line_begins = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r') {
      if (i + 1 < text.size() && text[i + 1] == '\n') continue;
      out += '\n';
      line_begins = true;
      continue;
    }
    if (line_begins && c == '.') out += '.';
    out += c;
    line_begins = c == '\n';
  }
  if (!line_begins) out += '\n';
  out += ".\n";
  return out;
}

// Days and times of day compared as texts, both in UTC: parts of a date whose form RFC 5260 leaves no doubt about.
std::string not_before(sys_seconds when, std::string_view strictly, std::string_view otherwise) {
  const auto day = std::chrono::floor<std::chrono::days>(when);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(when - day);
  const std::string date_text = fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                                            static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  const std::string time_text =
      fmt::format("{:02}:{:02}:{:02}", time.hours().count(), time.minutes().count(), time.seconds().count());
  constexpr std::string_view now = "currentdate :zone \"+0000\"";
  return fmt::format(
      "anyof({0} :value \"{1}\" \"date\" \"{3}\",\n    allof({0} :is \"date\" \"{3}\", {0} :value \"{2}\" \"time\" "
      "\"{4}\"))",
      now, strictly, otherwise, date_text, time_text);
}

std::string window_of(const vacation_notice& notice) {
  std::vector<std::string> tests;
  if (notice.from) tests.push_back(not_before(*notice.from, "gt", "ge"));
  if (notice.until) tests.push_back(not_before(*notice.until, "lt", "le"));
  if (tests.empty()) return {};
  if (tests.size() == 1) return "if " + tests.front();
  return fmt::format("if allof({})", fmt::join(tests, ",\n  "));
}

struct pause {
  std::string words;  // of the vacation action, with a blank in front
  bool to_the_second = false;
};

pause pause_of(const vacation_notice& notice, bool seconds_known) {
  if (!notice.interval) return {};
  if (*notice.interval == seconds(0)) return {fmt::format(" :days {}", once_days), false};
  if (seconds_known && *notice.interval % one_day != seconds(0))
    return {fmt::format(" :seconds {}", std::min<seconds::rep>(notice.interval->count(), 0x7fffffff)), true};
  const auto days = (notice.interval->count() - 1) / one_day.count() + 1;
  return {fmt::format(" :days {}", std::min<seconds::rep>(days, once_days)), false};
}

struct part {
  std::string text;
  std::vector<std::string> extensions;
};

result<part> notice_part(const mail_account& of, const sieve_options& how, sys_seconds now) {
  const vacation_notice& notice = of.vacation;
  part made;
  const std::string subject = one_line(notice.subject);
  const std::string_view text = trimmed(notice.text).empty() ? std::string_view(subject) : notice.text;
  if (!how.notices || !notice.active || text.empty()) return made;
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos || !is_utf8(subject))
    return fail(error_kind::directory, of.dn + ": the absence notice is not UTF-8 text", "correct s2lVacationText");
  const bool exim = how.of == sieve_options::engine::exim;
  if (exim && ((notice.from && now < *notice.from) || (notice.until && now > *notice.until))) return made;

  const std::string window = exim ? std::string() : window_of(notice);
  const pause between = pause_of(notice, how.vacation_seconds && !exim);
  made.extensions.emplace_back(between.to_the_second ? "vacation-seconds" : "vacation");
  if (!window.empty()) {
    made.extensions.emplace_back("date");
    made.extensions.emplace_back("relational");
    made.text += window + " {\n";
  }
  made.text += "vacation" + between.words;
  if (!subject.empty()) made.text += " :subject " + sieve_string(subject);
  if (!of.addresses.empty()) made.text += "\n  :addresses " + list_of(of.addresses);
  made.text += " " + multi_line(text) + ";\n";
  if (!window.empty()) made.text += "}\n";
  return made;
}

// What a target is for this account: '@other' keeps the local part, a user of the host has the host's domain.
result<std::string> redirect_target(const mail_account& of, const std::string& target, const sieve_options& how) {
  if (target.starts_with('@')) {
    if (const auto own = detail::address_in(of.mail)) return std::string(own->local()) + target;
    return fail(error_kind::directory, fmt::format("{}: forwarded to {} without an address of its own", of.dn, target));
  }
  if (target.find('@') != std::string::npos) return target;
  if (!how.local_domain.empty()) return target + "@" + how.local_domain;
  return fail(error_kind::directory,
              fmt::format("{}: Sieve cannot forward to {}, which has no domain", of.dn, quoted_for_message(target)),
              "give the target its domain, or say which one such targets have");
}

result<part> forward_part(const mail_account& of, const sieve_options& how) {
  part made;
  if (!how.forwards || of.forward_to.empty()) return made;
  if (of.keep_copy) made.extensions.emplace_back("copy");
  for (const std::string& target : of.forward_to) {
    S2L_TRY_ASSIGN(const std::string address, redirect_target(of, target, how));
    made.text += fmt::format("redirect {}{};\n", of.keep_copy ? ":copy " : "", sieve_string(address));
  }
  return made;
}

std::string id_of(std::string_view text) {
  std::array<unsigned char, 16> digest{};
  crypto_generichash(digest.data(), digest.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     nullptr, 0);
  return codec::hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace

result<std::optional<sieve_script>> render_sieve(const mail_account& of, const sieve_options& how, sys_seconds now) {
  S2L_TRY_ASSIGN(const part notice, notice_part(of, how, now));
  S2L_TRY_ASSIGN(const part forward, forward_part(of, how));
  if (notice.text.empty() && forward.text.empty()) return std::nullopt;
  sieve_script made;
  // By this line exim knows that it is no list of addresses.
  made.text = "# Sieve filter, made by sql2ldap\n";
  std::vector<std::string> extensions = notice.extensions;
  extensions.insert(extensions.end(), forward.extensions.begin(), forward.extensions.end());
  if (!extensions.empty()) made.text += "require " + list_of(extensions) + ";\n";
  // The notice first: a redirect that fails ends the script.
  made.text += notice.text + forward.text;
  made.id = id_of(made.text);
  return made;
}

}  // namespace sql2ldap::serve
