// The stages of the language in one table: name, arguments, direction, and the two functions of
// each lens. A stage works on each value by itself (value_*), or on the whole list (list_*).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <sql2ldap/mapping/detail/run.hpp>

namespace sql2ldap::mapping::detail {

enum class got : std::uint8_t { value, nothing, objection };

using value_get = got (*)(run&, const stage&, std::string_view in, std::string_view& out);
// `old`: the SQL side as it was, null when there was none.
using value_put = bool (*)(run&, const stage&, std::string_view wanted, const std::string_view* old,
                           std::string_view& out);
using list_get = bool (*)(run&, const stage&, std::size_t first);
using list_put = bool (*)(run&, const stage&, const list& wanted, const list& old, list& out);

enum class arguments : std::uint8_t { none, texts, values, number, flag, map, password, decode, unit, zone };

struct stage_facts {
  stage_kind kind;
  std::string_view name;
  arguments takes;
  std::uint8_t least;
  std::uint8_t most;
  value_get get_value;
  value_put put_value;
  list_get get_list;
  list_put put_list;
  std::string_view one_way;  // why there is no way back, "" = there is one
  bool gathers = false;      // makes one list of the rows of a `many`
  bool several = false;      // may give more values than it takes
  bool takes_bytes = false;  // reads text that is not UTF-8
};

[[nodiscard]] std::span<const stage_facts> all_stages() noexcept;  // indexed by stage_kind
[[nodiscard]] const stage_facts& facts_of(stage_kind kind) noexcept;
[[nodiscard]] const stage_facts* find_stage(std::string_view name) noexcept;

// The way back through one stage: the list that gives `wanted`, close to `old`.
[[nodiscard]] bool put(run& r, const stage& s, const list& wanted, const list& old, list& out);

// 1024 for K, and so on to T; 0 for what is no unit of bytes(...).
[[nodiscard]] std::int64_t unit_of(std::string_view letter) noexcept;

// "TRUE" or "FALSE" from any spelling of a flag; empty when it is none.
[[nodiscard]] std::string_view flag_value(std::string_view spelling) noexcept;

// ---- the lenses, by topic (stages_*.cpp) ----
namespace lens {
#define S2L_VALUE_LENS(name)                                                      \
  got get_##name(run&, const stage&, std::string_view in, std::string_view& out); \
  bool put_##name(run&, const stage&, std::string_view wanted, const std::string_view* old, std::string_view& out)
#define S2L_VALUE_GET(name) got get_##name(run&, const stage&, std::string_view in, std::string_view& out)
#define S2L_LIST_LENS(name)                               \
  bool get_##name(run&, const stage&, std::size_t first); \
  bool put_##name(run&, const stage&, const list& wanted, const list& old, list& out)
#define S2L_LIST_GET(name) bool get_##name(run&, const stage&, std::size_t first)

bool put_same(run&, const stage&, std::string_view wanted, const std::string_view* old, std::string_view& out);

S2L_VALUE_GET(lower);
S2L_VALUE_GET(upper);
S2L_VALUE_GET(trim);
S2L_VALUE_LENS(prefix);
S2L_VALUE_LENS(suffix);
S2L_VALUE_LENS(strip_prefix);
S2L_VALUE_LENS(strip_suffix);
S2L_VALUE_GET(replace);
S2L_VALUE_GET(localpart);
S2L_VALUE_GET(domainpart);
S2L_VALUE_GET(idna);
S2L_VALUE_GET(address);
S2L_VALUE_GET(mailbox);
S2L_VALUE_GET(ia5);
S2L_VALUE_GET(path);
S2L_VALUE_GET(limit);
S2L_VALUE_GET(match);
S2L_VALUE_GET(drop);

S2L_VALUE_LENS(flag);
S2L_VALUE_LENS(negate);
S2L_LIST_GET(conjunction);
S2L_LIST_GET(disjunction);
S2L_LIST_GET(when);
S2L_VALUE_LENS(map);
bool put_map_list(run&, const stage&, const list& wanted, const list& old, list& out);
S2L_VALUE_LENS(scale);
S2L_VALUE_GET(integer);
S2L_VALUE_LENS(bytes);
S2L_VALUE_GET(at_least);
S2L_VALUE_LENS(time);

S2L_VALUE_GET(nonempty);
S2L_VALUE_GET(absent);
bool put_nonempty(run&, const stage&, const list& wanted, const list& old, list& out);
bool put_absent(run&, const stage&, const list& wanted, const list& old, list& out);
S2L_LIST_LENS(otherwise);
S2L_LIST_LENS(present);
S2L_LIST_LENS(split);
S2L_LIST_LENS(join);
S2L_LIST_GET(first);
S2L_LIST_GET(last);
S2L_LIST_GET(sort);
S2L_LIST_GET(unique);
S2L_LIST_LENS(required);
S2L_LIST_GET(reject);

S2L_VALUE_LENS(password);
S2L_VALUE_LENS(decode);
S2L_LIST_LENS(json);

#undef S2L_VALUE_LENS
#undef S2L_VALUE_GET
#undef S2L_LIST_LENS
#undef S2L_LIST_GET
}  // namespace lens

}  // namespace sql2ldap::mapping::detail
