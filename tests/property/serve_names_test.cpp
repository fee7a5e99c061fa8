// Whatever a client sends as a name, it is answered with its own data or not at all; whatever a user writes, the script
// says that and nothing else.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/serve/detail/names.hpp>
#include <sql2ldap/serve/entry_answers.hpp>
#include <support/fake_lookup.hpp>

namespace sql2ldap::test {
namespace {

const std::string host = R"(dn: associatedDomain=example.org,dc=org
objectClass: s2lMailDomain
associatedDomain: example.org
s2lEnabled: TRUE

dn: associatedDomain=also.example,dc=org
objectClass: s2lDomainAlias
associatedDomain: also.example
s2lTargetDomain: example.org
s2lEnabled: TRUE

dn: uid=anna,dc=org
objectClass: s2lMailAccount
uid: anna
mailLocalAddress: anna@example.org
mailLocalAddress: @example.org
s2lEnabled: TRUE

dn: uid=*,dc=org
objectClass: s2lMailAccount
uid: *
mailLocalAddress: *@example.org
s2lEnabled: TRUE

dn: uid=a b,dc=org
objectClass: s2lMailAccount
uid: a b
mailLocalAddress: a+b@example.org
s2lEnabled: TRUE
)";

rc::Gen<std::string> texts(const std::vector<std::string>& parts) {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(parts)),
                      [](const std::vector<std::string>& chosen) {
                        std::string out;
                        for (const std::string& part : chosen) out += part;
                        return out;
                      });
}

rc::Gen<std::string> names() {
  return texts({"anna",
                "ANNA",
                "*",
                "a",
                "b",
                "+",
                " ",
                "@",
                "example.org",
                "EXAMPLE.ORG",
                "also.example",
                "@example.org",
                "@also.example",
                "\t",
                "\n",
                std::string(1, '\0'),
                "\x01",
                "\xff",
                "(",
                ")",
                "\\",
                ",",
                "ａ",
                "\u00a0"});
}

// What the owner of an entry may be called; names are compared as bytes, but for ASCII letters.
bool is_own(fake_lookup& entries, const serve::account& whose, const std::string& name) {
  const auto found = entries.find(serve::names::uid, whose.login);
  RC_ASSERT(found.has_value() && found->size() == 1U);
  const auto read = serve::read_mail_account(found->front());
  RC_ASSERT(read.has_value());
  const serve::mail_account& who = **read;
  std::string lowered = ascii_lowered(name);
  const auto known = [&] {
    return lowered == who.login ||
           std::find(who.addresses.begin(), who.addresses.end(), lowered) != who.addresses.end();
  };
  if (known()) return true;
  const std::size_t at = lowered.rfind("@also.example");
  if (at != std::string::npos) lowered.replace(at, std::string::npos, "@example.org");
  return known();
}

RC_GTEST_PROP(serve_names, a_login_is_its_own_or_nobodys, ()) {
  fake_lookup entries(host);
  serve::entry_answers answers(entries, nullptr, {});
  const std::string name = *names();
  const auto answer = answers.account_for_login({name, "imap", ""});
  RC_ASSERT(answer.has_value());
  // caseIgnoreMatch takes compatible letters for the same (RFC 4518, 2.3): it is the directory that says so.
  const bool folds = name.find("ａ") != std::string::npos || name.find("\u00a0") != std::string::npos;
  if (*answer && !folds) RC_ASSERT(is_own(entries, *(*answer)->who, name));
  const auto user = answers.userdb_of(name);
  RC_ASSERT(user.has_value());
  RC_ASSERT(user->has_value() == answer->has_value());
  if (*user) RC_ASSERT((*user)->user == (*answer)->who->login);
}

RC_GTEST_PROP(serve_names, every_own_name_is_found, ()) {
  fake_lookup entries(host);
  serve::entry_answers answers(entries, nullptr, {});
  std::string name = *rc::gen::element<std::string>("anna", "anna@example.org", "anna@also.example", "*",
                                                    "*@example.org", "a b", "a+b@also.example");
  for (char& c : name)
    if (c >= 'a' && c <= 'z' && *rc::gen::arbitrary<bool>()) c = static_cast<char>(c - 'a' + 'A');
  const auto answer = answers.account_for_login({name, "imap", ""});
  RC_ASSERT(answer.has_value() && answer->has_value());
  RC_ASSERT(is_own(entries, *(*answer)->who, name));
}

RC_GTEST_PROP(serve_names, mail_stays_in_its_domain, ()) {
  fake_lookup entries(host);
  serve::entry_answers answers(entries, nullptr, {});
  const std::string name = *names();
  const auto way = answers.route(name);
  RC_ASSERT(way.has_value());
  const std::string lowered = ascii_lowered(name);
  const bool ours = lowered.ends_with("@example.org") || lowered.ends_with("@also.example");
  RC_ASSERT(ours || way->kind == serve::mail_route::what::not_ours);
}

// Reads the script of a notice as RFC 5228 has it.
struct said {
  std::string subject;
  std::string text;
  std::string rest;  // behind the text
};
said read_back(const std::string& script) {
  said out;
  std::size_t at = script.find(":subject \"");
  if (at != std::string::npos)
    for (at += 10; script[at] != '"'; ++at) out.subject += script[at] == '\\' ? script[++at] : script[at];
  at = script.find(" text:\n", at == std::string::npos ? 0 : at) + 7;
  while (script.compare(at, 2, ".\n") != 0) {
    const std::size_t end = script.find('\n', at);
    out.text += script.substr(at + (script[at] == '.' ? 1 : 0), end - at - (script[at] == '.' ? 1 : 0)) + "\n";
    at = end + 1;
  }
  out.rest = script.substr(at + 2);
  return out;
}

RC_GTEST_PROP(serve_names, a_notice_says_what_was_written_and_no_more, ()) {
  serve::mail_account who;
  who.vacation.active = true;
  const auto written = texts({"a", "\"", "\\", ".", "\n", "\r\n", ".\n", "\n.\n", ";", "discard;", " text:", "ü", " "});
  who.vacation.subject = *written;
  who.vacation.text = *written + "end";
  const auto script = serve::render_sieve(who, {}, {});
  RC_ASSERT(script.has_value() && script->has_value());
  const said found = read_back((*script)->text);
  std::string text;
  for (const char c : who.vacation.text)
    if (c != '\r') text += c;
  RC_ASSERT(found.text == text + "\n");
  RC_ASSERT(found.rest == ";\n");
  RC_ASSERT(found.subject.find('\n') == std::string::npos);
  std::string subject = who.vacation.subject;
  for (char& c : subject)
    if (c == '\n' || c == '\r') c = ' ';
  RC_ASSERT(found.subject == trimmed(subject));
}

}  // namespace
}  // namespace sql2ldap::test
