#include <sql2ldap/mapping/detail/nearest.hpp>

#include <algorithm>
#include <cstdint>

#include <sql2ldap/base/text.hpp>

namespace sql2ldap::mapping::detail {

namespace {

// Insertions, deletions, changed letters and swapped neighbours; letter case does not count.
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> edits(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  const auto same = [&](std::size_t i, std::size_t j) { return ascii_lower(a[i]) == ascii_lower(b[j]); };
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      std::size_t& here = edits[i][j];
      if (i == 0 || j == 0) {
        here = i + j;
        continue;
      }
      here = std::min({edits[i - 1][j] + 1, edits[i][j - 1] + 1, edits[i - 1][j - 1] + (same(i - 1, j - 1) ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && same(i - 1, j - 2) && same(i - 2, j - 1);
      if (swapped) here = std::min(here, edits[i - 2][j - 2] + 1);
    }
  }
  return edits[a.size()][b.size()];
}

// "s2lQuota" for s2lQuotaBytes, "lowercase" for lower: the one that differs least.
std::string longer_or_shorter(std::string_view wrong, const std::vector<std::string>& names) {
  constexpr std::size_t length_min = 3;  // shorter beginnings are shared by chance
  std::string_view best;
  std::size_t fewest = SIZE_MAX;
  for (const std::string_view name : names) {
    const std::size_t shared = std::min(name.size(), wrong.size());
    if (shared < length_min || !equal_ignoring_ascii_case(name.substr(0, shared), wrong.substr(0, shared))) continue;
    const std::size_t rest = name.size() + wrong.size() - 2 * shared;
    if (rest < fewest) best = name;
    fewest = std::min(fewest, rest);
  }
  return std::string(best);
}

}  // namespace

std::string nearest(std::string_view wrong, const std::vector<std::string>& names) {
  constexpr std::size_t length_max = 100;  // longer ones are no slips of the finger
  if (wrong.size() > length_max) return {};
  std::string best;
  std::size_t fewest = 1 + std::max<std::size_t>(1, wrong.size() / 3);
  for (const std::string& name : names) {
    if (name.size() > length_max) continue;
    const std::size_t edits = edits_between(wrong, name);
    if (edits < fewest) {
      fewest = edits;
      best = name;
    }
  }
  return best.empty() ? longer_or_shorter(wrong, names) : best;
}

std::string suggestion(std::string_view wrong, const std::vector<std::string>& names) {
  const std::string name = nearest(wrong, names);
  return name.empty() ? std::string() : "did you mean `" + name + "`?";
}

}  // namespace sql2ldap::mapping::detail
