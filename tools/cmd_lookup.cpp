// lookup user|pass|alias|domain|sieve NAME: what the mail servers would be told, asked of the directory itself.
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/password.hpp>
#include <sql2ldap/codec/password_cost.hpp>
#include <sql2ldap/serve/directory_lookup.hpp>
#include <sql2ldap/serve/entry_answers.hpp>

#include "answer_source.hpp"
#include "wiring.hpp"

namespace sql2ldap::tools {

namespace {

struct question {
  std::string name;
  std::string service;
  std::string from;
};

exit_code not_there(const options& chosen, const question& asked, std::string_view what) {
  if (chosen.json)
    print_json({{"name", asked.name}, {"found", false}});
  else
    print_text("{}\n", what);
  return exit_code::differences;
}

json as_json(const serve::field_list& fields) {
  json out = json::object();
  for (const auto& [name, value] : fields) out[name] = value;
  return out;
}

void print_fields(std::string_view title, const serve::field_list& fields) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, value] : fields) rows.push_back({name, value});
  print_text("{}\n{}", title, as_table(rows));
}

result<exit_code> user(serve::answers& of, const options& chosen, const question& asked) {
  S2L_TRY_ASSIGN(const auto found, of.userdb_of(asked.name));
  if (!found) return not_there(chosen, asked, "no user who takes mail");
  const auto fields_23 = serve::fields_of_dovecot_23(*found);
  S2L_TRY_ASSIGN(const auto fields_24, serve::fields_of_dovecot_24(*found));
  if (chosen.json) {
    print_json({{"name", asked.name},
                {"found", true},
                {"user", found->user},
                {"dovecot_2.3", as_json(fields_23)},
                {"dovecot_2.4", as_json(fields_24)}});
    return exit_code::done;
  }
  print_text("user {}\n", printable_line(found->user));
  print_fields("dovecot 2.3", fields_23);
  print_fields("dovecot 2.4", fields_24);
  return exit_code::done;
}

std::string_view word_for(serve::login_answer::verdict now) {
  switch (now) {
    case serve::login_answer::verdict::allowed:
      return "allowed";
    case serve::login_answer::verdict::disabled:
      return "disabled";
    case serve::login_answer::verdict::no_login:
      return "no login";
    case serve::login_answer::verdict::wrong_service:
      return "not for this service";
    case serve::login_answer::verdict::wrong_network:
      return "not from this network";
  }
  return "";
}

// Without --service an account that may use some services only is asked about by the first of them.
result<std::optional<serve::login_answer>> login_of(serve::answers& of, const question& asked) {
  S2L_TRY_ASSIGN(auto found, of.account_for_login({asked.name, asked.service, asked.from}));
  if (!asked.service.empty() || !found || found->who->services.empty()) return found;
  return of.account_for_login({asked.name, found->who->services.front(), asked.from});
}

// What is stored, without the hash unless it is asked for; and whether it would be verified.
std::string password_line(std::string_view stored, const options& chosen) {
  std::string line(chosen.show_secrets ? std::string(stored) : codec::facts_about(stored).scheme);
  const auto cost = codec::password_cost_of(stored);
  if (cost && !codec::is_within(bounds_of(chosen.settings), *cost))
    line += fmt::format(", which sql2ldap-authd does not verify: it would take some {:.3g} s and {:.0f} MiB",
                        cost->seconds, cost->memory_bytes / (1U << 20U));
  return line;
}

result<exit_code> pass(serve::answers& of, const options& chosen, const question& asked) {
  S2L_TRY_ASSIGN(const auto found, login_of(of, asked));
  if (!found) return not_there(chosen, asked, "no such user");
  std::vector<std::string> passwords;
  for (const secret& one : found->who->passwords) passwords.push_back(password_line(one.reveal(), chosen));
  bool shown = true;
  if (passwords.empty()) {
    S2L_TRY_ASSIGN(shown, shows_passwords(chosen));
  }
  const bool none_stored = passwords.empty() && shown;
  const bool allowed = found->now == serve::login_answer::verdict::allowed;
  if (chosen.json) {
    print_json({{"name", asked.name},
                {"found", true},
                {"user", found->who->login},
                {"dn", found->who->dn},
                {"login", allowed && none_stored ? "no password" : word_for(found->now)},
                {"services", found->who->services},
                {"passwords", passwords}});
  } else {
    print_text("user {}\ndn {}\nlogin {}", printable_line(found->who->login), printable_line(found->who->dn),
               word_for(found->now));
    if (allowed && asked.service.empty() && !found->who->services.empty())
      print_text(" for {} (no --service was named)",
                 printable_line(fmt::format("{}", fmt::join(found->who->services, ", "))));
    print_text("\n");
    if (none_stored) print_text("no password is stored: nobody can log in\n");
    if (!shown) print_text("no password is shown to this identity; a bind would be verified by the directory\n");
    for (const std::string& one : passwords) print_text("password {}\n", one);
  }
  return allowed && !none_stored ? exit_code::done : exit_code::differences;
}

std::string_view word_for(serve::mail_route::what kind) {
  switch (kind) {
    case serve::mail_route::what::deliver:
      return "deliver";
    case serve::mail_route::what::redirect:
      return "redirect";
    case serve::mail_route::what::members:
      return "members";
    case serve::mail_route::what::refuse:
      return "refuse";
    case serve::mail_route::what::discard:
      return "discard";
    case serve::mail_route::what::command:
      return "command, which is not run";
    case serve::mail_route::what::relay:
      return "relay";
    case serve::mail_route::what::unknown:
      return "unknown here";
    case serve::mail_route::what::not_ours:
      return "not ours";
  }
  return "";
}

void print(const serve::mail_route& way) {
  print_text("{}\n", word_for(way.kind));
  for (const std::string& target : way.targets) print_text("to {}\n", printable_line(target));
  if (way.kind == serve::mail_route::what::deliver || way.keep_copy) print_text("mailbox of {}\n", way.user);
  if (way.members_only) print_text("only members may write\n");
  if (!way.text.empty()) print_text("text {}\n", printable_line(way.text));
  if (!way.transport.empty()) print_text("transport {}\n", printable_line(way.transport));
  if (way.message_bytes_max) print_text("message at most {} bytes\n", *way.message_bytes_max);
}

result<exit_code> alias(serve::answers& of, const options& chosen, const question& asked) {
  S2L_TRY_ASSIGN(const auto way, of.route(asked.name));
  const bool found = way.kind != serve::mail_route::what::unknown && way.kind != serve::mail_route::what::not_ours;
  if (chosen.json) {
    json document = {{"name", asked.name},
                     {"found", found},
                     {"route", word_for(way.kind)},
                     {"user", way.user},
                     {"targets", way.targets},
                     {"keep_copy", way.keep_copy},
                     {"members_only", way.members_only},
                     {"text", way.text},
                     {"transport", way.transport}};
    if (way.message_bytes_max) document["message_bytes_max"] = *way.message_bytes_max;
    print_json(document);
  } else {
    print(way);
  }
  return found ? exit_code::done : exit_code::differences;
}

std::string_view word_for(serve::mail_domain::what kind) {
  switch (kind) {
    case serve::mail_domain::what::local:
      return "local";
    case serve::mail_domain::what::alias:
      return "alias";
    case serve::mail_domain::what::relay:
      return "relay";
  }
  return "";
}

result<exit_code> domain(serve::answers& of, const options& chosen, const question& asked) {
  S2L_TRY_ASSIGN(const auto found, of.domain(asked.name));
  if (!found) return not_there(chosen, asked, "not ours, or not in force");
  if (chosen.json) {
    print_json({{"name", found->name},
                {"found", true},
                {"kind", word_for(found->kind)},
                {"target", found->target},
                {"transport", found->transport}});
    return exit_code::done;
  }
  print_text("{}\n", word_for(found->kind));
  if (!found->target.empty()) print_text("target {}\n", printable_line(found->target));
  if (!found->transport.empty()) print_text("transport {}\n", printable_line(found->transport));
  return exit_code::done;
}

result<exit_code> sieve(serve::answers& of, const options& chosen, const question& asked) {
  S2L_TRY_ASSIGN(const auto script, of.sieve_of(asked.name));
  if (!script) return not_there(chosen, asked, "nothing to do");
  if (chosen.json)
    print_json({{"name", asked.name}, {"found", true}, {"id", script->id}, {"text", script->text}});
  else
    write_output(script->text);
  return exit_code::done;
}

using answerer = result<exit_code> (*)(serve::answers&, const options&, const question&);

result<exit_code> ask(const options& chosen, const question& asked, answerer answer) {
  S2L_TRY_ASSIGN(const auto to, open_directory(chosen));
  S2L_TRY_ASSIGN(auto base, open_base(chosen, to.get()));
  serve::directory_lookup entries(*to, std::move(base));
  serve::answer_options answering;
  answering.separators = chosen.settings.separators;  // as authd takes it from the same file
  serve::entry_answers answers(entries, &entries, std::move(answering));
  return answer(answers, chosen, asked);
}

// A mail server knows no other trouble than one that passes.
result<exit_code> try_later(result<exit_code> outcome) {
  if (!outcome && outcome.error().kind == error_kind::directory) outcome.error().transient = true;
  return outcome;
}

}  // namespace

void add_lookup(command_line& line) {
  command group = line.root().add_group("lookup",
                                        "Shows what mail servers are told of a user, an address or a domain. "
                                        "Asks the directory, as they would. Exit code "
                                        "1 when there is none, 75 when they would be told to try again later.");
  auto asked = std::make_shared<question>();
  const auto add = [&](const char* word, const char* name, const char* text, answerer answer, bool secrets = false) {
    command added = line.add(group, word, text, {.directory = true, .secrets = secrets},
                             [=](const options& chosen) { return try_later(ask(chosen, *asked, answer)); });
    added.add_argument(name, asked->name, "in any letter case");
    return added;
  };
  add("user", "NAME", "Where a user's mail is: dovecot's userdb, with the names of its versions 2.3 and 2.4.", user);
  command by_password = add("pass", "NAME", "Whether a user may log in: dovecot's passdb.", pass, true);
  by_password.add_value("--service", asked->service, "imap, pop3, smtp, sieve...", "SERVICE");
  by_password.add_value("--from", asked->from, "IP address of the client", "ADDRESS");
  add("alias", "ADDRESS", "What becomes of mail to an address.", alias);
  add("domain", "DOMAIN", "Whether a domain is ours, and how.", domain);
  add("sieve", "NAME", "The Sieve script of a user's forwards and absence notices.", sieve);
}

}  // namespace sql2ldap::tools
