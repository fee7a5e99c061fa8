#include <sql2ldap/mapping/detail/nearest.hpp>

#include <algorithm>
#include <numeric>

#include <sql2ldap/base/text.hpp>

namespace sql2ldap::mapping::detail {

namespace {

std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t same = diagonal + (ascii_lower(a[i]) == ascii_lower(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({same, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
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
  return best;
}

std::string suggestion(std::string_view wrong, const std::vector<std::string>& names) {
  const std::string name = nearest(wrong, names);
  return name.empty() ? std::string() : "did you mean `" + name + "`?";
}

}  // namespace sql2ldap::mapping::detail
