// The words of the language, and what a word is made of.
#pragma once

#include <string_view>

namespace sql2ldap::mapping::syntax::detail {

// "Expected ..." texts that other files ask for by identity.
inline constexpr std::string_view statement_words = "a statement or '}'";
inline constexpr std::string_view item_words = "'param', 'table' or 'entry'";

[[nodiscard]] constexpr bool is_word_start(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
[[nodiscard]] constexpr bool is_word_char(char c) noexcept { return is_word_start(c) || (c >= '0' && c <= '9'); }

// Words that need backticks to be a name.
[[nodiscard]] bool is_keyword(std::string_view word) noexcept;
// Those that begin a statement of an entry.
[[nodiscard]] bool is_statement_keyword(std::string_view word) noexcept;
// Letters, digits, '_', not a digit first.
[[nodiscard]] bool is_plain_word(std::string_view text) noexcept;

}  // namespace sql2ldap::mapping::syntax::detail
