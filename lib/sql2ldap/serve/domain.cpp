#include <sql2ldap/serve/domain.hpp>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/idna.hpp>
#include <sql2ldap/serve/detail/entry_reader.hpp>
#include <sql2ldap/serve/detail/names.hpp>

namespace sql2ldap::serve {

namespace {

using detail::entry_reader;

bool leads_elsewhere(std::string_view transport) {
  const std::string_view word = transport.substr(0, transport.find(':'));
  return word == "relay" || word == "smtp";
}

result<std::string> target_of(const entry_reader& read) {
  S2L_TRY_ASSIGN(auto text, read.line(names::target_domain));
  if (text.empty()) return text;
  auto target = codec::domain_to_ascii(text);
  if (!target) return read.objection(names::target_domain, text, "is no domain");
  return *std::move(target);
}

}  // namespace

std::string_view mail_domain::next_hop() const {
  const std::size_t colon = transport.find(':');
  return colon == std::string::npos ? std::string_view() : std::string_view(transport).substr(colon + 1);
}

bool is_domain(const model::entry& of) {
  const entry_reader read(of);
  return read.is_a("s2lMailDomain") || read.is_a("s2lDomainAlias");
}

result<mail_domain> read_domain(const model::entry& from, std::string name) {
  const entry_reader read(from);
  mail_domain made;
  made.name = std::move(name);
  S2L_TRY_ASSIGN(made.enabled, read.flag(names::enabled, false));
  if (!made.enabled) return made;
  S2L_TRY_ASSIGN(made.target, target_of(read));
  S2L_TRY_ASSIGN(made.transport, read.line(names::transport));
  S2L_TRY_ASSIGN(made.message_bytes_max, read.number(names::max_message_bytes));
  if (made.message_bytes_max == 0U) made.message_bytes_max.reset();
  S2L_TRY_ASSIGN(made.uid, read.id_number(names::uid_number));
  S2L_TRY_ASSIGN(made.gid, read.id_number(names::gid_number));
  if (read.is_a("s2lDomainAlias")) {
    if (made.target.empty()) return read.objection(names::target_domain, "", "is missing");
    made.kind = mail_domain::what::alias;
  } else if (leads_elsewhere(made.transport)) {
    made.kind = mail_domain::what::relay;
  }
  return made;
}

}  // namespace sql2ldap::serve
