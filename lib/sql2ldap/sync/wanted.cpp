#include <sql2ldap/sync/wanted.hpp>

#include <utility>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/sync/detail/containers.hpp>
#include <sql2ldap/sync/detail/row_groups.hpp>
#include <sql2ldap/sync/detail/value_rules.hpp>

namespace sql2ldap::sync {

using mapping::orphan_policy;
using outcome = mapping::evaluator::outcome;

struct wanted_entries::state {
  state(const mapping::mapping& m, model::snapshot& f, wanted_options o, model::reject_sink r)
      : map(m), from(f), options(std::move(o)), rejects(std::move(r)), evaluator(m, options.base) {
    if (options.schema != nullptr) rules.emplace(*options.schema);
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

  model::entry made, made_spare, parent, parent_spare;
  const model::entry* content = nullptr;  // made, settled
  bool content_waits = false;             // its parent goes out first
  model::reject why;

  dn_set dns;           // of what went out
  dn_set rejected_dns;  // so that the children of a rejected row are told why
  std::uint64_t rejected = 0;
  std::string last_parent;  // neighbours mostly share one
  std::uint64_t last_parent_hash = 0;

  result<std::optional<wanted>> next();
  result<bool> open_next_kind();
  // What to hand out for this group: nullptr = nothing.
  result<const model::entry*> take(const row_groups::group& group);
  result<bool> has_parent(std::string_view dn);
  result<const model::entry*> take_orphan();
  result<const model::entry*> make_parent();
  bool settled(const model::entry*& entry, model::entry& spare);
  void reject(std::string reason, std::string_view dn, std::string column = {});
  void reject_as_evaluated();
};

void wanted_entries::state::reject(std::string reason, std::string_view dn, std::string column) {
  const mapping::kind_info& info = map.kinds()[kind];
  ++rejected;
  rejects({info.name, info.table, std::string(evaluator.key_text()), std::move(column), std::string(dn),
           std::move(reason), info.line, std::string(evaluator.origin())});
}

void wanted_entries::state::reject_as_evaluated() {
  ++rejected;
  if (!why.dn.empty()) rejected_dns.insert(model::dn_hash(why.dn));
  rejects(why);
}

bool wanted_entries::state::settled(const model::entry*& entry, model::entry& spare) {
  if (!rules) return true;
  const std::optional<value_rules::objection> no = rules->settle(entry, spare);
  if (!no) return true;
  rejected_dns.insert(model::dn_hash(entry->dn()));
  reject(no->reason, entry->dn(), no->name.text());
  return false;
}

result<bool> wanted_entries::state::has_parent(std::string_view dn) {
  const std::string_view parent_dn = model::parent_text(dn);
  if (parent_dn != last_parent) {
    last_parent = parent_dn;
    last_parent_hash = model::dn_hash(parent_dn);
  }
  if (dns.contains(last_parent_hash)) return true;
  if (!options.parent_exists) return false;
  return options.parent_exists(parent_dn, last_parent_hash);
}

result<const model::entry*> wanted_entries::state::make_parent() {
  why = {};
  const model::entry* out = &parent;
  if (evaluator.make_parent(parent, why) == outcome::rejected) {
    reject_as_evaluated();
    return nullptr;
  }
  if (!settled(out, parent_spare)) return nullptr;
  const std::size_t parent_kind = *map.kinds()[kind].parent;
  if (map.kinds()[parent_kind].parent) {
    S2L_TRY_ASSIGN(const bool there, has_parent(out->dn()));
    if (!there) {
      reject("the entry above its parent does not exist: " + std::string(model::parent_text(out->dn())), content->dn());
      return nullptr;
    }
  }
  const std::uint64_t hash = model::dn_hash(out->dn());
  if (hash != model::dn_hash(model::parent_text(content->dn()))) {
    reject("the parent that the mapping makes has another name: " + std::string(out->dn()), content->dn());
    return nullptr;
  }
  dns.insert(hash);
  return out;
}

result<const model::entry*> wanted_entries::state::take_orphan() {
  const std::string_view parent_dn = model::parent_text(content->dn());
  switch (map.kinds()[kind].orphans) {
    case orphan_policy::skip:
      options.skipped(evaluator.origin(), content->dn());
      return nullptr;
    case orphan_policy::make: {
      S2L_TRY_ASSIGN(const model::entry* out, make_parent());
      content_waits = out != nullptr;
      return out;
    }
    case orphan_policy::reject:
      break;
  }
  const bool parent_rejected = rejected_dns.contains(model::dn_hash(parent_dn));
  rejected_dns.insert(model::dn_hash(content->dn()));
  reject("its parent " + std::string(parent_dn) + (parent_rejected ? " was rejected itself" : " does not exist"),
         content->dn());
  return nullptr;
}

result<const model::entry*> wanted_entries::state::take(const row_groups::group& group) {
  why = {};
  const outcome how = evaluator.make(kind, group.rows, made, why);
  if (group.repeated) {
    reject("a second row of this key: a join gives more than one row, or the key is not unique",
           how == outcome::made ? made.dn() : std::string_view());
    return nullptr;
  }
  if (how == outcome::rejected) {
    reject_as_evaluated();
    return nullptr;
  }
  content = &made;
  if (!settled(content, made_spare)) return nullptr;
  const model::entry* parent_first = nullptr;
  if (map.kinds()[kind].parent) {
    S2L_TRY_ASSIGN(const bool there, has_parent(content->dn()));
    if (!there) {
      S2L_TRY_ASSIGN(parent_first, take_orphan());
      if (parent_first == nullptr) return nullptr;
    }
  }
  if (!dns.insert(model::dn_hash(content->dn()))) {
    content_waits = false;
    reject("another row has the same DN: both names fold to one (" + std::string(content->dn()) + ")", content->dn());
    return parent_first;
  }
  return parent_first != nullptr ? parent_first : content;
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
    return wanted{content, kind};
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
    if (out != nullptr) return wanted{out, out == content ? kind : *map.kinds()[kind].parent};
  }
}

wanted_entries::wanted_entries(const mapping::mapping& m, model::snapshot& from, wanted_options options,
                               model::reject_sink rejects)
    : state_(std::make_unique<state>(m, from, std::move(options), std::move(rejects))) {}
wanted_entries::~wanted_entries() = default;

result<std::optional<wanted>> wanted_entries::next() { return state_->next(); }
std::uint64_t wanted_entries::rejected() const noexcept { return state_->rejected; }
dn_set wanted_entries::take_dns() { return std::move(state_->dns); }

}  // namespace sql2ldap::sync
