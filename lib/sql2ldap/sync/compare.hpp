// Two sets against each other in bounded memory: every wanted entry leaves 32 bytes in a table
// (at most 64 with the room to grow), the directory is read once and each entry looked up. What
// is left are three sets: missing, differing, surplus.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <sql2ldap/base/hash.hpp>
#include <sql2ldap/model/held_change.hpp>
#include <sql2ldap/model/set_aside.hpp>
#include <sql2ldap/sync/digest.hpp>
#include <sql2ldap/sync/dirty_keys.hpp>
#include <sql2ldap/sync/dn_set.hpp>
#include <sql2ldap/sync/grace.hpp>
#include <sql2ldap/sync/origins.hpp>
#include <sql2ldap/sync/sync.hpp>
#include <sql2ldap/sync/wanted.hpp>

namespace sql2ldap::sync {

// Wanted entries by the hash of their origin.
class wanted_table {
 public:
  enum class status : std::uint8_t { missing = 0, equal = 1, differing = 2 };

  struct record {
    std::uint64_t origin_hash = 0;  // 0 = free slot
    digest128 digest;               // two bits of `high` hold the status
    std::uint64_t dn_hash = 0;

    [[nodiscard]] status now() const noexcept { return static_cast<status>(digest.high >> 62U); }
    void set(status s) noexcept { digest.high = (digest.high & digest_bits) | (static_cast<std::uint64_t>(s) << 62U); }
    [[nodiscard]] bool has(digest128 d) const noexcept {
      return digest.low == d.low && (digest.high & digest_bits) == (d.high & digest_bits);
    }
  };
  static_assert(sizeof(record) == 32);

  // False when the origin is there already.
  bool insert(std::uint64_t origin_hash, digest128 digest, std::uint64_t dn_hash);
  [[nodiscard]] record* find(std::uint64_t origin_hash) noexcept;
  [[nodiscard]] const record* find(std::uint64_t origin_hash) const noexcept {
    return const_cast<wanted_table*>(this)->find(origin_hash);
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint64_t count(status which) const noexcept;

 private:
  static constexpr std::uint64_t digest_bits = (std::uint64_t{1} << 62U) - 1;
  [[nodiscard]] std::size_t slot_for(std::uint64_t origin_hash) const noexcept;
  void grow();

  std::vector<record> slots_;
  std::size_t size_ = 0;
};

// Entries of ours that no row makes, as text in one block.
class surplus_list {
 public:
  struct item {
    std::string_view dn;
    std::string_view origin;
    fate what = fate::remove;
  };
  void add(std::string_view dn, std::string_view origin, fate what);
  void keep(std::size_t i) noexcept;
  [[nodiscard]] item operator[](std::size_t i) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }
  void hold(std::size_t at) { places_[at].what = fate::hold; }
  // Children before parents, otherwise in the order of their text: the order to delete in.
  [[nodiscard]] std::vector<std::uint32_t> deepest_first() const;

 private:
  struct place {
    std::uint64_t offset = 0;
    std::uint32_t dn_length = 0;
    std::uint32_t origin_length = 0;
    fate what = fate::remove;
  };
  std::string bytes_;
  std::vector<place> places_;
};

// An entry of ours whose DN is wanted for another one.
struct holder {
  std::string dn;
  std::uint64_t origin_hash = 0;
  std::string origin;
  std::optional<std::uint32_t> surplus;  // index, else it is to be renamed
};

// Hashes of the names that entries of the kinds have with the RDN value and the parent of this one: the same address.
[[nodiscard]] std::vector<std::uint64_t> names_of_same_address(std::string_view dn, const mapping::mapping& map);

inline constexpr std::string_view kept_for_children = "its row is gone, but entries below it are kept";

struct comparison {
  bool first_load = false;  // nothing of ours is there; nothing below is filled but `foreign`
  wanted_table table;
  dn_set wanted_dns;
  unmapped_rows unmapped;
  surplus_list surplus;
  std::unordered_map<std::uint64_t, std::string> moved;  // origin hash -> present DN, when it is not the wanted one
  std::unordered_map<std::uint64_t, holder> holders;     // by DN hash
  std::vector<std::string> differing;                    // origins, up to limits::keys_reread_max
  dn_set foreign;                                        // DNs of entries that are not ours, as far as they were met
  bool foreign_complete = false;                         // `foreign` has all of them
  std::uint64_t present = 0;
  std::uint64_t missing = 0;
  std::uint64_t differ = 0;
  std::uint64_t equal = 0;
  std::uint64_t rejected = 0;
  bool base_present = true;
  // Set: entries of which this is true (by origin) are left as they are, although their rows want another.
  std::function<bool(std::string_view origin)> holds_update{};
  // Set: where this is true an entry is not added, since another of the same address waits for its delete.
  std::function<bool(std::string_view dn)> holds_add{};
  // Where only some keys were compared: their entries, so that nothing need be read again.
  struct kept_entries {
    struct one {
      std::size_t kind = 0;
      model::entry content;
      std::optional<unmapped_parts> unmapped;
    };
    std::vector<one> wanted;                                    // in the order of a full run
    std::unordered_map<std::uint64_t, model::entry> present{};  // by origin hash
    // What tell_compared() tells.
    std::vector<model::reject> rejects{};
    std::vector<std::pair<std::string, std::string>> skipped{};  // origin and DN
  };
  std::optional<kept_entries> kept;
  // Where keys were read that nobody asked for: by kind, how many cannot be read.
  std::map<std::size_t, std::uint64_t> unread_keys;

  // Every wanted entry first, then every present one.
  [[nodiscard]] result<void> take_wanted(const wanted& w, const parties& who, digester& digests);
  // The kind, when it is as it is wanted.
  std::optional<std::size_t> take_present(const model::entry& e, const origins& names, digester& digests,
                                          const run_options& how);
  // Equal in what the mapping writes, and to be changed all the same.
  void set_differing(std::string_view origin);
  // An entry of ours that no row makes, by that origin.
  [[nodiscard]] fate fate_of_stale(const model::entry& e, std::optional<std::size_t> kind, bool has_record,
                                   std::uint64_t dn_hash, const run_options& how) const;
  void count_differences();
  // Why an entry of ours is kept (fate::keep) although no row makes it.
  [[nodiscard]] std::string_view reason_to_keep(const surplus_list::item& item) const noexcept;
  // One of ours with this DN stands there now?
  [[nodiscard]] const holder* holder_of(std::uint64_t dn_hash) const noexcept {
    const auto found = holders.find(dn_hash);
    return found == holders.end() ? nullptr : &found->second;
  }
};

// Reads both sides completely; anything less is an error. Rejected rows go to how.rejects.
[[nodiscard]] result<comparison> compare(const parties& who, const run_options& how, model::snapshot& from,
                                         const model::schema& schema);

// What a comparison of some keys must know of the rest.
struct rest_of_directory {
  std::uint64_t present = 0;  // entries of ours, these included: the limits are percentages of them
  const model::set_aside_list& aside;
  const std::set<std::size_t>& unread;  // kinds of which rows may have keys that cannot be read
  const model::held_list& held;
};

// The same for the keys in `dirty`. It grows by entries that these bring into play: who holds a name
// that one of them wants, who waits for that name, who stands below one that goes, the parent that exists for its
// children alone. With dirty.everything() afterwards nothing was compared: it is cheaper to compare all. Only reads,
// and tells `how` of nothing.
[[nodiscard]] result<comparison> compare_keys(const parties& who, const run_options& how, model::snapshot& from,
                                              const model::schema& schema, dirty_keys& dirty,
                                              const rest_of_directory& rest);

// Tells `how` what such a comparison has found: rejects, who was skipped, which entries are equal or absent.
[[nodiscard]] result<void> tell_compared(const parties& who, const run_options& how, const model::schema& schema,
                                         const dirty_keys& dirty, const comparison& found);

}  // namespace sql2ldap::sync
