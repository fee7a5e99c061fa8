// Escaping of dovecot's line protocols: fields stand between TABs, lines end with LF, and in a field NUL, ^A, TAB, CR
// and LF are ^A followed by 0, 1, t, r, n. ^A before any other byte stands for that byte; one at the end for nothing.
#pragma once

#include <string>
#include <string_view>

namespace sql2ldap::codec {

void append_tab_escaped(std::string& out, std::string_view field);
[[nodiscard]] std::string tab_escaped(std::string_view field);
[[nodiscard]] std::string tab_unescaped(std::string_view field);

}  // namespace sql2ldap::codec
