#include "answer_check.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/codec/filter.hpp>
#include <sql2ldap/codec/schema_definition.hpp>
#include <sql2ldap/serve/attributes.hpp>
#include <sql2ldap/sync/wanted.hpp>

namespace sql2ldap::tools {

namespace {

class entries_of_rows final : public model::entry_stream {
 public:
  entries_of_rows(const both_sides& sides, model::snapshot& rows, const model::schema& schema)
      : entries_(sides.map, rows, {.base = sides.base, .containers = false, .schema = &schema, .only = std::nullopt},
                 [](const model::reject&) {}) {}
  result<const model::entry*> next() override {
    S2L_TRY_ASSIGN(const auto wanted, entries_.next());
    return wanted ? wanted->content : nullptr;
  }

 private:
  sync::wanted_entries entries_;
};

// Passwords take no part.
std::vector<model::attribute_name> attributes_to_read() {
  auto names = serve::read_attributes();
  std::erase(names, model::names::user_password);
  return names;
}

}  // namespace

result<void> read_rows(audit::answer_audit& audit, const both_sides& sides) {
  auto schema = std::make_shared<model::schema>(codec::builtin_schema());
  if (sides.to) {
    S2L_TRY_ASSIGN(auto facts, sides.to->describe());
    *schema = std::move(facts.schema);
  }
  S2L_TRY_ASSIGN(auto opened, sides.from->open_snapshot());
  const std::shared_ptr<model::snapshot> rows = std::move(opened);
  audit.open = [&sides, rows, schema]() -> result<std::unique_ptr<model::entry_stream>> {
    return std::make_unique<entries_of_rows>(sides, *rows, *schema);
  };
  return {};
}

void read_directory(audit::answer_audit& audit, const both_sides& sides) {
  audit.open = [&sides]() -> result<std::unique_ptr<model::entry_stream>> {
    std::vector<codec::filter> classes;
    for (const std::string_view name : serve::read_classes())
      classes.push_back(codec::filter::equal(model::names::object_class, name));
    return sides.to->search({.base = sides.base.text(),
                             .scope = model::search_scope::subtree,
                             .filter = codec::filter::any_of(classes).text(),
                             .attributes = attributes_to_read()});
  };
}

bool is_warning(const audit::deferred_name& one) {
  return std::all_of(one.lookups.begin(), one.lookups.end(),
                     [](const std::string& lookup) { return lookup == "sieve" || lookup == "command"; });
}

json as_json(const audit::deferred_name& one) {
  return {{"name", one.name}, {"lookups", one.lookups}, {"reason", one.reason}, {"entries", one.entry_dns}};
}

std::string as_text(const audit::deferred_name& one) {
  return fmt::format("{}  {}  {}", printable_line(one.name), fmt::join(one.lookups, " "), printable_line(one.reason));
}

}  // namespace sql2ldap::tools
