#include <sql2ldap/codec/dict.hpp>

namespace sql2ldap::codec::dict {

std::string escaped_segment(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '/' || c == '\\') out += '\\';
    out += c == '/' ? '|' : c;
  }
  return out;
}

std::string unescaped_segment(std::string_view segment) {
  std::string out;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    const bool escaped = segment[i] == '\\' && i + 1 < segment.size();
    if (escaped) ++i;
    out += escaped && segment[i] == '|' ? '/' : segment[i];
  }
  return out;
}

}  // namespace sql2ldap::codec::dict
