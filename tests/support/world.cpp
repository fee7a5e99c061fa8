#include <support/world.hpp>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include <sql2ldap/codec/base64.hpp>

namespace sql2ldap::test {
namespace {

template <typename T>
T or_throw(result<T> r) {
  if (!r) throw std::runtime_error(r.error().text());
  return *std::move(r);
}

}  // namespace

const std::string& world_mapping_text() {
  static const std::string text = R"(mapping "world"

entry domain from domain {
  key name
  under "ou=domains"
  rdn associatedDomain = name | lower
  class s2lMailDomain
  description = note | nonempty
  s2lEnabled = active | flag
}

entry account from mailbox m {
  many alias a on a.mailbox = m.id
  key m.id
  under domain(m.domain)
  rdn uid = m.username | lower
  class inetOrgPerson, inetLocalMailRecipient, s2lMailAccount
  cn, sn = m.name | nonempty | else(m.username)
  mailLocalAddress = a.address | lower
  userPassword = m.password | password(unprefixed: plain, plain: hash)
  s2lQuotaBytes = m.quota | absent(0)
  s2lEnabled = m.active | flag
  telephoneNumber ?= "+1 555"
}

entry list from list l {
  key l.id
  under domain(l.domain)
  orphan make
  rdn uid = l.name | lower
  class account, s2lMailGroup
  description = l.name
  s2lEnabled = l.active | flag
}
)";
  return text;
}

std::string stored_password(std::string_view tag) {
  return "{SSHA}" + codec::base64(std::string(20, 'x') + std::string(tag));
}

mapping::mapping parsed_mapping(const std::string& text) {
  auto parsed = mapping::mapping::parse(text);
  if (!parsed) throw std::runtime_error(mapping::render(parsed.error(), text, "test.map"));
  return *std::move(parsed);
}

world::world(bool transactions, const std::string& mapping_text)
    : map(parsed_mapping(mapping_text)),
      base(or_throw(model::dn::parse("dc=example"))),
      directory("dc=example", transactions) {
  source.tables["domain"] = {{"name", "note", "active"}, {}, {"name"}};
  source.tables["mailbox"] = {{"id", "username", "domain", "name", "password", "quota", "active"}, {}, {"id"}};
  source.tables["alias"] = {{"mailbox", "address"}, {}, {}};
  source.tables["list"] = {{"id", "name", "domain", "active"}, {}, {"id"}};
}

void world::domain(const std::string& name, const std::string& note) {
  source.tables["domain"].rows.push_back({name, note, "1"});
}
void world::mailbox(const std::string& id, const std::string& username, const std::string& domain,
                    const std::string& name, const std::string& password, const std::string& quota) {
  source.tables["mailbox"].rows.push_back({id, username, domain, name, password, quota, "1"});
}
void world::alias(const std::string& mailbox, const std::string& address) {
  source.tables["alias"].rows.push_back({mailbox, address});
}
void world::list(const std::string& id, const std::string& name, const std::string& domain) {
  source.tables["list"].rows.push_back({id, name, domain, "1"});
}

void world::drop_rows(const std::string& table, const std::string& column, const std::string& value) {
  fake_table& t = source.tables.at(table);
  const auto at = std::find(t.columns.begin(), t.columns.end(), column) - t.columns.begin();
  std::erase_if(t.rows, [&](const auto& row) { return row[static_cast<std::size_t>(at)] == value; });
}

void world::set(const std::string& table, const std::string& key, const std::string& column, const std::string& value) {
  fake_table& t = source.tables.at(table);
  const auto at = std::find(t.columns.begin(), t.columns.end(), column) - t.columns.begin();
  for (auto& row : t.rows)
    if (row.front() == key) row[static_cast<std::size_t>(at)] = value;
}

std::string world::domain_dn(const std::string& name) { return "associatedDomain=" + name + ",ou=domains,dc=example"; }
std::string world::account_dn(const std::string& username, const std::string& domain) {
  return "uid=" + username + "," + domain_dn(domain);
}

sync::run_options world::options() {
  sync::run_options out;
  out.limits = limits;
  out.grace = grace;
  out.now = now;
  out.rejects = [this](model::reject r) { rejects.push_back(std::move(r)); };
  out.wait = [](std::chrono::milliseconds) {};
  return out;
}

sync::counts world::migrate() {
  rejects.clear();
  return or_throw(sync::migrate(parties(), options()));
}

std::vector<sync::difference> world::verify() {
  std::vector<sync::difference> out;
  rejects.clear();
  (void)or_throw(sync::verify(parties(), options(), false, [&](const sync::difference& d) { out.push_back(d); }));
  return out;
}

std::string world::plan(bool show_secrets) {
  std::ostringstream out;
  sync::run_options how = options();
  how.show_secrets = show_secrets;
  rejects.clear();
  (void)or_throw(sync::plan(parties(), how, out));
  return out.str();
}

std::string world::reject_reasons() const {
  std::string out;
  for (const model::reject& r : rejects) out += r.kind + " " + r.key + ": " + r.reason + "\n";
  return out;
}

}  // namespace sql2ldap::test
