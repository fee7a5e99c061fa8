// Why an entry is as it is: the rows and lines behind each of its attributes.
#include <algorithm>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/schema_definition.hpp>
#include <sql2ldap/sync/detail/row_groups.hpp>
#include <sql2ldap/sync/diff.hpp>
#include <sql2ldap/sync/origins.hpp>
#include <sql2ldap/sync/stale.hpp>
#include <sql2ldap/sync/sync.hpp>
#include <sql2ldap/sync/wanted.hpp>

namespace sql2ldap::sync {
namespace {

bool names_it(std::string_view dn, std::string_view address) {
  const result<model::dn> parsed = model::dn::parse(dn);
  if (!parsed || parsed->empty()) return equal_ignoring_ascii_case(dn, address);
  if (equal_ignoring_ascii_case(parsed->text(), address)) return true;
  const model::rdn first = parsed->rdns().front();
  return std::any_of(first.begin(), first.end(),
                     [&](const model::ava& a) { return equal_ignoring_ascii_case(a.value, address); });
}

bool has_value(const model::entry& e, std::string_view address) {
  for (std::size_t i = 0; i < e.size(); ++i)
    if (!(e[i].name == model::names::user_password) && equal_ignoring_ascii_case(e[i].bytes, address)) return true;
  return false;
}

struct found_row {
  explanation about;
  std::size_t kind = 0;
  std::optional<model::entry> content;
};

// Every row of every kind is tried: an address can be anywhere among the values.
result<std::vector<found_row>> rows_about(const mapping::mapping& map, model::snapshot& from, const model::dn& base,
                                          const std::string& address) {
  std::vector<found_row> out;
  mapping::evaluator evaluator(map, base);
  model::entry made;
  for (std::size_t kind = 0; kind < map.kinds().size(); ++kind) {
    const mapping::kind_info& info = map.kinds()[kind];
    if (info.table.empty()) continue;
    S2L_TRY_ASSIGN(row_groups groups, row_groups::open(from, map.queries(kind), nullptr));
    while (true) {
      S2L_TRY_ASSIGN(const auto group, groups.next());
      if (!group) break;
      if (group->repeated) continue;
      model::reject why;
      const bool good = evaluator.make(kind, group->rows, made, why) == mapping::evaluator::outcome::made;
      const bool about_it =
          equal_ignoring_ascii_case(evaluator.key_text(), address) ||
          (good ? names_it(made.dn(), address) || has_value(made, address) : names_it(why.dn, address));
      if (!about_it) continue;
      found_row row;
      row.kind = kind;
      row.about.kind = info.name;
      row.about.table = info.table;
      row.about.key = evaluator.key_text();
      if (good) {
        row.about.dn = made.dn();
        row.content = made;
      } else {
        row.about.reject = why.reason;
      }
      row.about.attributes = evaluator.explain(kind, group->rows);
      out.push_back(std::move(row));
    }
  }
  return out;
}

// Orphans and names that two rows want show only in the stream of all entries.
result<void> find_rejects(std::vector<found_row>& rows, const mapping::mapping& map, model::snapshot& from,
                          const model::dn& base) {
  if (std::none_of(rows.begin(), rows.end(), [](const found_row& r) { return r.about.reject.empty(); })) return {};
  wanted_options options;
  options.base = base;
  const auto note = [&](const model::reject& why) {
    for (found_row& r : rows)
      if (r.about.reject.empty() && r.about.kind == why.kind && r.about.key == why.key) {
        r.about.reject = why.reason;
        r.about.dn.clear();
      }
  };
  wanted_entries all(map, from, std::move(options), note);
  while (true) {
    S2L_TRY_ASSIGN(const auto next, all.next());
    if (!next) return {};
  }
}

std::string shown(model::attribute_name name, std::string_view value) {
  const bool hidden = name == model::names::user_password;
  return name.text() + ": " + (hidden ? std::string("***") : quoted_for_message(value, 200));
}

result<void> look_up(found_row& row, const mapping::mapping& map, model::directory& to, const model::schema& schema) {
  S2L_TRY_ASSIGN(auto found, to.search({row.about.dn, model::search_scope::base, "(objectClass=*)", {}, 0}));
  S2L_TRY_ASSIGN(const model::entry* there, found->next());
  if (there == nullptr) {
    row.about.directory = {"absent"};
    return {};
  }
  const std::string_view origin = there->first_value_of(model::names::origin);
  if (origin != row.content->first_value_of(model::names::origin))
    row.about.directory.push_back(origin.empty() ? "not ours: it has no s2lOrigin"
                                                 : shown(model::names::origin, origin));
  const entry_difference d = difference_of(*row.content, *there, map.kinds()[row.kind], schema);
  for (const std::string& name : stale_attributes(map, schema).names_of(row.kind, *there))
    row.about.directory.push_back(name + ": set, and not written by the mapping");
  std::vector<model::attribute_name> seen;
  for (const model::modification& m : d.modifications) {
    if (std::find(seen.begin(), seen.end(), m.name) != seen.end()) continue;
    seen.push_back(m.name);
    const std::vector<std::string_view> values = there->values_of(m.name);
    if (values.empty()) row.about.directory.push_back(m.name.text() + ": absent");
    for (const std::string_view v : values) row.about.directory.push_back(shown(m.name, v));
  }
  return {};
}

}  // namespace

result<std::vector<explanation>> why(const mapping::mapping& map, model::source& from, model::directory* to,
                                     const model::dn& base, const std::string& address) {
  S2L_TRY_ASSIGN(const auto snapshot, from.open_snapshot());
  S2L_TRY_ASSIGN(std::vector<found_row> rows, rows_about(map, *snapshot, base, address));
  S2L_TRY(find_rejects(rows, map, *snapshot, base));
  if (to != nullptr) {
    S2L_TRY_ASSIGN(const model::directory_facts facts, to->describe());
    for (found_row& row : rows)
      if (row.about.reject.empty()) S2L_TRY(look_up(row, map, *to, facts.schema));
  }
  std::vector<explanation> out;
  for (found_row& row : rows) out.push_back(std::move(row.about));
  return out;
}

}  // namespace sql2ldap::sync
