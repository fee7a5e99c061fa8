#include <algorithm>
#include <array>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/mapping/detail/hints.hpp>
#include <sql2ldap/mapping/detail/parser_state.hpp>
#include <sql2ldap/mapping/detail/words.hpp>

namespace sql2ldap::mapping::syntax::detail {
namespace {

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// A token as it may stand in a message: one line, short, no control characters.
std::string shown(std::string_view token) {
  constexpr std::size_t shown_bytes_max = 40;
  std::string text;
  for (const char c : token.substr(0, shown_bytes_max)) text += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  if (token.size() > shown_bytes_max) {
    while (!text.empty() && !is_utf8(text)) text.pop_back();
    text += "...";
  }
  return text;
}

// Past a quoted text that begins at `from`; at most to the end of its line.
const char* past_quoted(const char* from, const char* last) {
  const char quote = *from++;
  while (from != last && *from != '\n') {
    if (*from == quote) return from + 1;
    if (quote == '"' && *from == '\\' && from + 1 != last && from[1] != '\n') ++from;
    ++from;
  }
  return from;
}

}  // namespace

const char* parser_state::skip_blanks(const char* from) {
  while (from != end()) {
    if (is_blank(*from)) {
      ++from;
    } else if (*from == '#') {
      const char* const stop = std::find(from, end(), '\n');
      std::string_view text(from + 1, static_cast<std::size_t>(stop - from - 1));
      while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
      comments_.try_emplace(offset(from), comment{offset(stop), std::string(text)});
      from = stop;
    } else {
      break;
    }
  }
  return from;
}

void parser_state::read_token(const char* begin, const char* end) {
  const token read{offset(begin), offset(end)};
  while (!tokens_.empty() && tokens_.back().begin >= read.begin) tokens_.pop_back();
  tokens_.push_back(read);
}

std::uint32_t parser_state::offset(const char* where) const noexcept {
  return static_cast<std::uint32_t>(where - begin());
}

position parser_state::span(const char* begin, const char* end) const noexcept {
  return {offset(begin), static_cast<std::uint32_t>(end - begin)};
}

const parser_state::token* parser_state::token_before(std::uint32_t place) const noexcept {
  for (auto it = tokens_.rbegin(); it != tokens_.rend(); ++it)
    if (it->end <= place) return &*it;
  return nullptr;
}

// What stands at `where`, as far as it belongs together: a word, or one character.
std::string_view parser_state::word_at(const char* where) const noexcept {
  const char* stop = where;
  while (stop != end() && is_word_char(*stop)) ++stop;
  if (stop == where && stop != end()) {
    ++stop;
    while (stop != end() && (static_cast<unsigned char>(*stop) & 0xC0U) == 0x80U) ++stop;
  }
  return {where, static_cast<std::size_t>(stop - where)};
}

void parser_state::report_expected(const char* where, std::string_view words) {
  const char* const found = skip_blanks(where);
  const std::string_view found_word = word_at(found);
  const token* const before = token_before(offset(found));
  std::string message = "expected " + std::string(words);
  position at = span(found, found + found_word.size());
  std::string_view previous;
  if (before != nullptr) {
    previous = source_.substr(before->begin, before->end - before->begin);
    message += " after '" + shown(previous) + "'";
    // What is missing at the end of a line is missing there, not before the next line's first word.
    const bool same_line = source_.substr(before->end, at.offset - before->end).find('\n') == std::string_view::npos;
    const bool starts_anew = words == statement_words || words == item_words;
    if (found == end() || (!same_line && !starts_anew)) at = {before->end, 0};
  }
  add(at, std::move(message), hint_for({words, previous, source_.substr(offset(found))}));
}

void parser_state::report(const syntax_error& error) {
  add(span(error.where, error.where + word_at(error.where).size()), error.message, error.hint);
}

void parser_state::add(position at, std::string message, std::string hint) {
  if (gave_up_) return;
  messages.push_back({diagnostic::severity::error, at, std::move(message), std::move(hint)});
  if (messages.size() >= limits::mapping_errors_max) gave_up_ = true;
}

bool parser_state::at_item(const char* where) const {
  const std::string_view word = word_at(where);
  if (word != "entry" && word != "param" && word != "table") return false;
  const char* next = where + word.size();
  while (next != end() && is_blank(*next)) ++next;
  return next != end() && (is_word_start(*next) || *next == '`');
}

bool parser_state::at_statement(const char* where) const {
  if (where == end() || !is_word_start(*where)) return false;
  if (is_statement_keyword(word_at(where))) return true;
  const char* next = where;
  while (next != end() && (is_word_char(*next) || *next == '-' || *next == ';')) ++next;
  while (next != end() && is_blank(*next)) ++next;
  const std::string_view rest = source_.substr(offset(next));
  return (rest.starts_with("=") && !rest.starts_with("==")) || rest.starts_with("?=");
}

// A statement or item is taken up again at the beginning of a line only: inside a line too many
// words look like one.
const char* parser_state::next_start(const char* begin, const char* failed, bool items_only) {
  if (gave_up_) return end();
  bool line_start = false;
  int braces = 0;
  const char* at = begin;
  while (at != end()) {
    if (is_blank(*at)) {
      line_start = line_start || *at == '\n';
      ++at;
      continue;
    }
    if (*at == '#') {
      at = std::find(at, end(), '\n');
      continue;
    }
    if (line_start && at > begin && at >= failed && (at_item(at) || (!items_only && braces <= 0 && at_statement(at))))
      return at;
    line_start = false;
    if (*at == '"' || *at == '\'' || *at == '`') {
      at = past_quoted(at, end());
      continue;
    }
    if (*at == '{') ++braces;
    if (*at == '}') {
      if (!items_only && braces <= 0 && at > begin && at >= failed) return at;
      --braces;
    }
    at += word_at(at).size();
  }
  gave_up_ = true;
  return at;
}

const char* parser_state::next_statement(const char* begin, const char* failed) {
  return next_start(begin, failed, false);
}

const char* parser_state::next_item(const char* begin, const char* failed) { return next_start(begin, failed, true); }

}  // namespace sql2ldap::mapping::syntax::detail
