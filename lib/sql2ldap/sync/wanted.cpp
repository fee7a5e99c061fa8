#include <sql2ldap/sync/wanted.hpp>

#include <algorithm>
#include <utility>

#include <sql2ldap/base/hash.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/sync/detail/containers.hpp>
#include <sql2ldap/sync/detail/row_groups.hpp>
#include <sql2ldap/sync/detail/value_rules.hpp>

namespace sql2ldap::sync {

using mapping::orphan_policy;
using outcome = mapping::evaluator::outcome;

namespace {

// Why a row cannot be mapped, and what of its entry that concerns.
struct problem {
  std::string reason;
  std::string column;
  int line = 0;
};

bool contains(const std::vector<model::attribute_name>& names, model::attribute_name name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

struct wanted_entries::state {
  state(const mapping::mapping& m, model::snapshot& f, wanted_options o, model::reject_sink r)
      : map(m), from(f), options(std::move(o)), rejects(std::move(r)), evaluator(m, options.base) {
    if (options.schema != nullptr) rules.emplace(*options.schema);
    unmapped.unidentified.resize(m.kinds().size());
  }

  const mapping::mapping& map;
  model::snapshot& from;
  wanted_options options;
  model::reject_sink rejects;
  mapping::evaluator evaluator;
  std::optional<value_rules> rules;

  std::optional<std::vector<model::entry>> containers;
  std::size_t next_container = 0;
  std::size_t kind = 0;
  std::optional<row_groups> groups;  // of `kind`

  model::entry made, made_spare, made_whole, parent, parent_spare;
  const model::entry* content = nullptr;  // made, settled
  bool content_waits = false;             // its parent goes out first
  std::vector<problem> problems;          // of the row at hand
  unmapped_parts keeps;                   // of its entry
  mapping::row_set rows;                  // that `content` is made of

  dn_set dns;  // of what went out
  unmapped_rows unmapped;
  std::uint64_t rejected = 0;
  std::string last_parent;  // neighbours mostly share one
  std::uint64_t last_parent_hash = 0;

  result<std::optional<wanted>> next();
  result<bool> open_next_kind();
  // What to hand out for this group: nullptr = nothing.
  result<const model::entry*> take(const row_groups::group& group);
  result<bool> settle_parent(const model::entry*& parent_first);
  result<parent_status> status_of_parent(std::string_view dn);
  result<const model::entry*> make_parent();
  void note_failures();
  void note_objections(const model::entry*& entry, model::entry& spare);
  void keep(model::attribute_name name);
  void keep_name();
  result<bool> keep_what_is_unmapped();
  void set_aside_what_is_unmapped(std::string_view dn);
  [[nodiscard]] bool lacks_optional_parts_alone() const;
  [[nodiscard]] std::string what_is_kept() const;
  [[nodiscard]] std::string all_reasons() const;
  void reject_row();
  void report(std::string reason, const problem& first, std::string_view dn);
  [[nodiscard]] bool is_whole() const noexcept { return !keeps.name && keeps.attributes.empty(); }
  [[nodiscard]] wanted handed_out(const model::entry* out) const;
};

void wanted_entries::state::report(std::string reason, const problem& first, std::string_view dn) {
  const mapping::kind_info& info = map.kinds()[kind];
  ++rejected;
  rejects({info.name, info.table, std::string(evaluator.key_text()), first.column, std::string(dn), std::move(reason),
           first.line == 0 ? info.line : first.line, std::string(evaluator.origin())});
}

// No entry is made of the row at hand.
void wanted_entries::state::reject_row() {
  const std::string_view dn = content->dn();
  if (!dn.empty()) unmapped.rejected_dns.insert(model::dn_hash(dn));
  report(problems.front().reason, problems.front(), dn);
}

void wanted_entries::state::keep(model::attribute_name name) {
  if (!contains(keeps.attributes, name)) keeps.attributes.push_back(name);
}

void wanted_entries::state::keep_name() {
  keeps.name = true;
  for (const model::attribute_name name : map.kinds()[kind].rdn) keep(name);
}

void wanted_entries::state::note_failures() {
  for (const mapping::attribute_failure& f : evaluator.failures()) {
    if (f.name) keep_name();
    for (const model::attribute_name name : f.attributes) keep(name);
    problems.push_back({f.reason, f.column, f.line});
  }
}

void wanted_entries::state::note_objections(const model::entry*& entry, model::entry& spare) {
  if (!rules) return;
  for (const value_rules::objection& no : rules->settle(entry, spare)) {
    keep(no.name);
    if (contains(map.kinds()[kind].rdn, no.name)) keep_name();
    problems.push_back({no.reason, no.name.text(), 0});
  }
}

// For the reject: "its name and its userPassword".
std::string wanted_entries::state::what_is_kept() const {
  std::vector<std::string> parts;
  if (keeps.name) parts.emplace_back("name");
  for (const model::attribute_name name : keeps.attributes)
    if (!keeps.name || !contains(map.kinds()[kind].rdn, name)) parts.push_back(name.text());
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i)
    out += (i == 0 ? "its " : i + 1 < parts.size() ? ", " : " and ") + parts[i];
  return out;
}

std::string wanted_entries::state::all_reasons() const {
  std::string out;
  for (const problem& p : problems) out += (out.empty() ? "" : "; ") + p.reason;
  return out;
}

// `on error omit` for all that the row cannot fill.
bool wanted_entries::state::lacks_optional_parts_alone() const {
  const auto& optional = map.kinds()[kind].optional;
  return !keeps.name && std::all_of(keeps.attributes.begin(), keeps.attributes.end(),
                                    [&](model::attribute_name name) { return contains(optional, name); });
}

// `content` becomes what the row can say.
void wanted_entries::state::set_aside_what_is_unmapped(std::string_view dn) {
  made_whole.clear();
  made_whole.set_dn(dn);
  for (std::size_t i = 0; i < content->size(); ++i) {
    const model::entry::value_ref value = (*content)[i];
    const bool mark = value.name == model::names::object_class || value.name == model::names::origin;
    if (mark || !contains(keeps.attributes, value.name)) made_whole.add(value.name, value.bytes);
  }
  content = &made_whole;
}

// The row at hand has problems. Where its entry exists, `content` becomes what the row can say of it, and the entry
// keeps the rest. False: there is no such entry, and the row is rejected.
result<bool> wanted_entries::state::keep_what_is_unmapped() {
  std::optional<std::string> existing;
  if (options.existing_entry) {
    S2L_TRY_ASSIGN(existing, options.existing_entry(evaluator.origin()));
  }
  const std::string dn_of_row(content->dn());
  if (!existing && lacks_optional_parts_alone()) {
    set_aside_what_is_unmapped(dn_of_row);
    report(all_reasons() + "; the entry is made without " + what_is_kept(), problems.front(), dn_of_row);
    keeps = {};
    return true;
  }
  if (!existing) {
    reject_row();
    return false;
  }
  const std::string dn = keeps.name ? *existing : dn_of_row;
  set_aside_what_is_unmapped(dn);
  const std::uint64_t origin_hash = run_hash64(evaluator.origin());
  unmapped.origins.insert(origin_hash);
  if (keeps.name) {
    unmapped.name_hashes.insert(model::dn_hash(dn));
    for (std::string_view above = model::parent_text(dn); !above.empty(); above = model::parent_text(above))
      unmapped.needed_parents.insert(model::dn_hash(above));
    unmapped.names.insert_or_assign(origin_hash, dn);
  }
  if (problems.empty()) return true;  // of the first pass, and reported there
  report(all_reasons() + "; the entry keeps " + what_is_kept(), problems.front(), dn_of_row.empty() ? dn : dn_of_row);
  return true;
}

result<parent_status> wanted_entries::state::status_of_parent(std::string_view dn) {
  const std::string_view parent_dn = model::parent_text(dn);
  if (parent_dn != last_parent) {
    last_parent = parent_dn;
    last_parent_hash = model::dn_hash(parent_dn);
  }
  if (dns.contains(last_parent_hash)) return parent_status::present;
  parent_status status = parent_status::absent;
  if (options.status_of_parent) {
    S2L_TRY_ASSIGN(status,
                   options.status_of_parent(parent_dn, last_parent_hash, [this] { return evaluator.parent_origin(); }));
  }
  const bool rejected_here = status == parent_status::absent && unmapped.rejected_dns.contains(last_parent_hash);
  return rejected_here ? parent_status::unmapped : status;
}

// nullptr: it cannot be made, and `problems` says why.
result<const model::entry*> wanted_entries::state::make_parent() {
  model::reject why;
  const model::entry* out = &parent;
  if (evaluator.make_parent(parent, why) != outcome::made) {
    if (!why.dn.empty()) unmapped.rejected_dns.insert(model::dn_hash(why.dn));
    problems.push_back({why.reason, why.column, why.line});
    return nullptr;
  }
  if (rules) {
    const auto objections = rules->settle(out, parent_spare);
    if (!objections.empty()) {
      unmapped.rejected_dns.insert(model::dn_hash(out->dn()));
      problems.push_back({objections.front().reason, objections.front().name.text(), 0});
      return nullptr;
    }
  }
  const std::size_t parent_kind = *map.kinds()[kind].parent;
  if (map.kinds()[parent_kind].parent) {
    S2L_TRY_ASSIGN(const parent_status above, status_of_parent(out->dn()));
    if (above != parent_status::present) {
      problems.push_back(
          {"the entry above its parent does not exist: " + std::string(model::parent_text(out->dn())), {}, 0});
      return nullptr;
    }
  }
  const std::uint64_t hash = model::dn_hash(out->dn());
  if (hash != model::dn_hash(model::parent_text(content->dn()))) {
    problems.push_back({"the parent that the mapping makes has another name: " + std::string(out->dn()), {}, 0});
    return nullptr;
  }
  dns.insert(hash);
  return out;
}

// False: the row makes no entry. `parent_first`: what goes out before it.
result<bool> wanted_entries::state::settle_parent(const model::entry*& parent_first) {
  if (keeps.name || !map.kinds()[kind].parent) return true;
  S2L_TRY_ASSIGN(const parent_status status, status_of_parent(content->dn()));
  if (status == parent_status::present) return true;
  const orphan_policy policy = map.kinds()[kind].orphans;
  if (policy == orphan_policy::skip && status == parent_status::absent) {
    options.skipped(evaluator.origin(), content->dn());
    return false;
  }
  if (policy == orphan_policy::make) {
    S2L_TRY_ASSIGN(parent_first, make_parent());
    if (parent_first != nullptr) return true;
  } else {
    problems.push_back({"its parent " + std::string(model::parent_text(content->dn())) +
                            (status == parent_status::unmapped ? " was rejected itself" : " does not exist"),
                        {},
                        0});
  }
  keep_name();
  return true;
}

result<const model::entry*> wanted_entries::state::take(const row_groups::group& group) {
  problems.clear();
  keeps = {};
  rows = group.rows;
  model::reject why;
  const outcome how = evaluator.make(kind, group.rows, made, why);
  content = &made;
  if (group.repeated) {
    report("a second row of this key: a join gives more than one row, or the key is not unique", {},
           how == outcome::made ? made.dn() : std::string_view());
    return nullptr;
  }
  note_failures();
  if (how == outcome::rejected) {
    ++unmapped.unidentified[kind];
    reject_row();
    return nullptr;
  }
  note_objections(content, made_spare);
  if (options.kept_name && options.kept_name(evaluator.origin()) != nullptr) keep_name();
  const model::entry* parent_first = nullptr;
  S2L_TRY_ASSIGN(const bool made_at_all, settle_parent(parent_first));
  if (!made_at_all) return nullptr;
  if (!keeps.name && dns.contains(model::dn_hash(content->dn()))) {
    problems.push_back(
        {"another row has the same DN: both names fold to one (" + std::string(content->dn()) + ")", {}, 0});
    keep_name();
  }
  if (!is_whole()) {
    S2L_TRY_ASSIGN(const bool kept, keep_what_is_unmapped());
    if (!kept) return parent_first;
  }
  dns.insert(model::dn_hash(content->dn()));
  content_waits = parent_first != nullptr;
  return content_waits ? parent_first : content;
}

result<bool> wanted_entries::state::open_next_kind() {
  for (; kind < map.kinds().size(); ++kind) {
    if (map.kinds()[kind].table.empty()) continue;  // exists only as somebody's parent
    const std::vector<std::vector<std::string>>* keys = nullptr;
    if (options.only) {
      keys = &(*options.only)[kind];
      if (keys->empty()) continue;
    }
    auto opened = row_groups::open(from, map.queries(kind), keys);
    if (!opened)
      return tl::make_unexpected(std::move(opened).error().within("while reading " + map.kinds()[kind].name));
    groups.emplace(*std::move(opened));
    return true;
  }
  return false;
}

result<std::optional<wanted>> wanted_entries::state::next() {
  if (!containers) {
    containers.emplace();
    // Without output they still are the parents of others.
    S2L_TRY_ASSIGN(*containers, container_entries(map, options.base, options.base_entry));
    for (const model::entry& c : *containers) dns.insert(model::dn_hash(c.dn()));
    if (!options.containers) next_container = containers->size();
  }
  if (next_container < containers->size()) return wanted{&(*containers)[next_container++], container_kind};
  if (content_waits) {
    content_waits = false;
    return handed_out(content);
  }
  while (true) {
    if (!groups) {
      S2L_TRY_ASSIGN(const bool more, open_next_kind());
      if (!more) return std::nullopt;
    }
    auto group = groups->next();
    if (!group) return tl::make_unexpected(std::move(group).error().within("while reading " + map.kinds()[kind].name));
    if (!*group) {
      groups.reset();
      ++kind;
      continue;
    }
    S2L_TRY_ASSIGN(const model::entry* out, take(**group));
    if (out != nullptr) return handed_out(out);
  }
}

wanted wanted_entries::state::handed_out(const model::entry* out) const {
  if (out != content) return {out, *map.kinds()[kind].parent};
  return {out, kind, is_whole() ? nullptr : &keeps};
}

wanted_entries::wanted_entries(const mapping::mapping& m, model::snapshot& from, wanted_options options,
                               model::reject_sink rejects)
    : state_(std::make_unique<state>(m, from, std::move(options), std::move(rejects))) {}
wanted_entries::~wanted_entries() = default;

result<std::optional<wanted>> wanted_entries::next() { return state_->next(); }
std::vector<mapping::trace> wanted_entries::explain_last() {
  // Without open rows it was a container.
  return state_->groups ? state_->evaluator.explain(state_->kind, state_->rows) : std::vector<mapping::trace>();
}
std::uint64_t wanted_entries::rejected() const noexcept { return state_->rejected; }
dn_set wanted_entries::take_dns() { return std::move(state_->dns); }
unmapped_rows wanted_entries::take_unmapped() { return std::move(state_->unmapped); }

}  // namespace sql2ldap::sync
