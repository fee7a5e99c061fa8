#include <sql2ldap/sync/steps.hpp>

#include <algorithm>
#include <cstdint>

#include <sql2ldap/base/hash.hpp>
#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/filter.hpp>
#include <sql2ldap/codec/password.hpp>
#include <sql2ldap/model/result_code.hpp>
#include <sql2ldap/sync/detail/containers.hpp>
#include <sql2ldap/sync/grace.hpp>

namespace sql2ldap::sync {
namespace {

using status = wanted_table::status;

constexpr std::uint64_t progress_every = 1024;

std::string hex_of(std::uint64_t number) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out(16, '0');
  for (std::size_t i = 16; i-- > 0; number >>= 4U) out[i] = digits[number & 15U];
  return out;
}

std::string rdn_text_of(std::string_view dn) {
  const std::string_view parent = model::parent_text(dn);
  std::string_view rdn = dn.substr(0, dn.size() - parent.size());
  while (!parent.empty() && !rdn.empty() && (rdn.back() == ',' || rdn.back() == ' ')) rdn.remove_suffix(1);
  return std::string(rdn);
}

model::entry with_dn(const model::entry& content, std::string_view dn) {
  model::entry out;
  out.set_dn(dn);
  for (std::size_t i = 0; i < content.size(); ++i) out.add(content[i].name, content[i].bytes);
  return out;
}

model::change rename_change(std::string_view origin, std::string_view from, std::string_view to) {
  model::rename_entry out;
  out.dn = std::string(from);
  out.new_rdn = rdn_text_of(to);
  if (model::dn_hash(model::parent_text(from)) != model::dn_hash(model::parent_text(to)))
    out.new_superior = std::string(model::parent_text(to));
  return {std::string(origin), std::move(out)};
}

// What a search for these attributes would have given.
model::entry only(const model::entry& whole, const std::vector<model::attribute_name>& attributes) {
  model::entry out;
  out.set_dn(whole.dn());
  for (std::size_t i = 0; i < whole.size(); ++i)
    if (std::find(attributes.begin(), attributes.end(), whole[i].name) != attributes.end())
      out.add(whole[i].name, whole[i].bytes);
  return out;
}

}  // namespace

std::vector<std::string> step::attributes() const {
  std::vector<std::string> out;
  for (const model::change& c : changes)
    if (const auto* modify = std::get_if<model::modify_entry>(&c.what))
      for (const model::modification& m : modify->modifications) out.push_back(m.name.text());
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

const model::entry* step::content() const noexcept {
  if (kind != what::add && kind != what::update && kind != what::disable) return nullptr;
  for (const model::change& c : changes)
    if (const auto* added = std::get_if<model::add_entry>(&c.what)) return &added->content;
  return after ? &*after : nullptr;
}

stepper::stepper(const parties& who, const run_options& how, model::snapshot& from, const model::schema& schema,
                 const comparison& state)
    : who_(who),
      how_(how),
      from_(from),
      schema_(schema),
      state_(state),
      origins_(who.map),
      deleted_early_(state.surplus.size(), false),
      wanted_(state.table.size()) {
  if (how.prune) stale_.emplace(who.map, schema);
}

result<void> stepper::run(const step_sink& to, const std::function<void(const step_problem&)>& problem,
                          const model::reject_sink& rejects) {
  to_ = &to;
  problem_ = &problem;
  S2L_TRY(containers());
  S2L_TRY(entries(rejects));
  return deletes();
}

// ---- reading what is there ------------------------------------------------------------------

result<const model::entry*> stepper::read(std::string_view dn, const std::vector<model::attribute_name>& attributes) {
  S2L_TRY_ASSIGN(reading_,
                 who_.to.search({std::string(dn), model::search_scope::base, "(objectClass=*)", attributes, 0}));
  return reading_->next();
}

result<bool> stepper::has_children(std::string_view dn) {
  auto found = who_.to.search(
      {std::string(dn), model::search_scope::one_level, "(objectClass=*)", {model::names::object_class}, 1});
  if (!found) {
    if (found.error().ldap_code == model::result_code::no_such_object) return false;
    return tl::make_unexpected(std::move(found).error());
  }
  auto child = (*found)->next();
  if (!child && child.error().ldap_code == model::result_code::no_such_object) return false;
  if (!child) return tl::make_unexpected(std::move(child).error());
  return *child != nullptr;
}

result<void> stepper::collect_foreign_names() {
  foreign_known_ = true;
  if (!state_.base_present) return {};
  const codec::filter not_ours = codec::filter::none_of(codec::filter::equal(model::names::object_class, "s2lManaged"));
  S2L_TRY_ASSIGN(
      auto all,
      who_.to.search(
          {who_.base.text(), model::search_scope::subtree, not_ours.text(), {model::attribute_name("1.1")}, 0}));
  while (true) {
    S2L_TRY_ASSIGN(const model::entry* e, all->next());
    if (e == nullptr) return {};
    foreign_.insert(model::dn_hash(e->dn()));
  }
}

result<bool> stepper::held_by_a_stranger(std::string_view dn, std::uint64_t dn_hash) {
  if (state_.foreign.contains(dn_hash)) return true;
  if (state_.holder_of(dn_hash) != nullptr || vacated_.contains(dn_hash)) return false;
  const bool look_up = !state_.first_load && state_.missing + state_.moved.size() <= limits::single_lookups_max;
  if (!look_up) {
    if (!foreign_known_) S2L_TRY(collect_foreign_names());
    return foreign_.contains(dn_hash);
  }
  S2L_TRY_ASSIGN(const model::entry* there, read(dn, {model::names::object_class, model::names::origin}));
  return there != nullptr && !origins_.is_ours(there->first_value_of(model::names::origin));
}

// ---- names that change during the run -------------------------------------------------------

void stepper::note_rename(std::string_view from, std::string_view to) {
  renamed_[model::dn_hash(from)] = std::string(to);
  vacated_.insert(model::dn_hash(from));
}

// A rename takes everything below along; `dn` is a name as the comparison found it.
std::string stepper::name_now(std::string_view dn) const {
  if (renamed_.empty()) return std::string(dn);
  for (std::string_view suffix = dn; !suffix.empty(); suffix = model::parent_text(suffix)) {
    const auto found = renamed_.find(model::dn_hash(suffix));
    if (found != renamed_.end()) return std::string(dn.substr(0, dn.size() - suffix.size())) + found->second;
  }
  return std::string(dn);
}

std::string stepper::temporary_name(const holder& h) const {
  const std::string now = name_now(h.dn);
  const std::string type = now.substr(0, now.find('='));
  return type + "=s2l-moving-" + hex_of(stable_hash64(h.origin)) + "," + std::string(model::parent_text(now));
}

result<void> stepper::make_way(const holder& h) {
  step out;
  out.kind = step::what::make_way;
  out.dn = name_now(h.dn);
  out.origin = h.origin;
  const std::string aside = temporary_name(h);
  out.changes.push_back(rename_change(h.origin, out.dn, aside));
  note_rename(h.dn, aside);
  return (*to_)(std::move(out));
}

result<void> stepper::take_name(std::string_view dn, std::uint64_t dn_hash) {
  const holder* h = state_.holder_of(dn_hash);
  if (h == nullptr || vacated_.contains(dn_hash) || (h->surplus && deleted_early_[*h->surplus])) return {};
  if (model::dn_hash(name_now(h->dn)) != dn_hash) return {};  // went away with its parent
  if (!h->surplus) return make_way(*h);
  S2L_TRY_ASSIGN(const bool parent, has_children(h->dn));
  if (parent) return make_way(*h);
  step out;
  out.kind = step::what::remove;
  out.dn = std::string(dn);
  out.origin = h->origin;
  out.changes.push_back({h->origin, model::delete_entry{out.dn}});
  deleted_early_[*h->surplus] = true;
  vacated_.insert(dn_hash);
  return (*to_)(std::move(out));
}

// ---- the steps ------------------------------------------------------------------------------

result<void> stepper::containers() {
  if (state_.kept && state_.missing == 0) return {};
  S2L_TRY_ASSIGN(const std::vector<model::entry> all, container_entries(who_.map, who_.base, !state_.base_present));
  for (const model::entry& c : all) {
    if (state_.base_present) {
      S2L_TRY_ASSIGN(const model::entry* there, read(c.dn(), {model::names::object_class}));
      if (there != nullptr) continue;
    }
    step out;
    out.kind = step::what::container;
    out.dn = std::string(c.dn());
    out.changes.push_back({"", model::add_entry{c}});
    S2L_TRY((*to_)(std::move(out)));
  }
  return {};
}

wanted_options stepper::options_of_second_pass() const {
  wanted_options out;
  out.base = who_.base;
  out.containers = false;
  out.schema = &schema_;
  if (state_.first_load) out.skipped = how_.skipped;
  // As they were found by the comparison, whatever has been written since.
  out.kept_name = [this](std::string_view origin) -> const std::string* {
    const auto name = state_.unmapped.names.find(run_hash64(origin));
    return name == state_.unmapped.names.end() ? nullptr : &name->second;
  };
  out.existing_entry = [this, kept = out.kept_name](std::string_view origin) -> result<std::optional<std::string>> {
    if (!state_.unmapped.origins.contains(run_hash64(origin))) return std::nullopt;
    const std::string* name = kept(origin);
    return name == nullptr ? std::string() : *name;
  };
  if (state_.first_load || state_.missing > 0 || state_.differ > limits::keys_reread_max ||
      state_.differing.size() != state_.differ)
    return out;
  std::vector<std::vector<std::vector<std::string>>> only(who_.map.kinds().size());
  for (const std::string& origin : state_.differing) {
    std::optional<origin_parts> parts = origins_.parse(origin);
    // Entries that only their children make have no row of their own to ask for.
    if (!parts || makes_parents_of(parts->kind)) return out;
    only[parts->kind].push_back(std::move(parts->key));
  }
  out.only = std::move(only);
  out.status_of_parent = [this](std::string_view, std::uint64_t dn_hash,
                                const std::function<std::string()>&) -> result<parent_status> {
    if (state_.wanted_dns.contains(dn_hash)) return parent_status::present;
    return state_.unmapped.rejected_dns.contains(dn_hash) ? parent_status::unmapped : parent_status::absent;
  };
  return out;
}

bool stepper::makes_parents_of(std::size_t kind) const {
  return std::any_of(who_.map.kinds().begin(), who_.map.kinds().end(), [&](const mapping::kind_info& k) {
    return k.parent == kind && k.orphans == mapping::orphan_policy::make;
  });
}

result<void> stepper::entries(const model::reject_sink& rejects) {
  if (!state_.first_load && state_.missing + state_.differ == 0) return {};
  if (state_.kept) {
    for (const comparison::kept_entries::one& one : state_.kept->wanted)
      S2L_TRY(
          entry({&one.content, one.kind, one.unmapped ? &*one.unmapped : nullptr}, model::dn_hash(one.content.dn())));
    return {};
  }
  // The comparison has reported what a full pass rejects; a first load has had none.
  wanted_entries all(
      who_.map, from_, options_of_second_pass(), state_.first_load ? rejects : [](const model::reject&) {});
  std::uint64_t done = 0;
  while (true) {
    S2L_TRY_ASSIGN(const std::optional<wanted> w, all.next());
    if (!w) break;
    if (done++ % progress_every == 0)
      how_.report({progress::phase::comparing, done, state_.first_load ? 0 : state_.table.size()});
    const std::uint64_t dn_hash = model::dn_hash(w->content->dn());
    if (state_.first_load) {
      ++wanted_;
      S2L_TRY(missing(*w, dn_hash));
      continue;
    }
    S2L_TRY(entry(*w, dn_hash));
  }
  if (state_.first_load) rejected_ = all.rejected();
  return {};
}

result<void> stepper::entry(const wanted& w, std::uint64_t dn_hash) {
  const wanted_table::record* record = state_.table.find(run_hash64(w.content->first_value_of(model::names::origin)));
  if (record == nullptr || record->dn_hash != dn_hash)
    return fail(error_kind::source,
                "the source gave other rows when it was read again: " + std::string(w.content->dn()));
  if (record->now() == status::missing) return missing(w, dn_hash);
  if (record->now() == status::differing) return differing(w, dn_hash);
  return {};
}

namespace {
constexpr std::string_view held_by_other = "its name is held by an entry that is not ours";
constexpr std::string_view hidden_class =
    "the directory does not show its structural class: access rules hide objectClass";
constexpr std::string_view changed_meanwhile = "it was changed by somebody else while it was compared; run again";
constexpr std::string_view cannot_be_seen =
    "the directory does not show its entry, which had another name: access rules hide it, or it was removed by hand "
    "(`sql2ldap migrate` makes it anew)";
constexpr std::string_view held_by_kept = "its name is held by the entry of another row, which cannot leave it";
}  // namespace

void stepper::cannot(const model::entry& content, std::string_view reason) const {
  (*problem_)({std::string(content.dn()), std::string(content.first_value_of(model::names::origin)),
               std::string(reason), reason == held_by_other, false});
}

result<std::string_view> stepper::obstacle_at(std::string_view dn, std::uint64_t dn_hash) {
  S2L_TRY_ASSIGN(const bool foreign, held_by_a_stranger(dn, dn_hash));
  if (foreign) return held_by_other;
  return is_kept_name(dn_hash) ? held_by_kept : std::string_view();
}

// Held by an entry of ours that stays: because its row cannot name it, because it is kept without a row, or because the
// name that its row wants is held in one of these ways itself.
bool stepper::is_kept_name(std::uint64_t dn_hash) const {
  for (std::size_t links = 0; links <= state_.holders.size(); ++links) {
    if (state_.unmapped.name_hashes.contains(dn_hash)) return true;
    const holder* h = vacated_.contains(dn_hash) ? nullptr : state_.holder_of(dn_hash);
    if (h == nullptr) return false;
    if (h->surplus) {
      const fate what = state_.surplus[*h->surplus].what;
      return !deleted_early_[*h->surplus] && (what == fate::keep || what == fate::hold);
    }
    if (state_.holds_update && state_.holds_update(h->origin)) return true;
    dn_hash = state_.table.find(h->origin_hash)->dn_hash;
  }
  return false;  // they exchange their names
}

// Under the name that it had, slapd refuses a second entry by itself; under another name it would take one.
result<bool> stepper::is_out_of_sight(const wanted& w, std::uint64_t dn_hash) {
  if (!how_.last_known_dn || state_.first_load) return false;
  S2L_TRY_ASSIGN(const std::string known, how_.last_known_dn(w.content->first_value_of(model::names::origin)));
  if (known.empty() || model::dn_hash(known) == dn_hash) return false;
  S2L_TRY_ASSIGN(const model::entry* there, read(known, {model::names::origin}));
  return there == nullptr;
}

result<void> stepper::missing(const wanted& w, std::uint64_t dn_hash) {
  const model::entry& content = *w.content;
  if (w.unmapped != nullptr) {
    cannot(content, changed_meanwhile);
    return {};
  }
  if (state_.holds_add && state_.holds_add(content.dn())) {
    hold(content.dn(), content.first_value_of(model::names::origin), content.dn());
    return {};
  }
  S2L_TRY_ASSIGN(const bool adopted, adopt(w, dn_hash));
  if (adopted) return {};
  S2L_TRY_ASSIGN(const std::string_view obstacle, obstacle_at(content.dn(), dn_hash));
  if (!obstacle.empty()) {
    cannot(content, obstacle);
    return {};
  }
  S2L_TRY_ASSIGN(const bool out_of_sight, is_out_of_sight(w, dn_hash));
  if (out_of_sight) {
    cannot(content, cannot_be_seen);
    return {};
  }
  S2L_TRY(take_name(content.dn(), dn_hash));
  step out;
  out.kind = step::what::add;
  out.dn = std::string(content.dn());
  out.origin = std::string(content.first_value_of(model::names::origin));
  out.changes.push_back({out.origin, model::add_entry{content}});
  return (*to_)(std::move(out));
}

// A row with a new key takes over the entry of a row that is gone when others live below it, since
// such an entry cannot be deleted and added again; and when only the letter case of the key changed:
// it is the same row.
result<bool> stepper::adopt(const wanted& w, std::uint64_t dn_hash) {
  const holder* h = state_.holder_of(dn_hash);
  if (h == nullptr || !h->surplus || deleted_early_[*h->surplus] || vacated_.contains(dn_hash)) return false;
  if (model::dn_hash(name_now(h->dn)) != dn_hash) return false;
  // Whose row it is cannot be told; an entry that others need is better off with a row.
  if (state_.surplus[*h->surplus].what == fate::keep && !state_.unmapped.needed_parents.contains(dn_hash)) return false;
  if (!equal_ignoring_ascii_case(h->origin, w.content->first_value_of(model::names::origin))) {
    if (!who_.map.kinds()[w.kind].is_parent) return false;
    S2L_TRY_ASSIGN(const bool parent, has_children(h->dn));
    if (!parent) return false;
  }
  S2L_TRY_ASSIGN(const std::optional<model::entry> present, find_present(w, h->dn, h->origin));
  if (!present) return false;
  entry_difference d = difference_of(*w.content, *present, who_.map.kinds()[w.kind], schema_, ownership::adopted);
  prune(d, w, *present);
  if (d.other_structural || d.hidden_structural || d.modifications.empty()) return false;
  step out;
  out.kind = step::what::update;
  out.modified = true;
  out.dn = std::string(w.content->dn());
  out.origin = std::string(w.content->first_value_of(model::names::origin));
  out.origin_before = h->origin;
  out.after = after_modify(*present, d.modifications, schema_);
  out.changes.push_back({h->origin, model::modify_entry{out.dn, d.modifications}});
  deleted_early_[*h->surplus] = true;
  S2L_TRY((*to_)(std::move(out)));
  return true;
}

// The entry of `origin`, which the comparison found as `dn`: it stands there still when nothing
// is written (a plan), or under its new name when earlier steps have been.
result<std::optional<model::entry>> stepper::find_present(const wanted& w, std::string_view dn,
                                                          std::string_view origin) {
  std::vector<model::attribute_name> attributes = {model::names::object_class, model::names::origin,
                                                   model::names::gone_since, model::names::enabled,
                                                   model::names::user_password};
  const mapping::kind_info& kind = who_.map.kinds()[w.kind];
  attributes.insert(attributes.end(), kind.attributes.begin(), kind.attributes.end());
  attributes.insert(attributes.end(), kind.initial.begin(), kind.initial.end());
  if (how_.found_equal) attributes.push_back(model::names::entry_uuid);
  if (stale_) attributes.insert(attributes.end(), stale_->candidates().begin(), stale_->candidates().end());
  const std::string now = name_now(dn);
  if (state_.kept && now == dn) {
    const auto known = state_.kept->present.find(run_hash64(origin));
    // What the mapping does not own was not asked for, and counts where the entry was turned off.
    if (known != state_.kept->present.end() && known->second.dn() == dn && !known->second.has(model::names::gone_since))
      return only(known->second, attributes);
  }
  for (const std::string& name : {now, std::string(dn)}) {
    S2L_TRY_ASSIGN(const model::entry* there, read(name, attributes));
    if (there == nullptr || there->first_value_of(model::names::origin) != origin) continue;
    // Under its old name a rename of this run is still to come, and changes the RDN's values.
    return rdn_text_of(now) == rdn_text_of(name) ? with_dn(*there, now) : after_rename(*there, now, schema_);
  }
  return std::nullopt;
}

void stepper::prune(entry_difference& d, const wanted& w, const model::entry& present) const {
  if (!stale_ || d.other_structural) return;
  for (model::modification& m : stale_->removals_of(w.kind, present)) d.modifications.push_back(std::move(m));
}

result<void> stepper::differing(const wanted& w, std::uint64_t dn_hash) {
  const std::string_view origin = w.content->first_value_of(model::names::origin);
  const auto moved = state_.moved.find(run_hash64(origin));
  if (state_.holds_update && state_.holds_update(origin)) {
    const std::string_view present_dn = moved == state_.moved.end() ? w.content->dn() : std::string_view(moved->second);
    hold(present_dn, origin, w.content->dn());
    return {};
  }
  const std::string found_as = moved == state_.moved.end() ? std::string(w.content->dn()) : moved->second;
  S2L_TRY_ASSIGN(const std::optional<model::entry> present, find_present(w, found_as, origin));
  if (!present) {
    cannot(*w.content, changed_meanwhile);
    return {};
  }
  if (w.unmapped != nullptr && w.unmapped->name) return bring_up_to_date_in_place(w, *present);
  const model::entry& content = *w.content;
  static const std::vector<model::attribute_name> no_attributes;
  entry_difference d = difference_of(content, *present, who_.map.kinds()[w.kind], schema_, ownership::same_row,
                                     w.unmapped == nullptr ? no_attributes : w.unmapped->attributes);
  prune(d, w, *present);
  if (d.none()) {
    if (how_.found_equal) return how_.found_equal(w.kind, *present, schema_);
    return {};
  }

  if (d.hidden_structural) {
    cannot(content, hidden_class);
    if (!d.renamed && d.modifications.empty()) return {};
  }

  step out;
  out.kind = step::what::update;
  out.dn = std::string(content.dn());
  out.origin = std::string(origin);
  out.renamed = d.renamed;
  out.modified = d.other_structural || !d.modifications.empty();
  if (d.renamed) {
    S2L_TRY_ASSIGN(const std::string_view obstacle, obstacle_at(content.dn(), dn_hash));
    if (!obstacle.empty()) {
      cannot(content, obstacle);
      note_needed_parents(found_as);
      return bring_up_to_date_in_place(w, *present);
    }
  }
  if (d.other_structural) {
    S2L_TRY_ASSIGN(const bool parent, has_children(present->dn()));
    if (parent || w.unmapped != nullptr) {
      cannot(content,
             parent
                 ? "its structural class cannot be changed while there are entries below it; `ldapdelete -r \"" +
                       std::string(present->dn()) + "\"` removes it with all of them, and the next run makes them again"
                 : std::string("its structural class cannot be changed while its row cannot be mapped whole"));
      return {};
    }
  }
  if (d.renamed) S2L_TRY(take_name(content.dn(), dn_hash));
  if (d.other_structural) {
    out.changes.push_back({out.origin, model::delete_entry{std::string(present->dn())}});
    out.changes.push_back({out.origin, model::add_entry{content}});
  } else {
    const model::entry at_place = d.renamed ? after_rename(*present, out.dn, schema_) : *present;
    out.after = after_modify(at_place, d.modifications, schema_);
    if (d.renamed) out.changes.push_back(rename_change(origin, present->dn(), content.dn()));
    if (!d.modifications.empty()) out.changes.push_back({out.origin, model::modify_entry{out.dn, d.modifications}});
  }
  if (d.renamed) note_rename(found_as, content.dn());
  return (*to_)(std::move(out));
}

// It cannot have the name that its row wants, or the row gives none. The rest of it must not wait for that: an account
// that was switched off is switched off.
result<void> stepper::bring_up_to_date_in_place(const wanted& w, const model::entry& present) {
  const mapping::kind_info& kind = who_.map.kinds()[w.kind];
  std::vector<model::attribute_name> left_alone = kind.rdn;
  if (w.unmapped != nullptr)
    left_alone.insert(left_alone.end(), w.unmapped->attributes.begin(), w.unmapped->attributes.end());
  const model::entry content = with_dn(*w.content, present.dn());
  const entry_difference d = difference_of(content, present, kind, schema_, ownership::same_row, left_alone);
  if (d.other_structural) {
    cannot(content, "its structural class cannot be changed while its name cannot");
    return {};
  }
  if (d.none()) return how_.found_equal ? how_.found_equal(w.kind, present, schema_) : result<void>();
  if (d.hidden_structural && d.modifications.empty()) return {};
  step out;
  out.kind = step::what::update;
  out.dn = std::string(present.dn());
  out.origin = std::string(content.first_value_of(model::names::origin));
  out.modified = true;
  out.after = after_modify(present, d.modifications, schema_);
  out.changes.push_back({out.origin, model::modify_entry{out.dn, d.modifications}});
  return (*to_)(std::move(out));
}

void stepper::note_needed_parents(std::string_view dn) {
  for (dn = model::parent_text(dn); !dn.empty(); dn = model::parent_text(dn))
    needed_parents_.insert(model::dn_hash(dn));
}

// Its parents stay as well; which of them have no row any more wait with it.
void stepper::hold(std::string_view dn, std::string_view origin, std::string_view wanted_dn) {
  (*problem_)({.dn = name_now(dn),
               .origin = std::string(origin),
               .held = true,
               .is_delete = wanted_dn.empty(),
               .wanted_dn = std::string(wanted_dn)});
  note_needed_parents(dn);
  for (dn = model::parent_text(dn); !dn.empty(); dn = model::parent_text(dn))
    parents_of_held_.insert(model::dn_hash(dn));
}

result<void> stepper::deletes() {
  for (const std::uint32_t i : state_.surplus.deepest_first()) {
    if (deleted_early_[i]) continue;
    const surplus_list::item item = state_.surplus[i];
    // Who had to make way for another has no name to wait under.
    const bool displaced = vacated_.contains(model::dn_hash(item.dn));
    if (item.what == fate::wait && !displaced) continue;
    const bool needed = needed_parents_.contains(model::dn_hash(item.dn));
    if (item.what == fate::hold || parents_of_held_.contains(model::dn_hash(item.dn))) {
      hold(item.dn, item.origin, "");
      continue;
    }
    if (item.what == fate::keep || needed) {
      const std::string_view reason = needed ? kept_for_children : state_.reason_to_keep(item);
      (*problem_)({name_now(item.dn), std::string(item.origin), std::string(reason), false, true});
      note_needed_parents(item.dn);
      continue;
    }
    if (item.what == fate::disable && !displaced) {
      S2L_TRY(disable(item));
      continue;
    }
    step out;
    out.kind = step::what::remove;
    out.dn = name_now(item.dn);
    out.origin = std::string(item.origin);
    out.changes.push_back({out.origin, model::delete_entry{out.dn}});
    S2L_TRY((*to_)(std::move(out)));
  }
  return {};
}

result<void> stepper::disable(const surplus_list::item& item) {
  step out;
  out.kind = step::what::disable;
  out.dn = name_now(item.dn);
  out.origin = std::string(item.origin);
  // Where the plan is only shown, earlier steps have not renamed its parent.
  const model::entry* present = nullptr;
  for (const std::string& name : {out.dn, std::string(item.dn)}) {
    S2L_TRY_ASSIGN(present, read(name, {}));
    if (present != nullptr && present->first_value_of(model::names::origin) == item.origin) break;
    present = nullptr;
  }
  if (present == nullptr) return {};  // somebody else deleted it
  std::vector<model::modification> changes = turning_off(*present, schema_, how_.now());
  out.after = after_modify(with_dn(*present, out.dn), changes, schema_);
  out.changes.push_back({out.origin, model::modify_entry{out.dn, std::move(changes)}});
  return (*to_)(std::move(out));
}

}  // namespace sql2ldap::sync
