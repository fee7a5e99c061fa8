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

}  // namespace

session::session() : lines_(limits::tcp_table_line_bytes_max) {}

decoded<request> session::next() {
  if (closed_) return std::nullopt;
  const std::optional<std::string_view> line = lines_.next();
  if (!line) {
    if (!lines_.overflown()) return std::nullopt;
    closed_ = true;
    return outcome(detail::hung_up("a line that is too long"));
  }
  if (line->starts_with("put "))
    return outcome(detail::answered(reply("500", "read-only"), "a change of what is read only"));
  std::optional<std::string> key;
  if (line->starts_with("get ")) key = from_percent_encoded(line->substr(4));
  if (!key) return outcome(detail::answered(trouble("not understood"), "a request that is not understood"));
  return outcome(request{*std::move(key)});
}

std::string found(std::string_view value) {
  std::string out = reply("200", value);
  return out.size() <= limits::tcp_table_line_bytes_max ? std::move(out) : trouble("the answer is too long");
}

std::string not_found() { return reply("500", "not found"); }

std::string trouble(std::string_view reason) { return reply("400", reason); }

}  // namespace sql2ldap::codec::tcp_table
