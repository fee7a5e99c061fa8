#include <sql2ldap/serve/detail/hash_index.hpp>

#include <utility>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::serve::detail {
namespace {

constexpr std::size_t records_least = 8;

}  // namespace

void hash_index::segment::put(record what) noexcept {
  std::size_t at = home(what.tag);
  while (records[at].slot != none) at = after(at);
  records[at] = what;
}

void hash_index::segment::resize(std::size_t size) {
  const std::vector<record> old = std::exchange(records, std::vector<record>(size));
  for (const record& one : old)
    if (one.slot != none) put(one);
}

void hash_index::insert(std::uint64_t hash, slot_number slot) {
  segment& in = segments_[hash >> segment_shift];
  // At most three of four are used: a search always comes to a free one.
  if ((in.used + 1) * 4 > in.records.size() * 3) in.resize(in.records.empty() ? records_least : in.records.size() * 2);
  in.put({tag_of(hash), slot});
  ++in.used;
}

void hash_index::erase(std::uint64_t hash, slot_number slot) {
  segment& in = segments_[hash >> segment_shift];
  S2L_ASSERT(in.used != 0);
  std::size_t gap = in.home(tag_of(hash));
  while (in.records[gap].tag != tag_of(hash) || in.records[gap].slot != slot) {
    S2L_ASSERT(in.records[gap].slot != none);
    gap = in.after(gap);
  }
  // Who stands behind the gap moves into it, unless that is before its home.
  for (std::size_t at = in.after(gap); in.records[at].slot != none; at = in.after(at)) {
    const std::size_t from_home = (at - in.home(in.records[at].tag)) & (in.records.size() - 1);
    const std::size_t from_gap = (at - gap) & (in.records.size() - 1);
    if (from_home < from_gap) continue;
    in.records[gap] = in.records[at];
    gap = at;
  }
  in.records[gap] = {};
  --in.used;
  if (in.records.size() > records_least && in.used * 8 < in.records.size()) in.resize(in.records.size() / 2);
}

std::size_t hash_index::memory_bytes() const noexcept {
  std::size_t bytes = sizeof *this;
  for (const segment& one : segments_) bytes += one.records.capacity() * sizeof(record);
  return bytes;
}

}  // namespace sql2ldap::serve::detail
