#include <sql2ldap/sync/compare.hpp>

#include <algorithm>
#include <numeric>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/codec/filter.hpp>
#include <sql2ldap/sync/detail/existing_entries.hpp>
#include <sql2ldap/sync/stale.hpp>

namespace sql2ldap::sync {

// ---- the table ------------------------------------------------------------------------------

std::size_t wanted_table::slot_for(std::uint64_t origin_hash) const noexcept {
  std::size_t at = slot_of(origin_hash, slots_.size());
  while (slots_[at].origin_hash != 0 && slots_[at].origin_hash != origin_hash)
    if (++at == slots_.size()) at = 0;
  return at;
}

void wanted_table::grow() {
  std::vector<record> old(slots_.size() < 64 ? 64 : slots_.size() / 2 * 3);
  old.swap(slots_);
  for (const record& r : old)
    if (r.origin_hash != 0) slots_[slot_for(r.origin_hash)] = r;
}

bool wanted_table::insert(std::uint64_t origin_hash, digest128 digest, std::uint64_t dn_hash) {
  if (origin_hash == 0) origin_hash = 1;
  if (size_ + 1 > slots_.size() / 8 * 7) grow();
  record& slot = slots_[slot_for(origin_hash)];
  if (slot.origin_hash != 0) return false;
  slot = {origin_hash, digest, dn_hash};
  slot.set(status::missing);
  ++size_;
  return true;
}

wanted_table::record* wanted_table::find(std::uint64_t origin_hash) noexcept {
  if (slots_.empty()) return nullptr;
  if (origin_hash == 0) origin_hash = 1;
  record& slot = slots_[slot_for(origin_hash)];
  return slot.origin_hash == 0 ? nullptr : &slot;
}

std::uint64_t wanted_table::count(status which) const noexcept {
  return static_cast<std::uint64_t>(std::count_if(
      slots_.begin(), slots_.end(), [&](const record& r) { return r.origin_hash != 0 && r.now() == which; }));
}

// ---- surplus --------------------------------------------------------------------------------

void surplus_list::add(std::string_view dn, std::string_view origin, fate what) {
  places_.push_back(
      {bytes_.size(), static_cast<std::uint32_t>(dn.size()), static_cast<std::uint32_t>(origin.size()), what});
  bytes_.append(dn).append(origin);
}

void surplus_list::keep(std::size_t i) noexcept { places_[i].what = fate::keep; }

surplus_list::item surplus_list::operator[](std::size_t i) const noexcept {
  const place& p = places_[i];
  const std::string_view all(bytes_);
  return {all.substr(p.offset, p.dn_length), all.substr(p.offset + p.dn_length, p.origin_length), p.what};
}

namespace {

std::size_t depth_of(std::string_view dn) {
  std::size_t depth = 0;
  for (; !dn.empty(); dn = model::parent_text(dn)) ++depth;
  return depth;
}

}  // namespace

std::vector<std::uint32_t> surplus_list::deepest_first() const {
  std::vector<std::uint32_t> order(places_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::vector<std::uint8_t> depth(places_.size());
  for (std::size_t i = 0; i < places_.size(); ++i)
    depth[i] = static_cast<std::uint8_t>(std::min<std::size_t>(depth_of((*this)[i].dn), 255));
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    if (depth[a] != depth[b]) return depth[a] > depth[b];
    return (*this)[a].dn < (*this)[b].dn;
  });
  return order;
}

std::vector<std::uint64_t> names_of_same_address(std::string_view dn, const mapping::mapping& map) {
  std::vector<std::uint64_t> out = {model::dn_hash(dn)};
  const std::size_t sign = dn.find('=');
  if (sign == std::string_view::npos) return out;
  for (const mapping::kind_info& kind : map.kinds()) {
    if (kind.rdn.size() != 1) continue;
    const std::uint64_t hash = model::dn_hash(std::string(kind.rdn.front().text()).append(dn.substr(sign)));
    if (std::find(out.begin(), out.end(), hash) == out.end()) out.push_back(hash);
  }
  return out;
}

// ---- one entry after the other --------------------------------------------------------------

result<void> comparison::take_wanted(const wanted& w, const parties& who, digester& digests) {
  const std::uint64_t dn_hash = model::dn_hash(w.content->dn());
  const std::uint64_t origin = run_hash64(w.content->first_value_of(model::names::origin));
  // What is not whole has to be compared attribute by attribute: no entry has this digest.
  const digest128 digest = w.unmapped != nullptr ? digest128{run_hash64("unmapped"), ~origin}
                                                 : digests.digest_of(w.kind, *w.content, dn_hash);
  if (table.insert(origin, digest, dn_hash)) return {};
  return fail(error_kind::mapping, "two entries have one origin: " + std::string(w.content->dn()),
              "the key of the kind " + who.map.kinds()[w.kind].name + " does not tell its rows apart");
}

std::optional<std::size_t> comparison::take_present(const model::entry& e, const origins& names, digester& digests,
                                                    const run_options& how) {
  const std::string_view origin = e.first_value_of(model::names::origin);
  const std::uint64_t dn_hash = model::dn_hash(e.dn());
  if (!names.is_ours(origin)) {
    foreign.insert(dn_hash);
    return std::nullopt;
  }
  ++present;
  const std::uint64_t origin_hash = run_hash64(origin);
  wanted_table::record* record = table.find(origin_hash);
  const std::optional<std::size_t> kind = names.kind_of(origin);
  if (record == nullptr || !kind || record->now() != wanted_table::status::missing) {
    if (wanted_dns.contains(dn_hash))
      holders[dn_hash] = {std::string(e.dn()), origin_hash, std::string(origin),
                          static_cast<std::uint32_t>(surplus.size())};
    surplus.add(e.dn(), origin, fate_of_stale(e, kind, record != nullptr, dn_hash, how));
    return std::nullopt;
  }
  if (record->has(digests.digest_of(*kind, e, dn_hash))) {
    record->set(wanted_table::status::equal);
    return kind;
  }
  record->set(wanted_table::status::differing);
  if (differing.size() <= limits::keys_reread_max) differing.emplace_back(origin);
  if (record->dn_hash == dn_hash) return std::nullopt;
  moved[origin_hash] = std::string(e.dn());
  if (wanted_dns.contains(dn_hash))
    holders[dn_hash] = {std::string(e.dn()), origin_hash, std::string(origin), std::nullopt};
  return std::nullopt;
}

void comparison::set_differing(std::string_view origin) {
  wanted_table::record* const record = table.find(run_hash64(origin));
  if (record == nullptr || record->now() == wanted_table::status::differing) return;
  record->set(wanted_table::status::differing);
  if (differing.size() <= limits::keys_reread_max) differing.emplace_back(origin);
}

fate comparison::fate_of_stale(const model::entry& e, std::optional<std::size_t> kind, bool has_record,
                               std::uint64_t dn_hash, const run_options& how) const {
  // Of two entries with one origin nobody knows which is the row's.
  if (has_record) return fate::keep;
  const fate usual = fate_of(e, how);
  const bool unidentified = kind && unmapped.unidentified.size() > *kind && unmapped.unidentified[*kind] > 0;
  const bool stays = unidentified || unmapped.needed_parents.contains(dn_hash);
  return stays && usual != fate::wait ? fate::keep : usual;
}

std::string_view comparison::reason_to_keep(const surplus_list::item& item) const noexcept {
  if (table.find(run_hash64(item.origin)) != nullptr)
    return "another entry has the same s2lOrigin; remove the one that is wrong by hand";
  if (unmapped.needed_parents.contains(model::dn_hash(item.dn))) return kept_for_children;
  return "no row has its key, but the key of another row cannot be read";
}

void comparison::count_differences() {
  missing = table.count(wanted_table::status::missing);
  equal = table.count(wanted_table::status::equal);
  differ = table.count(wanted_table::status::differing);
}

// ---- reading both sides ---------------------------------------------------------------------

namespace {

constexpr std::uint64_t progress_every = 4096;

const std::string& managed_filter() {
  static const std::string text = codec::filter::equal(model::names::object_class, "s2lManaged").text();
  return text;
}

class reader {
 public:
  reader(const parties& who, const run_options& how, model::snapshot& from, const model::schema& schema)
      : who_(who),
        how_(how),
        from_(from),
        schema_(schema),
        origins_(who.map),
        digester_(who.map, schema),
        existing_(who.to, who.base) {}

  result<comparison> run() {
    S2L_TRY_ASSIGN(out_.base_present, base_is_there());
    S2L_TRY_ASSIGN(const bool any_of_ours, find_any_of_ours());
    if (!any_of_ours) {
      out_.first_load = true;
      return std::move(out_);
    }
    S2L_TRY(read_wanted());
    S2L_TRY(read_present());
    out_.count_differences();
    return std::move(out_);
  }

 private:
  result<bool> base_is_there() {
    S2L_TRY_ASSIGN(
        auto found,
        who_.to.search(
            {who_.base.text(), model::search_scope::base, "(objectClass=*)", {model::names::object_class}, 0}));
    S2L_TRY_ASSIGN(const model::entry* base, found->next());
    return base != nullptr;
  }

  // Complete unless one of ours is found: "none of ours" must never come from a short read.
  result<bool> find_any_of_ours() {
    if (!out_.base_present) return false;
    S2L_TRY_ASSIGN(
        auto all,
        who_.to.search({who_.base.text(), model::search_scope::subtree, managed_filter(), {model::names::origin}, 0}));
    while (true) {
      S2L_TRY_ASSIGN(const model::entry* e, all->next());
      if (e == nullptr) return false;
      if (origins_.is_ours(e->first_value_of(model::names::origin))) return true;
    }
  }

  result<void> read_wanted() {
    wanted_options options;
    options.base = who_.base;
    options.containers = false;
    options.schema = &schema_;
    options.skipped = how_.skipped;
    options.existing_entry = [&](std::string_view origin) { return existing_.find(origin); };
    wanted_entries all(who_.map, from_, options, how_.rejects);
    for (std::uint64_t done = 0;; ++done) {
      S2L_TRY(tick(progress::phase::reading_source, done, 0));
      S2L_TRY_ASSIGN(const std::optional<wanted> w, all.next());
      if (!w) break;
      S2L_TRY(out_.take_wanted(*w, who_, digester_));
    }
    out_.rejected = all.rejected();
    out_.wanted_dns = all.take_dns();
    out_.unmapped = all.take_unmapped();
    return {};
  }

  result<void> read_present() {
    std::vector<model::attribute_name> attributes = digester_.attributes();
    if (how_.found_equal) attributes.push_back(model::names::entry_uuid);
    if (how_.prune || how_.on_stale) {
      stale_.emplace(who_.map, schema_);
      for (const model::attribute_name name : stale_->candidates())
        if (std::find(attributes.begin(), attributes.end(), name) == attributes.end()) attributes.push_back(name);
    }
    S2L_TRY_ASSIGN(auto all, who_.to.search({who_.base.text(), model::search_scope::subtree, managed_filter(),
                                             std::move(attributes), 0}));
    for (std::uint64_t done = 0;; ++done) {
      S2L_TRY(tick(progress::phase::reading_directory, done, out_.table.size()));
      S2L_TRY_ASSIGN(const model::entry* e, all->next());
      if (e == nullptr) return {};
      const std::optional<std::size_t> equal = out_.take_present(*e, origins_, digester_, how_);
      if (stale_ && has_stale(*e) && how_.prune) continue;
      if (equal && how_.found_equal) S2L_TRY(how_.found_equal(*equal, *e, schema_));
    }
  }

  // Of an entry that has a row: others go as a whole.
  bool has_stale(const model::entry& e) {
    const std::string_view origin = e.first_value_of(model::names::origin);
    const auto kind = origins_.kind_of(origin);
    if (!kind || !origins_.is_ours(origin) || out_.table.find(run_hash64(origin)) == nullptr) return false;
    const std::vector<std::string> names = stale_->names_of(*kind, e);
    if (names.empty()) return false;
    if (how_.on_stale) how_.on_stale(e.dn(), origin, names);
    if (how_.prune) out_.set_differing(origin);
    return true;
  }

  result<void> tick(progress::phase phase, std::uint64_t done, std::uint64_t total) {
    if (done % progress_every != 0) return {};
    how_.report({phase, done, total});
    if (how_.stop()) return fail_transient(error_kind::local, "stopped on request; nothing was written");
    return {};
  }

  const parties& who_;
  const run_options& how_;
  model::snapshot& from_;
  const model::schema& schema_;
  origins origins_;
  digester digester_;
  existing_entries existing_;
  std::optional<stale_attributes> stale_;
  comparison out_;
};

}  // namespace

result<comparison> compare(const parties& who, const run_options& how, model::snapshot& from,
                           const model::schema& schema) {
  return reader(who, how, from, schema).run();
}

}  // namespace sql2ldap::sync
