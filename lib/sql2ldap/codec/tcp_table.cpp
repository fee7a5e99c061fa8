#include <sql2ldap/codec/tcp_table.hpp>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/detail/wire.hpp>

namespace sql2ldap::codec::tcp_table {

namespace {

using outcome = tl::expected<request, settled>;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = c > ' ' && c <= '~' && c != '%';
    out += plain ? std::string(1, c) : '%' + hex({&c, 1});
  }
  return out;
}

std::string reply(std::string_view status, std::string_view text) {
  return std::string(status) + ' ' + escaped(text) + '\n';
}

outcome take(std::string_view line) {
  if (line.starts_with("put ")) return detail::answered(reply("500", "read-only"), "a change of what is read only");
  std::optional<std::string> key;
  if (line.starts_with("get ")) key = from_percent_encoded(line.substr(4));
  if (!key) return detail::answered(trouble("not understood"), "a request that is not understood");
  return request{*std::move(key)};
}

}  // namespace

session::session() : lines_(limits::tcp_table_line_bytes_max) {}

decoded<request> session::next() { return detail::next_of<request>(lines_, closed_, take); }

bool fits(std::string_view value) { return reply("200", value).size() <= limits::tcp_table_line_bytes_max; }

std::string found(std::string_view value) {
  return fits(value) ? reply("200", value) : trouble("the answer is too long");
}

std::string not_found() { return reply("500", "not found"); }

std::string trouble(std::string_view reason) { return reply("400", reason); }

}  // namespace sql2ldap::codec::tcp_table
