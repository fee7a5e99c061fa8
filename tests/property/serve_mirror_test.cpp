// Any sequence of events against a plain map.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <fmt/format.h>

#include <sql2ldap/serve/mirror.hpp>
#include <support/content_events.hpp>

namespace sql2ldap::test {
namespace {

struct plain_mirror {
  struct known {
    std::string dn;
    std::vector<std::string> values;
    bool seen = true;
  };
  std::map<unsigned, known> entries;

  void begin_refresh() {
    for (auto& [number, one] : entries) one.seen = false;
  }
  void end_refresh() {
    std::erase_if(entries, [](const auto& one) { return !one.second.seen; });
  }
  [[nodiscard]] std::multiset<std::string> find(const std::string& value) const {
    std::multiset<std::string> out;
    for (const auto& [number, one] : entries)
      if (std::find(one.values.begin(), one.values.end(), value) != one.values.end()) out.insert(one.dn);
    return out;
  }
};

RC_GTEST_PROP(mirror_property, is_like_a_map, ()) {
  // Few entries and values meet often; many make the indexes grow and shrink.
  const auto numbers = *rc::gen::element(5U, 60U, 2000U);
  const auto values = *rc::gen::element(3, 5000);
  serve::mirror mirror({.indexed = {model::attribute_name("uid")}}, model::schema());
  plain_mirror plain;
  mirror.apply(event(kind::refreshed_others));

  const auto steps = *rc::gen::inRange(0, 1500);
  for (int step = 0; step < steps; ++step) {
    const auto number = *rc::gen::inRange(0U, numbers);
    switch (*rc::gen::weightedElement<int>({{60, 0}, {20, 1}, {20, 2}, {1, 3}, {1, 4}, {1, 5}})) {
      case 0: {
        plain_mirror::known now{.dn = fmt::format("n={},s={}", number, step), .values = {}};
        std::vector<std::pair<std::string, std::string>> content = {{"other", "0"}};
        for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
          now.values.push_back(std::to_string(*rc::gen::inRange(0, values)));
          content.emplace_back("uid", now.values.back());
        }
        mirror.apply(entry_event(number, now.dn, content));
        plain.entries.insert_or_assign(number, std::move(now));
        break;
      }
      case 1:
        mirror.apply(event(kind::gone, number));
        plain.entries.erase(number);
        break;
      case 2:
        mirror.apply(event(kind::present, number));
        if (const auto found = plain.entries.find(number); found != plain.entries.end()) found->second.seen = true;
        break;
      case 3:
        mirror.begin_refresh();
        plain.begin_refresh();
        break;
      case 4:
        mirror.apply(event(kind::refreshed_others));
        plain.end_refresh();
        break;
      default:
        mirror.apply(event(kind::refreshed));
    }
  }
  RC_ASSERT(mirror.status().entries == plain.entries.size());
  const bool shows_something = std::any_of(plain.entries.begin(), plain.entries.end(),
                                           [](const auto& one) { return !one.second.values.empty(); });
  RC_ASSERT(mirror.can_answer().has_value() == shows_something);
  if (!shows_something) return;
  std::set<std::string> asked = {"0", "1", "none"};
  for (const auto& [number, one] : plain.entries) asked.insert(one.values.begin(), one.values.end());
  for (const std::string& value : asked) {
    std::multiset<std::string> found;
    const auto answer = mirror.find(model::attribute_name("uid"), value);
    for (const model::entry& one : *answer) found.emplace(one.dn());
    RC_ASSERT(found == plain.find(value));
  }
  std::multiset<std::string> listed;
  std::multiset<std::string> known;
  std::size_t place = 0;
  for (auto some = *mirror.list(place, 10); !some.empty(); some = *mirror.list(place, 10))
    for (const model::entry& one : some) listed.emplace(one.dn());
  for (const auto& [number, one] : plain.entries) known.insert(one.dn);
  RC_ASSERT(listed == known);
}

}  // namespace
}  // namespace sql2ldap::test
