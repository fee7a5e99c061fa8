// Messages about a mapping text, with the place. Collected, not thrown; printed by render().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::mapping {

struct position {
  std::uint32_t offset = 0;  // bytes from the start of the text
  std::uint32_t length = 0;  // bytes
};

struct diagnostic {
  enum class severity { error, warning };
  severity level = severity::error;
  position at;
  std::string message;
  std::string hint;  // "" = none
};

using diagnostics = std::vector<diagnostic>;
[[nodiscard]] bool has_errors(const diagnostics& list) noexcept;

// Lines and columns count from 1; columns count code points, a tab is one column.
struct line_column {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};
[[nodiscard]] line_column locate(std::string_view text, std::uint32_t offset) noexcept;

// Compiler style, in order of position:
//   mappings/x.map:12:18: error: expected an expression after '='
//      12 |   mailQuota =   ;
//         |                 ^ write a column name, a "text" or a function call
[[nodiscard]] std::string render(const diagnostics& list, std::string_view text, std::string_view file_name);

}  // namespace sql2ldap::mapping
