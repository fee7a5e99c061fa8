#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <sql2ldap/model/dn.hpp>
#include <sql2ldap/model/matching.hpp>

namespace sql2ldap::model {
namespace {

// Texts that are mostly special: separators, escapes, blanks, both letter cases, some UTF-8.
rc::Gen<std::string> awkward_text() {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
                          "a", "B", "z", " ", "  ", ",", "+", "=", "#", "\\", "\"", ";", "<", "ü", "Ü", "ß", "İ",
                          "\u00a0", "ﬁ", "Å", "\n", "\t", "\\2C", "7", "-", std::string(1, '\0'), "\xff")),
                      [](const std::vector<std::string>& parts) {
                        std::string out;
                        for (const std::string& part : parts) out += part;
                        return out;
                      });
}

rc::Gen<std::vector<rdn>> names() {
  const auto one =
      rc::gen::map(rc::gen::pair(rc::gen::element<std::string>("cn", "UID", "2.5.4.3", "a-1"), awkward_text()),
                   [](const std::pair<std::string, std::string>& p) {
                     return ava{p.first, p.second};
                   });
  return rc::gen::resize(8, rc::gen::container<std::vector<rdn>>(rc::gen::nonEmpty(rc::gen::container<rdn>(one))));
}

RC_GTEST_PROP(dn_property, any_bytes_are_a_value, (const std::string& value)) {
  const dn name = dn().child("cn", value);
  const std::vector<rdn> meant = {{{"cn", value}}};
  RC_ASSERT(name.rdns() == meant);
  const auto parsed = dn::parse(name.text());
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(parsed->text() == name.text());
}

RC_GTEST_PROP(dn_property, canonical_text_is_read_as_it_was_meant, ()) {
  const auto rdns = *names();
  const dn name = dn::from_rdns(rdns);
  RC_ASSERT(name.rdns() == rdns);
  RC_ASSERT(dn::parse(name.text())->text() == name.text());
  RC_ASSERT(name.depth() == rdns.size());
  RC_ASSERT(rdns.empty() || name.is_below(name.parent()));
}

RC_GTEST_PROP(dn_property, one_normal_form_one_hash, ()) {
  const dn a = dn::from_rdns(*names());
  const dn b = dn::from_rdns(*names());
  RC_ASSERT((a.normal_form() == b.normal_form()) == (dn_hash(a.text()) == dn_hash(b.text())));
  RC_ASSERT(dn_hash(a.text()) == dn_hash(a.normal_form()));
}

// The same name with every byte of its values escaped, with blanks and other letters: never another hash.
RC_GTEST_PROP(dn_property, other_texts_of_one_name_have_its_hash, ()) {
  const auto rdns = *names();
  std::string text;
  for (const rdn& one : rdns) {
    text += text.empty() ? "  " : " , ";
    for (std::size_t i = 0; i < one.size(); ++i) {
      if (i != 0) text += " + ";
      text += one[i].type + " = ";
      for (const char c : one[i].value) {
        static constexpr char digits[] = "0123456789abcdef";
        const auto byte = static_cast<unsigned char>(c);
        text += {'\\', digits[byte >> 4U], digits[byte & 15U]};
      }
    }
  }
  RC_ASSERT(dn_hash(text) == dn_hash(dn::from_rdns(rdns).text()));
}

RC_GTEST_PROP(matching_property, normal_forms_are_their_own_normal_form, ()) {
  const std::string value = *rc::gen::oneOf(awkward_text(), rc::gen::arbitrary<std::string>());
  for (int rule = 0; rule <= static_cast<int>(matching_rule::octet_string); ++rule) {
    const std::string once = normalized(static_cast<matching_rule>(rule), value);
    RC_ASSERT(normalized(static_cast<matching_rule>(rule), once) == once);
  }
}

RC_GTEST_PROP(matching_property, appending_leaves_what_was_there, (const std::string& before)) {
  const std::string value = *awkward_text();
  std::string out = before;
  append_normalized(out, matching_rule::case_ignore, value);
  RC_ASSERT(out == before + normalized(matching_rule::case_ignore, value));
}

}  // namespace
}  // namespace sql2ldap::model
