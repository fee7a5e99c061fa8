// The comparison of a few keys, and of what they bring into play.
#include <sql2ldap/sync/compare.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/codec/filter.hpp>
#include <sql2ldap/model/result_code.hpp>
#include <sql2ldap/sync/detail/existing_entries.hpp>

namespace sql2ldap::sync {
namespace {

class keys_reader {
 public:
  keys_reader(const parties& who, const run_options& how, model::snapshot& from, const model::schema& schema,
              dirty_keys& dirty, const rest_of_directory& rest)
      : who_(who),
        how_(how),
        from_(from),
        schema_(schema),
        dirty_(dirty),
        rest_(rest),
        origins_(who.map),
        digester_(who.map, schema),
        existing_(who.to, who.base),
        attributes_(digester_.attributes()) {
    for (const mapping::kind_info& kind : who.map.kinds())
      for (const model::attribute_name name : kind.initial)
        if (std::find(attributes_.begin(), attributes_.end(), name) == attributes_.end()) attributes_.push_back(name);
    if (how.found_equal) attributes_.push_back(model::names::entry_uuid);
    for (const auto& [origin, why] : rest.aside) {
      if (why.dn.empty()) continue;
      const std::uint64_t dn_hash = model::dn_hash(why.dn);
      waiting_.emplace(dn_hash, origin);
      waiting_below_.emplace(model::dn_hash(model::parent_text(why.dn)), origin);
    }
  }

  result<comparison> run() {
    do {
      grown_ = false;
      out_ = {};
      out_.kept = comparison::kept_entries{};
      names_.clear();
      note_strangers();
      if (dirty_.size() > limits::keys_reread_max) dirty_.add_everything();
      if (dirty_.everything()) return std::move(out_);
      S2L_TRY(read_wanted());
      S2L_TRY(read_present());
      S2L_TRY(add_holders());
      S2L_TRY(add_children());
      S2L_TRY(add_made_parents());
    } while (grown_);
    S2L_TRY(keep_for_unread_keys());
    out_.present = rest_.present;
    out_.count_differences();
    return std::move(out_);
  }

 private:
  // Asked again in the second pass, when some of the steps may be done: so it remembers its answers.
  struct parents {
    const parties* who = nullptr;
    const dirty_keys* dirty = nullptr;
    const model::set_aside_list* aside = nullptr;
    std::shared_ptr<const dn_set> names_of_strangers;
    origins names;
    dn_set present;
    std::vector<std::string> unseen;  // origins of parents that the directory does not show

    result<parent_status> status_of(std::string_view dn, std::uint64_t dn_hash,
                                    const std::function<std::string()>& origin_of_row) {
      // A row of ours would make an entry there, but a stranger's stands in its place.
      if (names_of_strangers->contains(dn_hash)) return parent_status::present;
      if (present.contains(dn_hash)) return parent_status::present;
      S2L_TRY_ASSIGN(auto found, who->to.search({std::string(dn),
                                                 model::search_scope::base,
                                                 "(objectClass=*)",
                                                 {model::names::origin, model::names::gone_since},
                                                 0}));
      S2L_TRY_ASSIGN(const model::entry* there, found->next());
      if (there != nullptr && stays(*there)) {
        present.insert(dn_hash);
        return parent_status::present;
      }
      // Not there, not ours, about to go, or hidden by access rules: its row says whether there is to be such an entry.
      const std::string sought = origin_of_row();
      const auto row = names.parse(sought);
      if (!row || dirty->contains(row->kind, row->key)) return parent_status::absent;
      unseen.push_back(sought);
      return parent_status::unmapped;
    }

    [[nodiscard]] bool stays(const model::entry& there) const {
      const std::string_view origin = there.first_value_of(model::names::origin);
      const auto parts = names.parse(origin);
      const auto waits = aside->find(origin);
      const bool left_over = waits != aside->end() && waits->second.left_over;
      return parts && !dirty->contains(parts->kind, parts->key) && !left_over && !there.has(model::names::gone_since);
    }
  };

  // The names that strangers hold and that rows wait for, of rows that are not in question.
  void note_strangers() {
    names_of_strangers_ = std::make_shared<dn_set>();
    for (const auto& [origin, why] : rest_.aside) {
      const auto parts = origins_.parse(origin);
      if (why.name_taken && parts && !dirty_.contains(parts->kind, parts->key))
        names_of_strangers_->insert(model::dn_hash(why.dn));
    }
  }

  result<void> read_wanted() {
    wanted_options options;
    options.base = who_.base;
    options.containers = false;
    options.schema = &schema_;
    options.only.emplace(who_.map.kinds().size());
    for (std::size_t kind = 0; kind < options.only->size(); ++kind)
      (*options.only)[kind].assign(dirty_.of(kind).begin(), dirty_.of(kind).end());
    const auto asked =
        std::make_shared<parents>(parents{&who_, &dirty_, &rest_.aside, names_of_strangers_, origins_, {}, {}});
    options.status_of_parent = [asked](std::string_view dn, std::uint64_t dn_hash,
                                       const std::function<std::string()>& origin) {
      return asked->status_of(dn, dn_hash, origin);
    };
    options.existing_entry = [this](std::string_view origin) { return existing_.find(origin); };
    options.skipped = [this](std::string_view origin, std::string_view dn) {
      out_.kept->skipped.emplace_back(origin, dn);
    };
    wanted_entries all(who_.map, from_, options,
                       [this](model::reject r) { out_.kept->rejects.push_back(std::move(r)); });
    while (true) {
      S2L_TRY_ASSIGN(const std::optional<wanted> w, all.next());
      if (!w) break;
      S2L_TRY(out_.take_wanted(*w, who_, digester_));
      out_.kept->wanted.push_back(
          {w->kind, *w->content, w->unmapped != nullptr ? std::optional(*w->unmapped) : std::nullopt});
      // A parent that only its children make has come into play with them.
      if (const auto parts = origins_.parse(w->content->first_value_of(model::names::origin)))
        grow(parts->kind, parts->key);
      names_.emplace_back(w->content->dn(), w->content->first_value_of(model::names::origin));
    }
    out_.rejected = all.rejected();
    out_.wanted_dns = all.take_dns();
    out_.unmapped = all.take_unmapped();
    for (const std::string& origin : asked->unseen) grow_by(origin);
    return {};
  }

  using answers = result<std::unique_ptr<model::entry_stream>>;

  // One search is asked for while the answers to the one before it are read: the server is not kept waiting.
  result<void> read_present() {
    std::optional<answers> before;
    std::vector<codec::filter> ours;
    const auto ask = [&]() -> result<void> {
      std::optional<answers> asked = search_present(std::exchange(ours, {}));
      std::swap(before, asked);
      return asked ? take_present(*asked) : result<void>();
    };
    for (const std::string& origin : origins_.of(dirty_)) {
      ours.push_back(codec::filter::equal(model::names::origin, origin));
      if (ours.size() == limits::origins_per_search) S2L_TRY(ask());
    }
    if (!ours.empty()) S2L_TRY(ask());
    return before ? take_present(*before) : result<void>();
  }

  answers search_present(std::vector<codec::filter> ours) {
    const codec::filter any = codec::filter::any_of(std::move(ours));
    return who_.to.search({who_.base.text(), model::search_scope::subtree, any.text(), attributes_, 0});
  }

  result<void> take_present(answers& all) {
    while (true) {
      if (!all) return when_no_base(std::move(all).error());
      auto e = (*all)->next();
      if (!e) return when_no_base(std::move(e).error());
      if (*e == nullptr) return {};
      out_.take_present(**e, origins_, digester_, how_);
      out_.kept->present.insert_or_assign(run_hash64((*e)->first_value_of(model::names::origin)), **e);
    }
  }
  result<void> when_no_base(error what) {
    if (what.ldap_code != model::result_code::no_such_object) return tl::make_unexpected(std::move(what));
    out_.base_present = false;
    return {};
  }

  // No key finds a row whose key cannot be read. Such a row may belong to an entry that seems to have no row.
  result<void> keep_for_unread_keys() {
    for (std::size_t i = 0; i < out_.surplus.size(); ++i) {
      const surplus_list::item item = out_.surplus[i];
      const auto kind = origins_.kind_of(item.origin);
      if (!kind || item.what == fate::wait || item.what == fate::keep) continue;
      if (!dirty_.unread().contains(*kind) && !rest_.unread.contains(*kind)) continue;
      if (!out_.unread_keys.contains(*kind)) {
        S2L_TRY_ASSIGN(out_.unread_keys[*kind], count_unread_keys(*kind));
      }
      if (out_.unread_keys[*kind] > 0) out_.surplus.keep(i);
    }
    return {};
  }
  result<std::uint64_t> count_unread_keys(std::size_t kind) {
    model::query keys = who_.map.queries(kind).main;
    keys.columns.resize(who_.map.queries(kind).key_columns);
    std::uint64_t out = 0;
    S2L_TRY_ASSIGN(const auto rows, from_.rows(keys));
    while (true) {
      S2L_TRY_ASSIGN(const std::optional<model::row_view> row, rows->next());
      if (!row) return out;
      out += std::all_of(row->begin(), row->end(), mapping::is_readable_key) ? 0 : 1;
    }
  }

  void grow(std::size_t kind, const mapping::key_values& key) { grown_ = dirty_.add(kind, key) || grown_; }
  void grow_by(std::string_view origin) {
    if (const auto parts = origins_.parse(origin)) grow(parts->kind, parts->key);
  }

  // Whoever of ours has a name that is wanted is compared as well: both may be on the move.
  result<void> add_holders() {
    for (const auto& [dn, origin] : names_) {
      const auto [first, last] = waiting_.equal_range(model::dn_hash(dn));
      for (auto waits = first; waits != last; ++waits) grow_by(waits->second);
      const std::uint64_t origin_hash = run_hash64(origin);
      const bool elsewhere = out_.moved.contains(origin_hash);
      if (out_.table.find(origin_hash)->now() != wanted_table::status::missing && !elsewhere) continue;
      S2L_TRY_ASSIGN(auto found, who_.to.search({dn,
                                                 model::search_scope::base,
                                                 "(objectClass=*)",
                                                 {model::names::object_class, model::names::origin},
                                                 0}));
      S2L_TRY_ASSIGN(const model::entry* there, found->next());
      if (there == nullptr) continue;
      const std::string_view holder = there->first_value_of(model::names::origin);
      if (origins_.is_ours(holder)) {
        grow_by(holder);
      } else {
        out_.foreign.insert(model::dn_hash(dn));
      }
    }
    return {};
  }

  // Below an entry that goes nothing of ours can stay as it is; nor below a stranger's in whose place
  // no row of ours makes one any more.
  result<void> add_children() {
    for (std::size_t i = 0; i < out_.surplus.size(); ++i) {
      const surplus_list::item gone = out_.surplus[i];
      const auto [first, last] = waiting_.equal_range(model::dn_hash(gone.dn));
      for (auto waits = first; waits != last; ++waits) grow_by(waits->second);
      if (is_parent(gone.origin)) S2L_TRY(add_below(std::string(gone.dn)));
    }
    for (const auto& [origin, why] : rest_.aside) {
      const auto parts = origins_.parse(origin);
      if (!why.name_taken || !parts || !dirty_.contains(parts->kind, parts->key) || !is_parent(origin)) continue;
      if (!out_.wanted_dns.contains(model::dn_hash(why.dn))) S2L_TRY(add_below(why.dn));
    }
    return {};
  }
  [[nodiscard]] bool is_parent(std::string_view origin) const {
    const std::optional<std::size_t> kind = origins_.kind_of(origin);
    return kind && who_.map.kinds()[*kind].is_parent;
  }
  result<void> add_below(const std::string& dn) {
    const auto [first, last] = waiting_below_.equal_range(model::dn_hash(dn));
    for (auto waits = first; waits != last; ++waits) grow_by(waits->second);
    auto below = who_.to.search({dn,
                                 model::search_scope::subtree,
                                 codec::filter::present(model::names::origin).text(),
                                 {model::names::origin},
                                 0});
    while (true) {
      if (!below) return when_gone(std::move(below).error());
      auto child = (*below)->next();
      if (!child) return when_gone(std::move(child).error());
      if (*child == nullptr) return {};
      grow_by((*child)->first_value_of(model::names::origin));
    }
  }
  static result<void> when_gone(error what) {
    if (what.ldap_code != model::result_code::no_such_object) return tl::make_unexpected(std::move(what));
    return {};
  }

  // `orphan make`: such a parent goes with its last child.
  result<void> add_made_parents() {
    std::vector<std::string> leaving;
    for (std::size_t i = 0; i < out_.surplus.size(); ++i) {
      if (has_made_parent(out_.surplus[i].origin)) leaving.emplace_back(out_.surplus[i].dn);
    }
    for (const auto& [dn, origin] : names_) {
      const auto moved = out_.moved.find(run_hash64(origin));
      if (moved != out_.moved.end() && has_made_parent(origin)) leaving.push_back(moved->second);
    }
    // One that cannot leave keeps its parent, for which no row asks any more.
    for (const comparison::kept_entries::one& one : out_.kept->wanted)
      if (one.unmapped && one.unmapped->name && has_made_parent(one.content.first_value_of(model::names::origin)))
        leaving.emplace_back(one.content.dn());
    // Nor does one ask for a parent that could not stand there, and asks no more.
    for (const std::string& origin : origins_.of(dirty_)) {
      const auto waits = rest_.aside.find(origin);
      if (waits != rest_.aside.end() && !waits->second.dn.empty() && has_made_parent(origin))
        leaving.push_back(waits->second.dn);
      const auto held = rest_.held.find(origin);
      if (held != rest_.held.end() && !held->second.wanted_dn.empty() && has_made_parent(origin))
        leaving.push_back(held->second.wanted_dn);
    }
    for (const std::string& dn : leaving) {
      const std::string parent_dn(model::parent_text(dn));
      S2L_TRY_ASSIGN(
          auto found,
          who_.to.search({parent_dn, model::search_scope::base, "(objectClass=*)", {model::names::origin}, 0}));
      S2L_TRY_ASSIGN(const model::entry* parent, found->next());
      if (parent == nullptr) continue;
      const std::string origin(parent->first_value_of(model::names::origin));
      S2L_TRY_ASSIGN(const bool needed, has_undisputed_child(parent_dn));
      if (!needed) grow_by(origin);
    }
    return {};
  }
  [[nodiscard]] bool has_made_parent(std::string_view origin) const {
    const std::optional<std::size_t> kind = origins_.kind_of(origin);
    return kind && who_.map.kinds()[*kind].orphans == mapping::orphan_policy::make;
  }
  // A child that is not in question keeps its parent.
  result<bool> has_undisputed_child(const std::string& parent_dn) {
    const auto [first, last] = waiting_below_.equal_range(model::dn_hash(parent_dn));
    for (auto waits = first; waits != last; ++waits) {
      const auto parts = origins_.parse(waits->second);
      if (parts && has_made_parent(waits->second) && !dirty_.contains(parts->kind, parts->key)) return true;
    }
    const codec::filter in_force =
        codec::filter::all_of({codec::filter::present(model::names::origin),
                               codec::filter::none_of(codec::filter::present(model::names::gone_since))});
    S2L_TRY_ASSIGN(
        auto children,
        who_.to.search(
            {parent_dn, model::search_scope::one_level, in_force.text(), {model::names::origin}, dirty_.size() + 1}));
    while (true) {
      S2L_TRY_ASSIGN(const model::entry* child, children->next());
      if (child == nullptr) return false;
      const std::string_view origin = child->first_value_of(model::names::origin);
      const auto parts = origins_.parse(origin);
      const auto waits = rest_.aside.find(origin);
      const bool wants_another = waits != rest_.aside.end() && !waits->second.dn.empty() &&
                                 model::dn_hash(model::parent_text(waits->second.dn)) != model::dn_hash(parent_dn);
      if (parts && has_made_parent(origin) && !dirty_.contains(parts->kind, parts->key) && !wants_another) return true;
    }
  }

  const parties& who_;
  const run_options& how_;
  model::snapshot& from_;
  const model::schema& schema_;
  dirty_keys& dirty_;
  const rest_of_directory& rest_;
  origins origins_;
  digester digester_;
  existing_entries existing_;
  std::vector<model::attribute_name> attributes_;  // for the digest, and to see what differs
  comparison out_;
  std::vector<std::pair<std::string, std::string>> names_;             // DN and origin of what is wanted
  std::unordered_multimap<std::uint64_t, std::string> waiting_;        // DN hash -> origins set aside that want it
  std::unordered_multimap<std::uint64_t, std::string> waiting_below_;  // the same by the name of the parent
  std::shared_ptr<dn_set> names_of_strangers_;
  bool grown_ = false;
};

result<void> tell_equal(const run_options& how, const model::schema& schema, const origins& names,
                        const comparison& found) {
  for (const auto& [origin_hash, present] : found.kept->present) {
    const wanted_table::record* record = found.table.find(origin_hash);
    const auto kind = names.kind_of(present.first_value_of(model::names::origin));
    if (record != nullptr && kind && record->now() == wanted_table::status::equal)
      S2L_TRY(how.found_equal(*kind, present, schema));
  }
  return {};
}

result<void> tell_absent(const run_options& how, const origins& names, const dirty_keys& dirty,
                         const comparison& found) {
  for (const std::string& origin : names.of(dirty)) {
    const std::uint64_t hash = run_hash64(origin);
    const auto there = found.kept->present.find(hash);
    const bool in_force = there != found.kept->present.end() && !there->second.has(model::names::gone_since);
    if (found.table.find(hash) == nullptr && !in_force) S2L_TRY(how.found_absent(origin));
  }
  return {};
}

}  // namespace

result<comparison> compare_keys(const parties& who, const run_options& how, model::snapshot& from,
                                const model::schema& schema, dirty_keys& dirty, const rest_of_directory& rest) {
  return keys_reader(who, how, from, schema, dirty, rest).run();
}

result<void> tell_compared(const parties& who, const run_options& how, const model::schema& schema,
                           const dirty_keys& dirty, const comparison& found) {
  for (const model::reject& r : found.kept->rejects) how.rejects(r);
  for (const auto& [origin, dn] : found.kept->skipped) how.skipped(origin, dn);
  const origins names(who.map);
  if (how.found_equal) S2L_TRY(tell_equal(how, schema, names, found));
  return how.found_absent ? tell_absent(how, names, dirty, found) : result<void>();
}

}  // namespace sql2ldap::sync
