#include <sql2ldap/codec/tab_escape.hpp>

namespace sql2ldap::codec {

namespace {

constexpr char escape = '\x01';
constexpr std::string_view special("\0\x01\t\r\n", 5);
constexpr unsigned char special_max = '\r';
constexpr std::string_view letters = "01trn";

}  // namespace

void append_tab_escaped(std::string& out, std::string_view field) {
  std::size_t begin = 0;
  for (std::size_t at = 0; at < field.size(); ++at) {
    if (static_cast<unsigned char>(field[at]) > special_max) continue;
    const std::size_t which = special.find(field[at]);
    if (which == std::string_view::npos) continue;
    out.append(field, begin, at - begin);
    out += escape;
    out += letters[which];
    begin = at + 1;
  }
  out.append(field, begin);
}

std::string tab_escaped(std::string_view field) {
  std::string out;
  append_tab_escaped(out, field);
  return out;
}

std::string tab_unescaped(std::string_view field) {
  std::string out;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] != escape) {
      out += field[i];
      continue;
    }
    if (++i == field.size()) break;
    const std::size_t which = letters.find(field[i]);
    out += which == std::string_view::npos ? field[i] : special[which];
  }
  return out;
}

}  // namespace sql2ldap::codec
