#include <sql2ldap/codec/filter.hpp>

#include <sql2ldap/base/text.hpp>

namespace sql2ldap::codec {

namespace {

std::string combined(char sign, const std::vector<filter>& parts) {
  std::string out = "(";
  out += sign;
  for (const filter& part : parts) out += part.text();
  out += ')';
  return out;
}

}  // namespace

filter filter::equal(model::attribute_name name, std::string_view value) {
  filter out;
  constexpr std::size_t signs = 3;
  out.text_.reserve(name.text().size() + value.size() + signs);
  out.text_ += '(';
  out.text_ += name.text();
  out.text_ += '=';
  append_filter_escaped(out.text_, value);
  out.text_ += ')';
  return out;
}

filter filter::present(model::attribute_name name) {
  filter out;
  out.text_ = "(" + name.text() + "=*)";
  return out;
}

// With no parts these are the absolute true "(&)" and false "(|)" filters of RFC 4526.
filter filter::all_of(const std::vector<filter>& parts) {
  if (parts.size() == 1) return parts.front();
  filter out;
  out.text_ = combined('&', parts);
  return out;
}

filter filter::any_of(const std::vector<filter>& parts) {
  if (parts.size() == 1) return parts.front();
  filter out;
  out.text_ = combined('|', parts);
  return out;
}

filter filter::none_of(const filter& part) {
  filter out;
  out.text_ = combined('!', {part});
  return out;
}

void append_filter_escaped(std::string& out, std::string_view value) {
  static constexpr std::string_view digits = "0123456789abcdef";
  const bool utf8 = is_utf8(value);
  std::size_t begin = 0;  // of what is taken as it is
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c != '*' && c != '(' && c != ')' && c != '\\' && c != '\0' && (byte < 0x80 || utf8)) continue;
    out += value.substr(begin, i - begin);
    out += '\\';
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
    begin = i + 1;
  }
  out += value.substr(begin);
}

}  // namespace sql2ldap::codec
