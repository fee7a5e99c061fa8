#include <sql2ldap/serve/alias.hpp>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/serve/detail/entry_reader.hpp>
#include <sql2ldap/serve/detail/names.hpp>

namespace sql2ldap::serve {

namespace {

using detail::entry_reader;

result<mail_alias::what> kind_of(const entry_reader& read, const model::entry& from) {
  S2L_TRY_ASSIGN(const auto text, read.line(names::alias_kind));
  const std::string word = ascii_lowered(text);
  if (word == "fail") return mail_alias::what::refusal;
  if (word == "discard") return mail_alias::what::discard;
  // A command among other targets: what it was to do cannot be left out unsaid.
  if (word == "pipe" || from.has(names::pipe_command)) return mail_alias::what::command;
  if (word.empty() || word == "list" || word == "catchall" || word == "site") return mail_alias::what::list;
  return read.objection(names::alias_kind, text, "is unknown");
}

}  // namespace

bool is_alias(const model::entry& of) {
  const entry_reader read(of);
  return read.is_a("s2lMailAlias") || read.is_a("s2lMailGroup");
}

result<mail_alias> read_alias(const model::entry& from) {
  const entry_reader read(from);
  mail_alias made;
  S2L_TRY_ASSIGN(made.enabled, read.flag(names::enabled, false));
  S2L_TRY_ASSIGN(made.targets, read.targets(names::rfc822_mail_member));
  S2L_TRY_ASSIGN(made.reject_text, read.text(names::reject_text));
  for (char& c : made.reject_text)  // it becomes a part of one line of SMTP
    if ((c >= '\0' && c < ' ') || c == '\x7f') c = ' ';
  if (!read.is_a("s2lMailGroup")) {
    S2L_TRY_ASSIGN(made.kind, kind_of(read, from));
    if (made.kind == mail_alias::what::list && made.targets.empty())
      return read.objection(names::rfc822_mail_member, "", "is missing: the alias leads nowhere");
    return made;
  }
  made.kind = mail_alias::what::group;
  // Members by DN would have to be looked up one by one; a part of the members is worse than none.
  if (from.has(names::member) && made.targets.empty())
    return read.objection(names::member, from.first_value_of(names::member),
                          "is a DN: members need their address in rfc822MailMember");
  S2L_TRY_ASSIGN(const bool open, read.flag(names::group_public, true));
  made.members_only = !open;
  return made;
}

}  // namespace sql2ldap::serve
