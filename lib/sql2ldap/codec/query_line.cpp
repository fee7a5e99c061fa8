#include <sql2ldap/codec/query_line.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/codec/user_name.hpp>

namespace sql2ldap::codec::query_line {

namespace {

using outcome = tl::expected<request, settled>;

constexpr std::array<std::pair<std::string_view, request::what>, 4> verbs = {{{"domain ", request::what::domain},
                                                                              {"alias ", request::what::alias},
                                                                              {"user ", request::what::user},
                                                                              {"sender ", request::what::sender}}};

bool is_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\n\r\0", 3)) == std::string_view::npos;
}

outcome refused(std::string answer, std::string why) {
  return tl::make_unexpected(settled{std::move(answer), true, std::move(why)});
}

}  // namespace

session::session() : line_(limits::query_line_bytes_max) {}

decoded<request> session::next() {
  if (taken_) return std::nullopt;
  std::optional<std::string_view> line = line_.next();
  if (!line && !ended_ && !line_.overflown()) return std::nullopt;
  taken_ = true;
  if (line_.overflown()) return refused(trouble("the request is too long"), "a request that is too long");
  if (!line) line = line_.rest();
  const auto verb =
      std::find_if(verbs.begin(), verbs.end(), [&](const auto& known) { return line->starts_with(known.first); });
  if (verb == verbs.end()) return refused(trouble("the request is not understood"), "a request that is not understood");
  const std::string_view name = line->substr(verb->first.size());
  if (!is_possible_user_name(name)) return refused(not_found(), "a name that nobody can have");
  return outcome(request{verb->second, std::string(name)});
}

std::string found(std::string_view text) {
  if (!is_one_line(text)) return trouble("the answer is no single line");
  return text.empty() ? "yes\n" : "yes " + std::string(text) + '\n';
}

std::string not_found() { return "no\n"; }

std::string trouble(std::string_view reason) {
  std::string out = "defer";
  if (!reason.empty()) out += ' ';
  for (const char c : reason) out += is_one_line({&c, 1}) ? c : ' ';
  return out + '\n';
}

}  // namespace sql2ldap::codec::query_line
