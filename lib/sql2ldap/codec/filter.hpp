// LDAP search filters as values (RFC 4515): built, never concatenated.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/model/attribute_name.hpp>

namespace sql2ldap::codec {

class filter {
 public:
  [[nodiscard]] static filter equal(model::attribute_name name, std::string_view value);  // value escaped
  [[nodiscard]] static filter present(model::attribute_name name);
  [[nodiscard]] static filter all_of(const std::vector<filter>& parts);
  [[nodiscard]] static filter any_of(const std::vector<filter>& parts);
  [[nodiscard]] static filter none_of(const filter& part);
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

// `*`, `(`, `)`, `\`, NUL and bytes that are not UTF-8 as \hh.
void append_filter_escaped(std::string& out, std::string_view value);

}  // namespace sql2ldap::codec
