#include <optional>
#include <sstream>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/filter.hpp>
#include <sql2ldap/codec/ldif.hpp>
#include <sql2ldap/codec/password.hpp>

namespace sql2ldap::codec {
namespace {

RC_GTEST_PROP(encoding_property, each_comes_back, (const std::string& bytes)) {
  RC_ASSERT(from_base64(base64(bytes)) == bytes);
  RC_ASSERT(from_hex(hex(bytes)) == bytes);
  RC_ASSERT(from_percent_encoded(percent_encoded(bytes)) == bytes);
  RC_ASSERT(utf8_to_latin1(latin1_to_utf8(bytes)) == bytes);
  RC_ASSERT(from_quoted_printable(quoted_printable(bytes)) == bytes);
}

// RFC 4515, 4: what is between the parentheses, with \hh taken back.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    out += from_hex(text.substr(i + 1, 2)).value();
    i += 2;
  }
  return out;
}

RC_GTEST_PROP(filter_property, no_value_leaves_its_place, (const std::string& value)) {
  const std::string text = filter::equal(model::attribute_name("cn"), value).text();
  const std::string inside = text.substr(4, text.size() - 5);
  RC_ASSERT(inside.find_first_of(std::string_view("*()\0", 4)) == std::string::npos);
  RC_ASSERT(is_utf8(inside));
  RC_ASSERT(unescaped(inside) == value);
}

rc::Gen<std::string> any_value() {
  return rc::gen::oneOf(
      rc::gen::arbitrary<std::string>(),
      rc::gen::element<std::string>("", " ", "a ", ":a", "<a", "ü", "a\nb", "\r", "-", "# a", "a\tb"));
}

model::attribute_name any_name() {
  return model::attribute_name(*rc::gen::element<std::string>("cn", "sn;lang-de", "mail", "2.5.4.3", "userPassword"));
}

std::string any_dn() { return model::dn().child("dc", "x").child("cn", *any_value()).text(); }

model::entry any_entry() {
  model::entry e;
  e.set_dn(any_dn());
  const int values = *rc::gen::inRange(1, 8);
  for (int i = 0; i < values; ++i) e.add(any_name(), *any_value());
  return e;
}

std::vector<std::pair<std::string, std::string>> contents(const model::entry& e) {
  std::vector<std::pair<std::string, std::string>> out{{"dn", std::string(e.dn())}};
  for (std::size_t i = 0; i < e.size(); ++i) out.emplace_back(e[i].name.folded(), e[i].bytes);
  return out;
}

ldif_reader::record read_back(const std::string& text) {
  std::istringstream in(text);
  ldif_reader reader(in);
  auto read = reader.next();
  RC_ASSERT(read.has_value() && read->has_value());
  auto end = reader.next();
  RC_ASSERT(end.has_value() && !end->has_value());
  return **std::move(read);
}

RC_GTEST_PROP(ldif_property, entries_come_back, ()) {
  const model::entry written = any_entry();
  std::string text;
  append_ldif(text, written);
  RC_ASSERT(is_ascii(text));
  RC_ASSERT(contents(std::get<model::entry>(read_back(text))) == contents(written));
}

model::change any_change() {
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return {"", model::add_entry{any_entry()}};
    case 1: {
      model::modify_entry modify{any_dn(), {}};
      const int steps = *rc::gen::inRange(1, 4);
      for (int i = 0; i < steps; ++i) {
        const auto op = static_cast<model::modification::operation>(*rc::gen::inRange(0, 3));
        model::modification step{op, any_name(), *rc::gen::container<std::vector<std::string>>(any_value())};
        if (op == model::modification::operation::add) step.values.emplace_back("one at least");
        modify.modifications.push_back(std::move(step));
      }
      return {"", std::move(modify)};
    }
    case 2:
      return {"", model::rename_entry{any_dn(), model::dn().child("uid", *any_value()).text(),
                                      *rc::gen::arbitrary<bool>(), *rc::gen::element<std::string>("", "dc=y")}};
    default:
      return {"", model::delete_entry{any_dn()}};
  }
}

RC_GTEST_PROP(ldif_property, changes_come_back, ()) {
  const model::change written = any_change();
  std::string text;
  append_ldif(text, written);
  RC_ASSERT(is_ascii(text));
  const auto changes = std::get<std::vector<model::change>>(read_back(text));
  RC_ASSERT(changes.size() == 1U);
  const model::change& read = changes.front();
  RC_ASSERT(read.what.index() == written.what.index());
  RC_ASSERT(read.dn() == written.dn());
  if (const auto* added = std::get_if<model::add_entry>(&written.what)) {
    RC_ASSERT(contents(std::get<model::add_entry>(read.what).content) == contents(added->content));
  } else if (const auto* modified = std::get_if<model::modify_entry>(&written.what)) {
    RC_ASSERT(std::get<model::modify_entry>(read.what).modifications == modified->modifications);
  } else if (const auto* renamed = std::get_if<model::rename_entry>(&written.what)) {
    const auto& again = std::get<model::rename_entry>(read.what);
    RC_ASSERT(again.new_rdn == renamed->new_rdn);
    RC_ASSERT(again.delete_old_rdn == renamed->delete_old_rdn);
    RC_ASSERT(again.new_superior == renamed->new_superior);
  }
}

rc::Gen<std::string> password_text() {
  const auto scheme = rc::gen::element<std::string>(
      "", "{CRYPT}", "{SHA512-CRYPT}", "{MD5}", "{md5raw}", "{PLAIN-MD5}", "{SSHA}", "{SHA512.HEX}", "{ARGON2ID}",
      "{PBKDF2}", "{PLAIN}", "{CLEARTEXT}", "{OTP}", "{SHA1}", "{PBKDF2-SHA1}", "{crypt.b64}", "{", "{}", "{a b}");
  const auto rest = rc::gen::oneOf(
      rc::gen::arbitrary<std::string>(),
      rc::gen::element<std::string>("$6$salt$abc", "$1$salt$abc", "$2y$04$abc", "abNANd1rDfiNc", "$argon2id$v=19$a",
                                    "5ebe2294ecd0e0f08eab7690d2a6ee69", "Xr4ilOzQ4PCOq3aQ0qbuaQ==", "*", "!", "x",
                                    "$apr1$a$b", "8bX4JQDfZqtTfvnQ4ssDmWb17/FTQUxU", "secret", " ",
                                    "$1$0123456789abcdef$5000$88b0ca84e9400b46bbef58ed30232a4c8d699ee2"));
  return rc::gen::map(rc::gen::pair(scheme, rest),
                      [](const std::pair<std::string, std::string>& p) { return p.first + p.second; });
}

password_options any_options() {
  return {static_cast<unprefixed_policy>(*rc::gen::inRange(0, 3)), static_cast<plain_policy>(*rc::gen::inRange(0, 3)),
          static_cast<unknown_policy>(*rc::gen::inRange(0, 3))};
}

// nullopt for refused and for left out: neither is a value.
std::optional<std::string> to_ldap(const std::string& stored, const password_options& how) {
  const auto value = password_to_ldap(stored, how);
  return value ? *value : std::nullopt;
}

RC_GTEST_PROP(password_property, never_a_value_without_a_scheme, ()) {
  const password_options how = any_options();
  const auto ldap = to_ldap(*rc::gen::oneOf(password_text(), rc::gen::arbitrary<std::string>()), how);
  if (!ldap) return;
  const std::size_t close = ldap->find('}');
  RC_ASSERT(ldap->front() == '{' && close != std::string::npos && close > 1U && close + 1 < ldap->size());
  RC_ASSERT(how.plain == plain_policy::hash || ldap->compare(0, clear_text_marker.size(), clear_text_marker) != 0);
  RC_ASSERT(to_ldap(*ldap, how) == ldap);  // what is right already stays
}

RC_GTEST_PROP(password_property, what_goes_back_means_the_same, ()) {
  const password_options how = any_options();
  const auto ldap = to_ldap(*password_text(), how);
  if (!ldap) return;
  const auto stored = password_to_sql(*ldap, *password_text(), how);
  RC_ASSERT(stored.has_value());
  RC_ASSERT(to_ldap(*stored, how) == ldap);
  RC_ASSERT(password_to_sql(*ldap, *stored, how).value() == *stored);
}

}  // namespace
}  // namespace sql2ldap::codec
