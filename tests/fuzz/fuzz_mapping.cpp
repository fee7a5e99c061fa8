// Any text: either diagnostics with a place in it, or a mapping whose canonical form means the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/mapping/mapping.hpp>
#include <sql2ldap/mapping/syntax.hpp>

using namespace sql2ldap;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto map = mapping::mapping::parse(text);
  if (!map) {
    S2L_ASSERT(!map.error().empty());
    S2L_ASSERT(!mapping::render(map.error(), text, "fuzz.map").empty());
  }
  const auto tree = mapping::syntax::parse(text);
  S2L_ASSERT(tree.has_value() || !map.has_value());
  if (!tree) return 0;
  const std::string canonical = mapping::syntax::print(*tree);
  const auto tree_again = mapping::syntax::parse(canonical);
  S2L_ASSERT(tree_again.has_value());
  S2L_ASSERT(mapping::syntax::print(*tree_again) == canonical);
  const auto again = mapping::mapping::parse(canonical);
  S2L_ASSERT(again.has_value() == map.has_value());
  if (map) S2L_ASSERT(again->shown() == map->shown());
  return 0;
}
