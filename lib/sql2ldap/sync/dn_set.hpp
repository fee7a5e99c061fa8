// A set of 64-bit hashes in about 12 bytes each: which DNs have been seen, without their text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sql2ldap::sync {

// Where a hash would stand in a table of `capacity` slots; any capacity, so that tables can grow
// by half and stay well filled.
[[nodiscard]] inline std::size_t slot_of(std::uint64_t hash, std::size_t capacity) noexcept {
  __extension__ using wide = unsigned __int128;
  return static_cast<std::size_t>((static_cast<wide>(hash) * capacity) >> 64U);
}

class dn_set {
 public:
  // False when it was there already.
  bool insert(std::uint64_t hash) {
    hash = never_zero(hash);
    if (size_ + 1 > slots_.size() / 8 * 7) grow();
    std::uint64_t& slot = slots_[find(hash)];
    if (slot == hash) return false;
    slot = hash;
    ++size_;
    return true;
  }
  [[nodiscard]] bool contains(std::uint64_t hash) const noexcept {
    hash = never_zero(hash);
    return !slots_.empty() && slots_[find(hash)] == hash;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  [[nodiscard]] static std::uint64_t never_zero(std::uint64_t hash) noexcept { return hash == 0 ? 1 : hash; }
  [[nodiscard]] std::size_t find(std::uint64_t hash) const noexcept {
    std::size_t at = slot_of(hash, slots_.size());
    while (slots_[at] != 0 && slots_[at] != hash)
      if (++at == slots_.size()) at = 0;
    return at;
  }
  void grow() {
    std::vector<std::uint64_t> old(slots_.size() < 64 ? 64 : slots_.size() / 2 * 3);
    old.swap(slots_);
    for (const std::uint64_t hash : old)
      if (hash != 0) slots_[find(hash)] = hash;
  }

  std::vector<std::uint64_t> slots_;  // 0 = free
  std::size_t size_ = 0;
};

}  // namespace sql2ldap::sync
