// Text from rows, servers and other programs, on its way to a terminal or a log.
#pragma once

#include <string>
#include <string_view>

namespace sql2ldap {

// One line: a line break with the blanks around it becomes one blank. What drives a terminal or ends a line elsewhere
// (C0 and C1 controls, U+2028 and U+2029), what reorders text (bidirectional controls, Unicode Standard Annex 9) and
// bytes that are not UTF-8 become \xHH. All else stays as it is.
[[nodiscard]] std::string printable_line(std::string_view text);

// The same for text of several lines: "\n" and "\t" stay.
[[nodiscard]] std::string printable_text(std::string_view text);

}  // namespace sql2ldap
