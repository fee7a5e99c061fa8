#include <algorithm>
#include <array>
#include <numeric>
#include <utility>
#include <vector>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/mapping/detail/hints.hpp>
#include <sql2ldap/mapping/detail/words.hpp>

namespace sql2ldap::mapping::syntax::detail {
namespace {

constexpr std::array<std::string_view, 30> keywords = {
    "mapping", "param",  "table", "entry", "made", "from",   "where",     "join", "many",  "key",
    "under",   "orphan", "rdn",   "class", "on",   "insert", "partition", "else", "as",    "dn",
    "and",     "or",     "not",   "like",  "in",   "is",     "null",      "true", "false", "exists"};

constexpr std::array<std::string_view, 9> statement_keywords = {"join", "many",  "key",       "under", "orphan",
                                                                "rdn",  "class", "partition", "on"};

// Letters to change, put in, take out or swap with the neighbour until `a` is `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

bool is_misspelt(std::string_view word, std::string_view keyword) {
  if (word.size() < 2 || word.size() > 2 * keyword.size()) return false;
  const std::string lowered = ascii_lowered(word);
  return lowered != keyword ? edit_distance(lowered, keyword) <= (keyword.size() > 4 ? 2U : 1U) : word != keyword;
}

std::string did_you_mean(std::string_view keyword) { return "did you mean '" + std::string(keyword) + "'?"; }

// The keywords quoted in "'skip', 'reject' or 'make'".
std::vector<std::string_view> quoted_words(std::string_view expected) {
  std::vector<std::string_view> words;
  for (const std::string_view part : split(expected, '\''))
    if (is_plain_word(part)) words.push_back(part);
  return words;
}

std::string_view leading_word(std::string_view text) {
  const auto stop = std::find_if_not(text.begin(), text.end(), is_word_char);
  return text.substr(0, static_cast<std::size_t>(stop - text.begin()));
}

struct usage {
  std::string_view expected;
  std::string_view hint;
};
// How the thing is written, for places where the missing token alone says too little.
constexpr std::array<usage, 18> usages = {{
    {"'mapping'", "a file begins with: mapping \"name\""},
    {"an expression", "write a column name, a \"text\", a number or dn KIND(...)"},
    {"a condition", "write for instance: active = 1 and domain <> 'ALL'"},
    {"a value", "write a column, a number, 'text', true, false or null"},
    {"an alias", "write: join TABLE ALIAS on CONDITION"},
    {"'on'", "write: join TABLE ALIAS on CONDITION"},
    {"'from' or 'made'", "write: entry KIND from TABLE { ... }, or entry KIND made { ... }"},
    {"a \"text\" or a kind of entry", "write: under \"ou=people\", or under KIND(column)"},
    {"'insert'", "write: on insert { column = expression }; `on error omit` follows the expression of an attribute"},
    {"'omit'", "write: attribute = expression on error omit"},
    {"a stage name", "write for instance: | lower"},
    {"a statement or '}'", "write for instance: mail = address | lower"},
    {"'->' or 'as'", "write: \"value\" -> attribute"},
    {"'->'", "write: \"value\" -> attribute"},
    {"a rule or '}'", "write: \"value\" -> attribute, or else -> attribute"},
    {"a \"text\"", "a text stands in double quotes"},
    {"a comparison", "only a column can stand alone; compare with = <> < <= > >= like in is"},
    {"',' or '}'", "columns of 'on insert' are separated by commas"},
}};

}  // namespace

bool is_keyword(std::string_view word) noexcept {
  return std::find(keywords.begin(), keywords.end(), word) != keywords.end();
}

bool is_statement_keyword(std::string_view word) noexcept {
  return std::find(statement_keywords.begin(), statement_keywords.end(), word) != statement_keywords.end();
}

bool is_plain_word(std::string_view text) noexcept {
  return !text.empty() && is_word_start(text.front()) && std::all_of(text.begin(), text.end(), is_word_char);
}

std::string hint_for(const fault& what) {
  const std::string_view found = leading_word(what.rest);
  for (const std::string_view keyword : quoted_words(what.expected))
    if (is_misspelt(found, keyword)) return did_you_mean(keyword);
  if (what.expected == "'=' or '?='")
    for (const std::string_view keyword : statement_keywords)
      if (is_misspelt(what.previous, keyword)) return did_you_mean(keyword);
  if (is_plain_word(what.previous) && what.rest.size() > 1 && what.rest.front() == '-' && is_word_char(what.rest[1]))
    return "a name with '-' needs `backticks`";
  if (what.expected == statement_words && what.rest.starts_with(','))
    return "several values of one attribute are joined with '+': a + b";
  if (what.rest.starts_with("||")) return "conditions do not join texts: compare the parts";
  if (what.rest.starts_with("==")) return "write a single '='";
  if (what.expected == statement_words && (what.rest.starts_with('=') || what.rest.starts_with("?=")))
    return "'" + std::string(what.previous) + "' was read as the end of the statement before; is that one complete?";
  if (what.expected == "an expression" && what.rest.starts_with('\'')) return "use double quotes: \"...\"";
  if (is_keyword(found) && (what.expected.starts_with("a name") || what.expected == "an expression" ||
                            what.expected.starts_with("a column") || what.expected == "a value"))
    return "'" + std::string(found) + "' is a keyword; a name like that needs `backticks`";
  const auto known =
      std::find_if(usages.begin(), usages.end(), [&](const usage& u) { return u.expected == what.expected; });
  return known == usages.end() ? std::string() : std::string(known->hint);
}

}  // namespace sql2ldap::mapping::syntax::detail
