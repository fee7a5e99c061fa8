// Small X3 parsers the grammar is put together from. They have no attributes of their own: what is
// read goes at once into the node that the enclosing rule makes (X3's rule context), so that the
// tree needs neither Fusion nor Boost's variant. Blanks are skipped by token(), not by X3, which
// keeps one context type for all rules, inside texts too.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <boost/spirit/home/x3.hpp>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/mapping/detail/parser_state.hpp>
#include <sql2ldap/mapping/detail/words.hpp>
#include <sql2ldap/mapping/syntax.hpp>

namespace sql2ldap::mapping::syntax::detail {

namespace x3 = boost::spirit::x3;

struct state_tag;
using iterator = const char*;
using context = x3::context<state_tag, parser_state>;

template <typename Context>
parser_state& state_of(const Context& c) {
  return x3::get<state_tag>(c);
}

template <typename Subject, typename Derived>
struct wrapping_parser : x3::parser<Derived> {
  using attribute_type = x3::unused_type;
  static constexpr bool has_attribute = false;
  static constexpr bool has_action = true;
  constexpr explicit wrapping_parser(const Subject& s) : subject(s) {}
  Subject subject;
};

// Has words for people: "expected WORDS after ...".
template <typename Subject>
struct named_parser : wrapping_parser<Subject, named_parser<Subject>> {
  constexpr named_parser(std::string_view w, const Subject& s)
      : wrapping_parser<Subject, named_parser<Subject>>(s), words(w) {}
  template <typename Context, typename Node, typename Attribute>
  bool parse(iterator& first, const iterator& last, const Context& c, Node& node, Attribute&) const {
    return this->subject.parse(first, last, c, node, x3::unused);
  }
  std::string_view words;
};

// Skips blanks (unless glued), then reads the subject as one token.
template <typename Subject, bool glued = false>
struct token_parser : wrapping_parser<Subject, token_parser<Subject, glued>> {
  constexpr token_parser(std::string_view w, const Subject& s)
      : wrapping_parser<Subject, token_parser<Subject, glued>>(s), words(w) {}
  template <typename Context, typename Node, typename Attribute>
  bool parse(iterator& first, const iterator& last, const Context& c, Node& node, Attribute&) const {
    const iterator begin = glued ? first : state_of(c).skip_blanks(first);
    iterator at = begin;
    if (!this->subject.parse(at, last, c, node, x3::unused)) return false;
    state_of(c).read_token(begin, at);
    first = at;
    return true;
  }
  std::string_view words;
};

// Sets the node's `at`.
template <typename Subject>
struct placed_parser : wrapping_parser<Subject, placed_parser<Subject>> {
  using wrapping_parser<Subject, placed_parser<Subject>>::wrapping_parser;
  template <typename Context, typename Node, typename Attribute>
  bool parse(iterator& first, const iterator& last, const Context& c, Node& node, Attribute&) const {
    const iterator begin = state_of(c).skip_blanks(first);
    if (!this->subject.parse(first, last, c, node, x3::unused)) return false;
    node.at = state_of(c).span(begin, first);
    return true;
  }
};

// Reads a rule and hands its value to function(node, value&&); it may refuse it by returning false.
template <typename Subject, typename Function>
struct taking_parser : wrapping_parser<Subject, taking_parser<Subject, Function>> {
  constexpr taking_parser(const Subject& s, Function f)
      : wrapping_parser<Subject, taking_parser<Subject, Function>>(s), function(f) {}
  template <typename Context, typename Node, typename Attribute>
  bool parse(iterator& first, const iterator& last, const Context& c, Node& node, Attribute&) const {
    using value_type = typename Subject::attribute_type;
    value_type value{};
    iterator at = first;
    if (!this->subject.parse(at, last, c, x3::unused, value)) return false;
    if constexpr (std::is_same_v<std::invoke_result_t<Function, Node&, value_type>, bool>) {
      if (!function(node, std::move(value))) return false;
    } else {
      function(node, std::move(value));
    }
    first = at;
    return true;
  }
  Function function;
};

// Hands the bytes read to function(node, text); it may refuse them by returning false.
template <typename Subject, typename Function>
struct matching_parser : wrapping_parser<Subject, matching_parser<Subject, Function>> {
  constexpr matching_parser(const Subject& s, Function f)
      : wrapping_parser<Subject, matching_parser<Subject, Function>>(s), function(f) {}
  template <typename Context, typename Node, typename Attribute>
  bool parse(iterator& first, const iterator& last, const Context& c, Node& node, Attribute&) const {
    iterator at = first;
    if (!this->subject.parse(at, last, c, node, x3::unused)) return false;
    const std::string_view bytes(first, static_cast<std::size_t>(at - first));
    if constexpr (std::is_same_v<std::invoke_result_t<Function, Node&, std::string_view>, bool>) {
      if (!function(node, bytes)) return false;
    } else {
      function(node, bytes);
    }
    first = at;
    return true;
  }
  Function function;
};

// A fault with a message of its own when the subject is not there.
template <typename Subject>
struct demanding_parser : wrapping_parser<Subject, demanding_parser<Subject>> {
  constexpr demanding_parser(const Subject& s, std::string_view m, std::string_view h)
      : wrapping_parser<Subject, demanding_parser<Subject>>(s), message(m), hint(h) {}
  template <typename Context, typename Node, typename Attribute>
  bool parse(iterator& first, const iterator& last, const Context& c, Node& node, Attribute&) const {
    if (this->subject.parse(first, last, c, node, x3::unused)) return true;
    throw syntax_error{first, std::string(message), std::string(hint)};
  }
  std::string_view message;
  std::string_view hint;
};

// One level deeper; recursion of the grammar goes through here, so the stack is bounded.
template <typename Subject>
struct nesting_parser : wrapping_parser<Subject, nesting_parser<Subject>> {
  using wrapping_parser<Subject, nesting_parser<Subject>>::wrapping_parser;
  template <typename Context, typename Node, typename Attribute>
  bool parse(iterator& first, const iterator& last, const Context& c, Node& node, Attribute&) const {
    struct level {
      explicit level(std::size_t& d) : depth(d) { ++depth; }
      ~level() { --depth; }
      level(const level&) = delete;
      level& operator=(const level&) = delete;
      std::size_t& depth;
    };
    const level inner(state_of(c).depth);
    if (inner.depth > limits::mapping_depth_max)
      throw syntax_error{first, "nested more than " + std::to_string(limits::mapping_depth_max) + " levels deep", ""};
    return this->subject.parse(first, last, c, node, x3::unused);
  }
};

// Reports a fault in the subject and goes on at the next statement or item.
template <typename Subject>
struct recovering_parser : wrapping_parser<Subject, recovering_parser<Subject>> {
  using resume_function = const char* (parser_state::*)(const char* begin, const char* failed);
  constexpr recovering_parser(std::string_view w, const Subject& s, resume_function r)
      : wrapping_parser<Subject, recovering_parser<Subject>>(s), words(w), resume(r) {}
  template <typename Context, typename Node, typename Attribute>
  bool parse(iterator& first, const iterator& last, const Context& c, Node& node, Attribute&) const {
    parser_state& state = state_of(c);
    const iterator begin = state.skip_blanks(first);
    iterator failed = begin;
    try {
      if (this->subject.parse(first, last, c, node, x3::unused)) return true;
      state.report_expected(begin, words);
    } catch (const x3::expectation_failure<iterator>& e) {
      failed = e.where();
      state.report_expected(failed, e.which());
    } catch (const syntax_error& e) {
      failed = e.where;
      state.report(e);
    }
    first = (state.*resume)(begin, failed);
    return true;
  }
  std::string_view words;
  resume_function resume;
};

// A keyword or a sign, as one token. A keyword ends where the word ends: "fromage" is no "from".
struct fixed_parser : x3::parser<fixed_parser> {
  using attribute_type = x3::unused_type;
  static constexpr bool has_attribute = false;
  constexpr explicit fixed_parser(std::string_view t) : text(t) {}
  template <typename Context, typename Node, typename Attribute>
  bool parse(iterator& first, const iterator& last, const Context& c, Node&, Attribute&) const {
    const iterator begin = state_of(c).skip_blanks(first);
    if (!std::string_view(begin, static_cast<std::size_t>(last - begin)).starts_with(text)) return false;
    const iterator end = begin + text.size();
    if (end != last && is_word_char(text.back()) && is_word_char(*end)) return false;
    state_of(c).read_token(begin, end);
    first = end;
    return true;
  }
  std::string_view text;
};

// Looks whether the next token stands at a place of the given sort.
struct standing : x3::parser<standing> {
  using attribute_type = x3::unused_type;
  static constexpr bool has_attribute = false;
  using question = bool (parser_state::*)(const char* where) const;
  constexpr explicit standing(question q) : asked(q) {}
  template <typename Context, typename Node, typename Attribute>
  bool parse(iterator& first, const iterator&, const Context& c, Node&, Attribute&) const {
    parser_state& state = state_of(c);
    return (state.*asked)(state.skip_blanks(first));
  }
  question asked;
};

// ---- how to write them ------------------------------------------------------------------------

[[nodiscard]] constexpr fixed_parser fixed(std::string_view text) { return fixed_parser(text); }

template <typename P>
using parser_of = typename x3::extension::as_parser<P>::value_type;

template <typename P>
constexpr named_parser<parser_of<P>> named(std::string_view words, const P& p) {
  return {words, x3::as_parser(p)};
}
template <typename P>
constexpr token_parser<parser_of<P>> token(std::string_view words, const P& p) {
  return {words, x3::as_parser(p)};
}
template <typename P>
constexpr token_parser<parser_of<P>, true> glued_token(std::string_view words, const P& p) {
  return {words, x3::as_parser(p)};
}
template <typename P>
constexpr placed_parser<parser_of<P>> placed(const P& p) {
  return placed_parser<parser_of<P>>(x3::as_parser(p));
}
template <typename P, typename F>
constexpr taking_parser<P, F> taking(const P& rule, F function) {
  return {rule, function};
}
template <typename P, typename F>
constexpr matching_parser<parser_of<P>, F> matching(const P& p, F function) {
  return {x3::as_parser(p), function};
}
template <typename P>
constexpr demanding_parser<parser_of<P>> demanding(const P& p, std::string_view message, std::string_view hint) {
  return {x3::as_parser(p), message, hint};
}
template <typename P>
constexpr nesting_parser<parser_of<P>> nesting(const P& p) {
  return nesting_parser<parser_of<P>>(x3::as_parser(p));
}
template <typename P>
constexpr recovering_parser<parser_of<P>> recovering(std::string_view words, const P& p,
                                                     typename recovering_parser<parser_of<P>>::resume_function resume) {
  return {words, x3::as_parser(p), resume};
}

// Where a value goes: a member, wrapped into shared_ptr where the tree has a pointer, appended
// where it has a list.
template <typename To, typename From>
void store(To& to, From&& from) {
  using plain = std::remove_cvref_t<From>;
  if constexpr (requires { to.push_back(std::forward<From>(from)); } && !std::is_same_v<To, plain>) {
    to.push_back(std::forward<From>(from));
  } else if constexpr (requires { to.push_back(std::make_shared<const plain>(std::forward<From>(from))); } &&
                       !std::is_same_v<To, plain>) {
    to.push_back(std::make_shared<const plain>(std::forward<From>(from)));
  } else if constexpr (std::is_assignable_v<To&, plain>) {
    to = std::forward<From>(from);
  } else {
    to = std::make_shared<const plain>(std::forward<From>(from));
  }
}

template <typename P, typename Struct, typename Member>
constexpr auto field(Member Struct::*member, const P& rule) {
  return taking(rule, [member](auto& node, auto&& value) { store(node.*member, std::move(value)); });
}
// The node is the value.
template <typename P>
constexpr auto whole(const P& rule) {
  return taking(rule, [](auto& node, auto&& value) { node = std::move(value); });
}

}  // namespace sql2ldap::mapping::syntax::detail

namespace boost::spirit::x3 {

template <>
struct get_info<sql2ldap::mapping::syntax::detail::fixed_parser> {
  using result_type = std::string;
  std::string operator()(const sql2ldap::mapping::syntax::detail::fixed_parser& p) const {
    return "'" + std::string(p.text) + "'";
  }
};
template <typename Subject>
struct get_info<sql2ldap::mapping::syntax::detail::named_parser<Subject>> {
  using result_type = std::string;
  std::string operator()(const sql2ldap::mapping::syntax::detail::named_parser<Subject>& p) const {
    return std::string(p.words);
  }
};
template <typename Subject, bool glued>
struct get_info<sql2ldap::mapping::syntax::detail::token_parser<Subject, glued>> {
  using result_type = std::string;
  std::string operator()(const sql2ldap::mapping::syntax::detail::token_parser<Subject, glued>& p) const {
    return std::string(p.words);
  }
};
template <typename Subject, typename Function>
struct get_info<sql2ldap::mapping::syntax::detail::taking_parser<Subject, Function>> {
  using result_type = std::string;
  std::string operator()(const sql2ldap::mapping::syntax::detail::taking_parser<Subject, Function>& p) const {
    return what(p.subject);
  }
};
template <typename Subject>
struct get_info<sql2ldap::mapping::syntax::detail::nesting_parser<Subject>> {
  using result_type = std::string;
  std::string operator()(const sql2ldap::mapping::syntax::detail::nesting_parser<Subject>& p) const {
    return what(p.subject);
  }
};

}  // namespace boost::spirit::x3
