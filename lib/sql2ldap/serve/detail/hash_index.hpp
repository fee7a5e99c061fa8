// Which slots hold a value with this hash. 8 bytes a record, linear probing; in segments that grow one by
// one, so that none of a million values is waited for while the others move.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <sql2ldap/base/prefetch.hpp>

namespace sql2ldap::serve::detail {

using slot_number = std::uint32_t;

class hash_index {
 public:
  void insert(std::uint64_t hash, slot_number slot);  // the same pair may be there twice
  void erase(std::uint64_t hash, slot_number slot);   // one such pair, which must be there

  // Calls `each` with every slot that may have a value with this hash, perhaps several times with one.
  // Other values' slots come rarely, and must be told apart by the value itself.
  template <typename Function>
  void find(std::uint64_t hash, Function each) const {
    const segment& in = segments_[hash >> segment_shift];
    if (in.records.empty()) return;
    for (std::size_t at = in.home(tag_of(hash)); in.records[at].slot != none; at = in.after(at))
      if (in.records[at].tag == tag_of(hash)) each(in.records[at].slot);
  }

  // What find() will look at is brought near meanwhile.
  void prefetch(std::uint64_t hash) const noexcept {
    const segment& in = segments_[hash >> segment_shift];
    if (!in.records.empty()) sql2ldap::prefetch(&in.records[in.home(tag_of(hash))]);
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  static constexpr unsigned segment_shift = 56;  // 256 segments
  static constexpr slot_number none = ~slot_number{0};

  struct record {
    std::uint32_t tag = 0;
    slot_number slot = none;
  };
  struct segment {
    std::vector<record> records;  // a power of two, or none
    std::size_t used = 0;

    [[nodiscard]] std::size_t home(std::uint32_t tag) const noexcept { return tag & (records.size() - 1); }
    [[nodiscard]] std::size_t after(std::size_t at) const noexcept { return (at + 1) & (records.size() - 1); }
    void put(record what) noexcept;
    void resize(std::size_t size);
  };
  static constexpr std::uint32_t tag_of(std::uint64_t hash) noexcept { return static_cast<std::uint32_t>(hash); }

  std::array<segment, 256> segments_;
};

}  // namespace sql2ldap::serve::detail
