// Names, numbers and 'text'.
#include <charconv>
#include <cstdint>

#include <sql2ldap/mapping/detail/grammar.hpp>

namespace sql2ldap::mapping::syntax::detail {
namespace {

namespace chars = x3::standard;

const auto set_text = [](name& node, std::string_view bytes) { node.text = bytes; };
const auto set_name = [](name& node, std::string_view bytes) {
  node.text = bytes;
  return !is_keyword(bytes);
};
const auto set_quoted = [](name& node, std::string_view bytes) {
  node.text = bytes;
  node.quoted = true;
};
const auto set_integer = [](std::int64_t& node, std::string_view bytes) {
  if (std::from_chars(bytes.data(), bytes.data() + bytes.size(), node).ec != std::errc())
    throw syntax_error{bytes.data(), "this number is too large", ""};
};
const auto append_quote = [](std::string& node, std::string_view) { node += '\''; };
const auto append = [](std::string& node, std::string_view bytes) { node += bytes; };

const auto letter = chars::char_("a-zA-Z_");
const auto word_char = chars::char_("a-zA-Z0-9_");
const auto descriptor_char = chars::char_("a-zA-Z0-9-");  // RFC 4512, section 1.4: keychar
const auto not_ascii = chars::char_('\x80', '\xff');

const auto plain = letter >> *word_char;
const auto ascii_only = demanding(!not_ascii, "a plain name has only the letters a-z, digits and '_'",
                                  "put a name with other characters in `backticks`");
const auto quoted = chars::lit('`') >> demanding(matching(+(chars::char_ - chars::char_("`\n")), set_quoted),
                                                 "there is no name between these backticks", "") >>
                    demanding(chars::lit('`'), "this name has no closing backtick on its line", "");

const auto a_name_def = token("a name", placed((matching(plain, set_name) >> ascii_only) | quoted));
const auto a_word_def = token("a word", placed((matching(plain, set_text) >> ascii_only) | quoted));
const auto a_bare_word_def = token("a word", placed(matching(plain >> *(chars::lit('-') >> +word_char), set_text)));

// RFC 4512, section 2.5: attribute description, a descriptor with options.
const auto an_attribute_def = token(
    "an attribute name",
    placed(matching(chars::char_("a-zA-Z") >> *descriptor_char >> *(chars::lit(';') >> +descriptor_char), set_text) >>
           demanding(!(word_char | not_ascii | chars::lit(';')), "this is no attribute name",
                     "attribute names have letters, digits and '-'; options follow after ';'")));
const auto a_class_def =
    token("an object class", placed(matching(letter >> *(word_char | chars::lit('-')), set_name) | quoted));

const auto an_integer_def =
    token("a number", matching(-chars::lit('-') >> +chars::char_("0-9"), set_integer) >>
                          demanding(!(word_char | chars::lit('.')), "only whole numbers can be written here",
                                    "a name with a digit first needs `backticks`, other values a \"text\""));

// Inside '...' a doubled quote is one quote and nothing else is special.
using string_bytes_rule = x3::rule<struct string_bytes_id, std::string>;
const string_bytes_rule string_bytes = "the text";
const auto string_bytes_def =
    *(matching(chars::lit("''"), append_quote) | matching(+(chars::char_ - chars::char_("'\n")), append));
BOOST_SPIRIT_DEFINE(string_bytes)

const auto set_pieces = [](text& node, std::string&& bytes) {
  if (!bytes.empty()) node.pieces.emplace_back(std::move(bytes));
};
const auto a_string_def = token("a 'text'", chars::lit('\'') >> taking(string_bytes, set_pieces) >>
                                                demanding(chars::lit('\''), "this text has no closing ' on its line",
                                                          "a quote inside is written twice: ''"));

}  // namespace

BOOST_SPIRIT_DEFINE(a_name, a_word, a_bare_word, an_attribute, a_class, an_integer, a_string)
BOOST_SPIRIT_INSTANTIATE(name_rule, iterator, context)
BOOST_SPIRIT_INSTANTIATE(word_rule, iterator, context)
BOOST_SPIRIT_INSTANTIATE(bare_word_rule, iterator, context)
BOOST_SPIRIT_INSTANTIATE(attribute_rule, iterator, context)
BOOST_SPIRIT_INSTANTIATE(class_rule, iterator, context)
BOOST_SPIRIT_INSTANTIATE(integer_rule, iterator, context)
BOOST_SPIRIT_INSTANTIATE(string_rule, iterator, context)

}  // namespace sql2ldap::mapping::syntax::detail
