#include <sql2ldap/serve/mirror.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <iterator>
#include <limits>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/hash.hpp>
#include <sql2ldap/base/prefetch.hpp>
#include <sql2ldap/model/dn.hpp>
#include <sql2ldap/serve/detail/hash_index.hpp>
#include <sql2ldap/serve/detail/packed_entry.hpp>
#include <sql2ldap/serve/detail/writers_first_mutex.hpp>

namespace sql2ldap::serve {
namespace {

using what = model::content_event::what;
using std::chrono::milliseconds;

std::uint64_t hash_of(const model::entry_uuid& uuid) {
  return run_hash64({reinterpret_cast<const char*>(uuid.data()), uuid.size()});
}

// Under which it stands in the index. `form` becomes its normal form.
std::uint64_t hash_of_value(std::string& form, model::matching_rule rule, std::string_view value) {
  form.clear();
  model::append_normalized(form, rule, value);
  return run_hash64(form);
}

// A value with an option (RFC 4512, 2.5.2) is one of the attribute, too.
model::attribute_name without_options(model::attribute_name name) {
  const std::size_t options = name.text().find(';');
  return options == std::string::npos ? name : model::attribute_name(name.text().substr(0, options));
}

}  // namespace

class mirror::body {
 public:
  body(options how, const model::schema& schema);
  result<std::vector<model::entry>> find(std::span<const model::attribute_name> names, std::string_view value) const;
  void expect(model::attribute_name name, std::span<const std::string_view> values) const;
  result<std::vector<model::entry>> list(std::size_t& place, std::size_t entries_max) const;
  mirror_status status() const;
  [[nodiscard]] result<void> can_answer() const;
  [[nodiscard]] std::uint64_t version() const noexcept { return version_; }
  void begin_refresh();
  void apply(const model::content_event& event);

 private:
  using slot_number = detail::slot_number;
  struct value_index {
    model::attribute_name name;
    model::matching_rule rule;
    detail::hash_index by_value;
  };
  struct known_name {
    model::attribute_name name;
    std::optional<std::uint8_t> index;  // into indexes_
  };
  struct slot {
    detail::packed_entry content;  // empty: free
    // The writer's own.
    model::entry_uuid uuid{};
    std::uint32_t seen = 0;  // the refresh that told it last
  };
  struct indexed_value {
    std::uint64_t hash;
    std::uint8_t index;
    friend auto operator<=>(const indexed_value&, const indexed_value&) = default;
  };

  [[nodiscard]] std::optional<std::uint8_t> place_of_index(model::attribute_name name) const;
  void prefetch_indexes(std::uint64_t hash) const;
  [[nodiscard]] bool holds(const detail::packed_entry& content, std::uint8_t index, std::string_view value,
                           std::string_view normal_form) const;
  [[nodiscard]] model::entry unpacked(const detail::packed_entry& content) const;

  void heard();
  [[nodiscard]] std::uint32_t number_of(model::attribute_name name);
  [[nodiscard]] std::vector<indexed_value> indexed_values(const detail::packed_entry& content) const;
  [[nodiscard]] std::optional<slot_number> slot_of(const model::entry_uuid& uuid) const;
  [[nodiscard]] slot_number new_slot(const model::entry_uuid& uuid);
  void put(const model::entry_uuid& uuid, const model::entry& content);
  void replace(slot_number at, detail::packed_entry content);
  void remove(slot_number at);
  void remove_others_at(std::string_view dn, slot_number holder);
  void end_refresh(bool others_are_gone);

  const options options_;
  mutable detail::writers_first_mutex mutex_;  // what readers see; the writer alone reads it without
  std::vector<value_index> indexes_;
  std::vector<known_name> names_;
  std::deque<slot> slots_;
  std::size_t entries_ = 0;
  std::size_t content_bytes_ = 0;

  std::vector<std::uint32_t> numbers_;  // by attribute_name::id(), 1 + the place in names_
  detail::hash_index by_uuid_;
  detail::hash_index by_dn_;
  std::vector<slot_number> free_;
  std::uint32_t refresh_ = 1;

  std::atomic<std::size_t> findable_{0};   // entries with an indexed value
  std::atomic<std::uint64_t> version_{0};  // counts on when a change is seen
  std::atomic<bool> refreshed_{false};
  std::atomic<bool> in_step_{false};
  std::atomic<clock::time_point> heard_;
};

mirror::body::body(options how, const model::schema& schema) : options_(std::move(how)), heard_(options_.now()) {
  S2L_ASSERT(options_.indexed.size() <= std::numeric_limits<std::uint8_t>::max());
  for (const model::attribute_name name : options_.indexed)
    indexes_.push_back({.name = name, .rule = schema.equality_of(name), .by_value = {}});
}

// ---- what readers ask -------------------------------------------------------------------------

result<void> mirror::body::can_answer() const {
  if (!refreshed_) return fail_transient(error_kind::directory, "the directory has not been read to its end yet");
  if (findable_ == 0) return nothing_seen();
  if (options_.age_max == milliseconds(0)) return {};
  const auto age = options_.now() - heard_.load();
  if (age <= options_.age_max) return {};
  return fail_transient(error_kind::directory,
                        fmt::format("for {} s the directory has not been heard of",
                                    std::chrono::duration_cast<std::chrono::seconds>(age).count()),
                        "is the server running, and does it let itself be followed?");
}

std::optional<std::uint8_t> mirror::body::place_of_index(model::attribute_name name) const {
  for (std::size_t i = 0; i < indexes_.size(); ++i)
    if (indexes_[i].name == name) return static_cast<std::uint8_t>(i);
  return std::nullopt;
}

bool mirror::body::holds(const detail::packed_entry& content, std::uint8_t index, std::string_view value,
                         std::string_view normal_form) const {
  bool found = false;
  std::string form;
  content.values([&](std::uint32_t name, std::string_view bytes) {
    if (names_[name].index != index) return true;
    found = bytes == value;
    if (!found) {
      form.clear();
      model::append_normalized(form, indexes_[index].rule, bytes);
      found = form == normal_form;
    }
    return !found;
  });
  return found;
}

model::entry mirror::body::unpacked(const detail::packed_entry& content) const {
  constexpr std::size_t usual_values = 16;
  model::entry out;
  out.reserve(usual_values, content.size());
  out.set_dn(content.dn());
  content.values([&](std::uint32_t name, std::string_view bytes) {
    out.add(names_[name].name, bytes);
    return true;
  });
  return out;
}

result<std::vector<model::entry>> mirror::body::find(std::span<const model::attribute_name> names,
                                                     std::string_view value) const {
  S2L_TRY(can_answer());
  std::vector<model::entry> out;
  std::vector<slot_number> told;
  std::string normal_form;
  std::optional<model::matching_rule> normal_by;
  std::uint64_t hash = 0;
  const std::shared_lock lock(mutex_);
  for (const model::attribute_name name : names) {
    const auto index = place_of_index(name);
    if (!index)
      return fail(error_kind::usage, fmt::format("the mirror has no index of {}", name.text()),
                  "add it to its indexes");
    const value_index& in = indexes_[*index];
    if (normal_by != in.rule) {
      hash = hash_of_value(normal_form, in.rule, value);
      if (!normal_by && names.size() > 1) prefetch_indexes(hash);
      normal_by = in.rule;
    }
    in.by_value.find(hash, [&](slot_number at) {
      if (std::find(told.begin(), told.end(), at) != told.end()) return;
      const detail::packed_entry& content = slots_[at].content;
      if (!holds(content, *index, value, normal_form)) return;
      told.push_back(at);
      out.push_back(unpacked(content));
    });
  }
  return out;
}

// Most rules give one form of a value.
void mirror::body::prefetch_indexes(std::uint64_t hash) const {
  for (const value_index& one : indexes_) one.by_value.prefetch(hash);
}

// To wait for memory is what takes longest of a lookup, three times one after the other; for many it is waited once.
void mirror::body::expect(model::attribute_name name, std::span<const std::string_view> values) const {
  const auto index = place_of_index(name);
  if (!index) return;
  S2L_ASSERT(values.size() <= expected_max);
  std::array<std::uint64_t, expected_max> hashes;
  std::string form;
  for (std::size_t i = 0; i < values.size(); ++i) hashes[i] = hash_of_value(form, indexes_[*index].rule, values[i]);
  const std::shared_lock lock(mutex_);
  for (std::size_t i = 0; i < values.size(); ++i) indexes_[*index].by_value.prefetch(hashes[i]);
  const auto for_each_slot = [&](auto visit) {
    for (std::size_t i = 0; i < values.size(); ++i)
      indexes_[*index].by_value.find(hashes[i], [&](slot_number at) { visit(slots_[at]); });
  };
  for_each_slot([](const slot& one) { prefetch(&one); });
  for_each_slot([](const slot& one) { one.content.prefetch(); });
}

result<std::vector<model::entry>> mirror::body::list(std::size_t& place, std::size_t entries_max) const {
  S2L_TRY(can_answer());
  std::vector<model::entry> out;
  const std::shared_lock lock(mutex_);
  for (; place < slots_.size() && out.size() < entries_max; ++place)
    if (!slots_[place].content.empty()) out.push_back(unpacked(slots_[place].content));
  return out;
}

mirror_status mirror::body::status() const {
  mirror_status out{.refreshed = refreshed_,
                    .in_step = in_step_,
                    .age = std::chrono::duration_cast<milliseconds>(options_.now() - heard_.load()),
                    .entries = 0,
                    .memory_bytes = 0};
  const std::shared_lock lock(mutex_);
  out.entries = entries_;
  out.memory_bytes = content_bytes_ + slots_.size() * sizeof(slot) + by_uuid_.memory_bytes() + by_dn_.memory_bytes();
  for (const value_index& one : indexes_) out.memory_bytes += one.by_value.memory_bytes();
  return out;
}

// ---- what the writer is told ------------------------------------------------------------------

void mirror::body::heard() {
  if (in_step_) heard_ = options_.now();
}

void mirror::body::begin_refresh() {
  in_step_ = false;
  ++refresh_;
}

void mirror::body::apply(const model::content_event& event) {
  switch (event.kind) {
    case what::entry:
      put(event.uuid, event.content);
      break;
    case what::present:
      // slapd names also those that it would not show to us: who is not known is none of ours.
      if (const auto at = slot_of(event.uuid)) slots_[*at].seen = refresh_;
      break;
    case what::gone:
      if (const auto at = slot_of(event.uuid)) remove(*at);
      break;
    case what::refreshed_others:
      end_refresh(true);
      break;
    case what::refreshed:
      end_refresh(false);
      break;
    case what::begun_anew:
      begin_refresh();
      break;
    case what::heard:
      break;
  }
  heard();
}

void mirror::body::end_refresh(bool others_are_gone) {
  if (others_are_gone) {
    const auto stays = [this](const slot& one) { return !one.content.empty() && one.seen == refresh_; };
    // Nobody is "not there" while all of them go.
    if (std::none_of(slots_.begin(), slots_.end(), stays)) refreshed_ = false;
    for (slot_number at = 0; at < slots_.size(); ++at)
      if (!slots_[at].content.empty() && slots_[at].seen != refresh_) remove(at);
  }
  in_step_ = true;
  heard();
  refreshed_ = true;
}

std::uint32_t mirror::body::number_of(model::attribute_name name) {
  if (name.id() >= numbers_.size()) numbers_.resize(name.id() + std::size_t{1});
  std::uint32_t& number = numbers_[name.id()];
  if (number == 0) {
    const std::unique_lock lock(mutex_);
    names_.push_back({.name = name, .index = place_of_index(without_options(name))});
    number = static_cast<std::uint32_t>(names_.size());
  }
  return number - 1;
}

std::vector<mirror::body::indexed_value> mirror::body::indexed_values(const detail::packed_entry& content) const {
  std::vector<indexed_value> out;
  if (content.empty()) return out;
  std::string form;
  content.values([&](std::uint32_t name, std::string_view bytes) {
    const auto index = names_[name].index;
    if (!index) return true;
    out.push_back({hash_of_value(form, indexes_[*index].rule, bytes), *index});
    return true;
  });
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<mirror::body::slot_number> mirror::body::slot_of(const model::entry_uuid& uuid) const {
  std::optional<slot_number> out;
  by_uuid_.find(hash_of(uuid), [&](slot_number at) {
    if (slots_[at].uuid == uuid) out = at;
  });
  return out;
}

mirror::body::slot_number mirror::body::new_slot(const model::entry_uuid& uuid) {
  const std::unique_lock lock(mutex_);
  if (free_.empty()) {
    S2L_ASSERT(slots_.size() < std::numeric_limits<slot_number>::max());
    free_.push_back(static_cast<slot_number>(slots_.size()));
    slots_.emplace_back();
  }
  const slot_number at = free_.back();
  free_.pop_back();
  slots_[at].uuid = uuid;
  by_uuid_.insert(hash_of(uuid), at);
  ++entries_;
  return at;
}

void mirror::body::put(const model::entry_uuid& uuid, const model::entry& content) {
  detail::packed_entry packed(content, [this](model::attribute_name name) { return number_of(name); });
  auto at = slot_of(uuid);
  if (!at) at = new_slot(uuid);
  slots_[*at].seen = refresh_;
  if (slots_[*at].content != packed) replace(*at, std::move(packed));  // a refresh tells all of them again
  if (in_step_) remove_others_at(content.dn(), *at);
}

// slapd tells of the entries of a transaction before it rolls them back, and never says that they are gone
// (docs/decisions/0007); written again they have another UUID. A name is one entry's. While a refresh runs entries come
// in any order, and the one that had the name before may be told under its new one later.
void mirror::body::remove_others_at(std::string_view dn, slot_number holder) {
  std::vector<slot_number> others;
  const std::uint64_t hash = model::dn_hash(dn);
  by_dn_.find(hash, [&](slot_number at) {
    if (at != holder) others.push_back(at);
  });
  for (const slot_number at : others) remove(at);
}

void mirror::body::remove(slot_number at) {
  {
    const std::unique_lock lock(mutex_);
    by_uuid_.erase(hash_of(slots_[at].uuid), at);
    --entries_;
  }
  replace(at, {});
  free_.push_back(at);
}

// Values and content change as one; the old content is given back when nobody waits any more.
void mirror::body::replace(slot_number at, detail::packed_entry content) {
  const std::vector<indexed_value> old = indexed_values(slots_[at].content);
  const std::vector<indexed_value> now = indexed_values(content);
  std::vector<indexed_value> leave;
  std::vector<indexed_value> enter;
  std::set_difference(old.begin(), old.end(), now.begin(), now.end(), std::back_inserter(leave));
  std::set_difference(now.begin(), now.end(), old.begin(), old.end(), std::back_inserter(enter));
  const detail::packed_entry& before = slots_[at].content;
  const bool moves = before.empty() || content.empty() || before.dn() != content.dn();
  const std::uint64_t old_name = before.empty() ? 0 : model::dn_hash(before.dn());
  const std::uint64_t new_name = content.empty() ? 0 : model::dn_hash(content.dn());
  const std::unique_lock lock(mutex_);
  if (moves && !before.empty()) by_dn_.erase(old_name, at);
  if (moves && !content.empty()) by_dn_.insert(new_name, at);
  findable_ += std::size_t{!now.empty()} - std::size_t{!old.empty()};
  for (const indexed_value& value : leave) indexes_[value.index].by_value.erase(value.hash, at);
  for (const indexed_value& value : enter) indexes_[value.index].by_value.insert(value.hash, at);
  content_bytes_ += content.size();
  content_bytes_ -= slots_[at].content.size();
  std::swap(slots_[at].content, content);
  ++version_;
}

tl::unexpected<error> nothing_seen() {
  return fail_transient(error_kind::directory, "no domain, account or alias can be seen",
                        "where there are some, let the identity that binds read them (olcAccess)");
}

// ---- the door ---------------------------------------------------------------------------------

mirror::mirror(options how, const model::schema& schema) : body_(std::make_unique<body>(std::move(how), schema)) {}
mirror::~mirror() = default;
result<std::vector<model::entry>> mirror::find(model::attribute_name name, std::string_view value) {
  return body_->find({&name, 1}, value);
}
result<std::vector<std::vector<model::entry>>> mirror::find_each(std::span<const model::value_assertion> asked) {
  std::vector<std::vector<model::entry>> out;
  out.reserve(asked.size());
  for (const model::value_assertion& one : asked) {
    S2L_TRY_ASSIGN(out.emplace_back(), body_->find(one.names, one.value));
  }
  return out;
}
result<std::vector<model::entry>> mirror::list(std::size_t& place, std::size_t entries_max) const {
  return body_->list(place, entries_max);
}
mirror_status mirror::status() const { return body_->status(); }
result<void> mirror::can_answer() const { return body_->can_answer(); }
void mirror::expect(model::attribute_name name, std::span<const std::string_view> values) {
  body_->expect(name, values);
}
std::optional<std::uint64_t> mirror::version() const {
  if (!body_->can_answer()) return std::nullopt;
  return body_->version();
}
void mirror::begin_refresh() { body_->begin_refresh(); }
void mirror::apply(const model::content_event& event) { body_->apply(event); }

}  // namespace sql2ldap::serve
