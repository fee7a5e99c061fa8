// What the grammar needs besides the rules: blanks and comments, the tokens read so far (for "after
// '='" in messages and for placing comments), the depth, the messages, and where to go on after one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/mapping/diagnostics.hpp>

namespace sql2ldap::mapping::syntax::detail {

// Thrown inside the grammar, caught by its recovering() parsers; never leaves the folder.
struct syntax_error {
  const char* where;
  std::string message;
  std::string hint;
};

class parser_state {
 public:
  struct token {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  struct comment {
    std::uint32_t end = 0;
    std::string text;  // without '#' and without blanks at the end
  };

  explicit parser_state(std::string_view source) : source_(source) {}

  // The next place that is neither blank nor comment.
  const char* skip_blanks(const char* from);
  void read_token(const char* begin, const char* end);
  [[nodiscard]] position span(const char* begin, const char* end) const noexcept;

  void report_expected(const char* where, std::string_view words);
  void report(const syntax_error& error);

  // Where reading can go on after a fault at `failed` in what began at `begin`; always behind
  // `begin`, or the end of the text.
  const char* next_statement(const char* begin, const char* failed);
  const char* next_item(const char* begin, const char* failed);
  // "entry NAME", "param NAME" or "table NAME" stands here: a forgotten brace ends no later.
  [[nodiscard]] bool at_item(const char* where) const;
  [[nodiscard]] bool at_end(const char* where) const { return where == end(); }

  [[nodiscard]] const std::vector<token>& tokens() const noexcept { return tokens_; }
  [[nodiscard]] const std::map<std::uint32_t, comment>& comments() const noexcept { return comments_; }
  [[nodiscard]] const char* begin() const noexcept { return source_.data(); }
  [[nodiscard]] const char* end() const noexcept { return source_.data() + source_.size(); }
  diagnostics messages;
  std::size_t depth = 0;

 private:
  [[nodiscard]] std::uint32_t offset(const char* where) const noexcept;
  [[nodiscard]] const token* token_before(std::uint32_t place) const noexcept;
  [[nodiscard]] std::string_view word_at(const char* where) const noexcept;
  [[nodiscard]] bool at_statement(const char* where) const;
  const char* next_start(const char* begin, const char* failed, bool items_only);
  void add(position at, std::string message, std::string hint);

  std::string_view source_;
  std::vector<token> tokens_;
  std::map<std::uint32_t, comment> comments_;  // by the offset of '#'
  bool gave_up_ = false;                       // nothing to go on with was found: say no more
};

}  // namespace sql2ldap::mapping::syntax::detail
