// LDIF (RFC 2849): entries and changes to text and back.
#pragma once

#include <cstddef>
#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/change.hpp>
#include <sql2ldap/model/entry.hpp>

namespace sql2ldap::codec {

// Writing never folds lines unless asked (slapadd and ldapmodify read long ones; diffs stay whole).
// Values that are not SAFE-STRINGs, or end in a blank, are base64.
void append_ldif_value(std::string& out, std::string_view name, std::string_view value);
void append_ldif(std::string& out, const model::entry& content);  // with the empty line after it
void append_ldif(std::string& out, const model::change& what);    // changetype record

// Reads records one by one in bounded memory (limits.hpp). `<` URLs are refused. Errors carry the
// line number. Content records come as entry, change records as change; comments are given to
// `on_comment` (text after '#', unfolded) when set.
class ldif_reader {
 public:
  explicit ldif_reader(std::istream& in, std::function<void(std::string_view)> on_comment = {});
  using record = std::variant<model::entry, std::vector<model::change>>;  // change records hold one change each
  [[nodiscard]] result<std::optional<record>> next();
  [[nodiscard]] std::size_t line() const noexcept { return line_; }

 private:
  result<std::optional<record>> read_record();
  result<bool> read_physical_line(std::string& out);
  result<bool> read_logical_line(std::string& out);
  std::istream& in_;
  std::function<void(std::string_view)> on_comment_;
  std::size_t line_ = 0;        // where the last unfolded line began
  std::size_t lines_read_ = 0;  // one further when a line was looked at ahead
  std::string ahead_;
  bool has_ahead_ = false;
  bool started_ = false;
};

}  // namespace sql2ldap::codec
