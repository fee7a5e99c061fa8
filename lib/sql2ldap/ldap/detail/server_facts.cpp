#include <sql2ldap/ldap/detail/server_facts.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/schema_definition.hpp>
#include <sql2ldap/ldap/detail/search_stream.hpp>

namespace sql2ldap::ldap::detail {
namespace {

constexpr std::string_view start_transaction_oid = "1.3.6.1.1.21.1";

std::vector<model::attribute_name> names(std::initializer_list<std::string_view> texts) {
  return {texts.begin(), texts.end()};
}

std::vector<std::string> texts_of(const model::entry& from, std::string_view name) {
  const auto values = from.values_of(model::attribute_name(name));
  return {values.begin(), values.end()};
}

result<std::optional<model::entry>> read_one(const std::shared_ptr<pool>& lines, const std::string& name,
                                             const std::string& filter, std::vector<model::attribute_name> attributes) {
  S2L_TRY_ASSIGN(lease line, lines->take());
  S2L_TRY_ASSIGN(auto stream, search_stream::start(std::move(line), {.base = name,
                                                                     .scope = model::search_scope::base,
                                                                     .filter = filter,
                                                                     .attributes = std::move(attributes),
                                                                     .entries_max = 0}));
  S2L_TRY_ASSIGN(const model::entry* found, stream->next());
  if (found == nullptr) return std::nullopt;
  return *found;
}

result<std::string> who_am_i(const std::shared_ptr<pool>& lines) {
  const std::string_view doing = "asking who we are";
  S2L_TRY_ASSIGN(const lease line, lines->take());
  int id = 0;
  S2L_TRY(line->sent(ldap_whoami(line->handle(), nullptr, nullptr, &id), doing));
  S2L_TRY_ASSIGN(const extended_answer said, line->await_extended(id, doing));
  if (said.code != LDAP_SUCCESS) return tl::make_unexpected(line->failed(said.code, doing, said.diagnostic));
  return said.value.value_or("");
}

// slapd tells its version only in cn=Monitor, and only to whom may read that.
result<std::string> vendor(const std::shared_ptr<pool>& lines, const model::entry& root) {
  std::string name(root.first_value_of(model::attribute_name("vendorName")));
  const std::string version(root.first_value_of(model::attribute_name("vendorVersion")));
  if (!version.empty()) return name.empty() ? version : name + " " + version;
  const auto classes = root.values_of(model::names::object_class);
  const bool slapd = std::find(classes.begin(), classes.end(), "OpenLDAProotDSE") != classes.end();
  if (name.empty() && slapd) name = "OpenLDAP";
  const std::string monitor(root.first_value_of(model::attribute_name("monitorContext")));
  if (!slapd || monitor.empty()) return name;
  S2L_TRY_ASSIGN(const auto found, read_one(lines, monitor, "(objectClass=*)", names({"monitoredInfo"})));
  if (!found) return name;
  // "OpenLDAP: slapd 2.5.13+dfsg-5 (Feb  8 2023 01:56:12)"
  std::string_view info = found->first_value_of(model::attribute_name("monitoredInfo"));
  constexpr std::string_view program = "slapd ";
  const std::size_t at = info.find(program);
  if (at == std::string_view::npos) return name;
  info.remove_prefix(at + program.size());
  return fmt::format("{} {}", name, info.substr(0, info.find(' ')));
}

result<model::schema> read_schema(const std::shared_ptr<pool>& lines, const std::string& subschema) {
  S2L_TRY_ASSIGN(const auto found,
                 read_one(lines, subschema, "(objectClass=subschema)", names({"attributeTypes", "objectClasses"})));
  if (!found)
    return fail(error_kind::directory, fmt::format("{}: cannot read the schema in {}", lines->how().uri, subschema),
                "let the identity that binds read it (olcAccess of the frontend)");
  model::schema out;
  for (const std::string_view text : found->values_of(model::attribute_name("attributeTypes"))) {
    S2L_TRY_ASSIGN(auto type, codec::parse_attribute_type(text));
    out.add(std::move(type));
  }
  for (const std::string_view text : found->values_of(model::attribute_name("objectClasses"))) {
    S2L_TRY_ASSIGN(auto one, codec::parse_object_class(text));
    out.add(std::move(one));
  }
  out.complete();
  return out;
}

// "{3}/usr/lib/ldap/pw-sha2.la" is pw-sha2.
std::string module_name(std::string text) {
  if (text.starts_with('{')) text.erase(0, text.find('}') + 1);
  return std::filesystem::path(text).stem().string();
}

// "mail,cn eq,sub" indexes both for equality. A list without kinds takes those of a "default", which
// nobody writes without "eq".
void add_equality_indexes(std::string_view text, std::vector<std::string>& out) {
  const std::size_t blank = text.find(' ');
  const std::vector<std::string_view> kinds =
      blank == std::string_view::npos ? std::vector<std::string_view>{} : split(trimmed(text.substr(blank)), ',');
  if (!kinds.empty() && std::find(kinds.begin(), kinds.end(), "eq") == kinds.end()) return;
  for (const std::string_view name : split(text.substr(0, blank), ',')) out.emplace_back(name);
}

bool is_true(const model::entry& from, std::string_view name) {
  return from.first_value_of(model::attribute_name(name)) == "TRUE";
}

void add_database(const model::entry& from, model::directory_facts& facts) {
  model::database_indexes database{.suffixes = texts_of(from, "olcSuffix"), .equality = {}};
  if (database.suffixes.empty()) return;
  for (const std::string& text : texts_of(from, "olcDbIndex")) add_equality_indexes(text, database.equality);
  database.size_max = std::string(from.first_value_of(model::attribute_name("olcDbMaxSize")));
  database.read_only = is_true(from, "olcReadOnly");
  facts.indexes->push_back(std::move(database));
}

// Only who may read cn=config sees them, and nobody needs to.
result<void> read_config(const std::shared_ptr<pool>& lines, const std::string& config, model::directory_facts& facts) {
  S2L_TRY_ASSIGN(lease line, lines->take());
  auto stream = search_stream::start(
      std::move(line),
      {.base = config,
       .scope = model::search_scope::subtree,
       .filter = "(|(objectClass=olcModuleList)(objectClass=olcDatabaseConfig)(objectClass=olcGlobal))",
       .attributes = names({"olcModuleLoad", "olcSuffix", "olcDbIndex", "olcDbMaxSize", "olcReadOnly"}),
       .entries_max = 0});
  bool all_read_only = false;  // by the entry of the whole server, or of the frontend
  while (true) {
    auto found = stream ? (*stream)->next() : tl::make_unexpected(stream.error());
    if (!found && found.error().transient) return tl::make_unexpected(std::move(found).error());
    if (!found || *found == nullptr) break;
    if (!facts.modules) {
      facts.modules.emplace();
      facts.indexes.emplace();
    }
    for (std::string& text : texts_of(**found, "olcModuleLoad")) facts.modules->push_back(module_name(std::move(text)));
    if ((*found)->has(model::attribute_name("olcSuffix")))
      add_database(**found, facts);
    else if ((*found)->dn() == config || (*found)->dn().starts_with("olcDatabase={-1}frontend,"))
      all_read_only = all_read_only || is_true(**found, "olcReadOnly");
  }
  if (facts.indexes && all_read_only)
    for (model::database_indexes& database : *facts.indexes) database.read_only = true;
  return {};
}

}  // namespace

result<bool> has_two_threads(const std::shared_ptr<pool>& lines) {
  const auto found = read_one(lines, "cn=config", "(objectClass=*)", names({"olcThreads"}));
  if (!found && found.error().transient) return tl::make_unexpected(found.error());
  return found && *found && (*found)->first_value_of(model::attribute_name("olcThreads")) == "2";
}

result<model::directory_facts> read_facts(const std::shared_ptr<pool>& lines) {
  S2L_TRY_ASSIGN(const auto found, read_one(lines, "", "(objectClass=*)", names({"*", "+"})));
  if (!found)
    return fail(error_kind::directory, fmt::format("{}: cannot read the root DSE", lines->how().uri),
                "let the identity that binds read it (olcAccess of the frontend)");
  const model::entry& root = *found;
  model::directory_facts facts;
  facts.naming_contexts = texts_of(root, "namingContexts");
  facts.controls = texts_of(root, "supportedControl");
  facts.extensions = texts_of(root, "supportedExtension");
  facts.transactions = lines->how().use_transactions && std::find(facts.extensions.begin(), facts.extensions.end(),
                                                                  start_transaction_oid) != facts.extensions.end();
  S2L_TRY_ASSIGN(facts.vendor, vendor(lines, root));
  S2L_TRY_ASSIGN(facts.authorization_id, who_am_i(lines));
  const std::string config(root.first_value_of(model::attribute_name("configContext")));
  if (!config.empty()) {
    S2L_TRY(read_config(lines, config, facts));
    S2L_TRY_ASSIGN(facts.two_threads, has_two_threads(lines));
  }
  const std::string subschema(root.first_value_of(model::attribute_name("subschemaSubentry")));
  if (!subschema.empty()) {
    auto read = read_schema(lines, subschema);
    if (!read) return tl::make_unexpected(std::move(read).error().within("reading the schema in " + subschema));
    facts.schema = std::move(*read);
  }
  return facts;
}

}  // namespace sql2ldap::ldap::detail
