#include <sql2ldap/codec/schema_definition.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/detail/builtin_definitions.hpp>

namespace sql2ldap::codec {

namespace {

// The tokens of RFC 4512, 4.1: parentheses, `$`, quoted strings (with their quotes off), words.
class tokens {
 public:
  explicit tokens(std::string_view text) : rest_(text) { advance(); }

  [[nodiscard]] bool at_end() const { return !current_.has_value(); }
  [[nodiscard]] bool is(std::string_view word) const { return current_ && !quoted_ && *current_ == word; }
  [[nodiscard]] std::string_view text() const { return current_.value_or(""); }
  std::string take() {
    std::string out(text());
    advance();
    return out;
  }
  bool skip(std::string_view word) {
    if (!is(word)) return false;
    advance();
    return true;
  }

 private:
  void advance() {
    rest_ = trimmed(rest_);
    quoted_ = false;
    if (rest_.empty()) {
      current_.reset();
      return;
    }
    std::size_t length = 1;
    if (rest_.front() == '\'') {
      quoted_ = true;
      const std::size_t end = std::min(rest_.find('\'', 1), rest_.size());
      current_ = rest_.substr(1, end - 1);
      length = std::min(end + 1, rest_.size());
    } else {
      if (!is_sign(rest_.front())) {
        while (length < rest_.size() && !ascii_space(rest_[length]) && !is_sign(rest_[length])) ++length;
      }
      current_ = rest_.substr(0, length);
    }
    rest_.remove_prefix(length);
  }
  static bool is_sign(char c) { return c == '(' || c == ')' || c == '$' || c == '\''; }

  std::string_view rest_;
  std::optional<std::string_view> current_;
  bool quoted_ = false;
};

tl::unexpected<error> objection(std::string_view definition, std::string_view what) {
  static constexpr std::size_t shown_max = 100;
  return fail(error_kind::input,
              "schema definition " + quoted_for_message(definition, shown_max) + ": " + std::string(what));
}

// qdescrs and oids: one, or several in parentheses with `$` between oids.
std::vector<std::string> take_list(tokens& from) {
  std::vector<std::string> out;
  if (!from.skip("(")) {
    out.push_back(from.take());
    return out;
  }
  while (!from.at_end() && !from.skip(")")) {
    if (!from.skip("$")) out.push_back(from.take());
  }
  return out;
}

std::vector<model::attribute_name> take_attributes(tokens& from) {
  std::vector<model::attribute_name> out;
  for (const std::string& name : take_list(from)) out.emplace_back(name);
  return out;
}

// "( OID keyword [argument] ... )"; `on_keyword` takes the argument of those it knows, others are skipped with their
// argument (DESC, ORDERING, USAGE, X-...).
template <typename OnKeyword>
result<std::string> parse_definition(std::string_view definition, const OnKeyword& on_keyword) {
  tokens from(definition);
  if (!from.skip("(")) return objection(definition, "does not begin with \"(\"");
  if (from.at_end() || from.is(")")) return objection(definition, "no OID");
  std::string oid = from.take();
  while (!from.is(")")) {
    if (from.at_end()) return objection(definition, "the \")\" at the end is missing");
    const std::string keyword = from.take();
    if (on_keyword(keyword, from) || keyword == "OBSOLETE" || keyword == "COLLECTIVE") continue;
    if (from.is(")")) break;
    static_cast<void>(take_list(from));
  }
  from.skip(")");
  if (!from.at_end()) return objection(definition, "text after the \")\" at the end");
  return oid;
}

model::schema make_builtin_schema() {
  model::schema out;
  for (const std::string_view definition : detail::builtin_attribute_types) {
    result<model::attribute_type> type = parse_attribute_type(definition);
    S2L_ASSERT(type.has_value());
    out.add(*std::move(type));
  }
  for (const std::string_view definition : detail::builtin_object_classes) {
    result<model::object_class> type = parse_object_class(definition);
    S2L_ASSERT(type.has_value());
    out.add(*std::move(type));
  }
  out.complete();
  return out;
}

}  // namespace

result<model::attribute_type> parse_attribute_type(std::string_view definition) {
  model::attribute_type type;
  S2L_TRY_ASSIGN(type.oid, parse_definition(definition, [&](const std::string& keyword, tokens& from) {
                   if (keyword == "NAME") {
                     type.names = take_list(from);
                   } else if (keyword == "SUP") {
                     type.sup = from.take();
                   } else if (keyword == "EQUALITY") {
                     type.equality = model::matching_rule_named(from.take());
                     type.has_equality = true;
                   } else if (keyword == "SUBSTR") {
                     from.take();
                     type.has_substring = true;
                   } else if (keyword == "SYNTAX") {
                     type.syntax = model::syntax_with_oid(from.take());
                   } else if (keyword == "SINGLE-VALUE") {
                     type.single_value = true;
                   } else if (keyword == "NO-USER-MODIFICATION") {
                     type.user_modification = false;
                   } else {
                     return false;
                   }
                   return true;
                 }));
  return type;
}

result<model::object_class> parse_object_class(std::string_view definition) {
  model::object_class type;
  S2L_TRY_ASSIGN(type.oid, parse_definition(definition, [&](const std::string& keyword, tokens& from) {
                   if (keyword == "NAME") {
                     type.names = take_list(from);
                   } else if (keyword == "SUP") {
                     type.sup = take_list(from);
                   } else if (keyword == "ABSTRACT") {
                     type.type = model::object_class::kind::abstract;
                   } else if (keyword == "STRUCTURAL") {
                     type.type = model::object_class::kind::structural;
                   } else if (keyword == "AUXILIARY") {
                     type.type = model::object_class::kind::auxiliary;
                   } else if (keyword == "MUST") {
                     type.must = take_attributes(from);
                   } else if (keyword == "MAY") {
                     type.may = take_attributes(from);
                   } else {
                     return false;
                   }
                   return true;
                 }));
  return type;
}

const model::schema& builtin_schema() {
  static const model::schema schema = make_builtin_schema();
  return schema;
}

}  // namespace sql2ldap::codec
