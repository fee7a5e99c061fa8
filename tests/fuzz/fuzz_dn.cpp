// Any text: either no DN, or one whose canonical text means the same.
#include <cstddef>
#include <cstdint>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/dn.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sql2ldap;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto name = model::dn::parse(text);
  const std::uint64_t hash = model::dn_hash(text);
  if (!name) return 0;
  const auto again = model::dn::parse(name->text());
  S2L_ASSERT(again.has_value());
  S2L_ASSERT(again->text() == name->text());
  S2L_ASSERT(again->rdns() == name->rdns());
  S2L_ASSERT(model::dn_hash(name->text()) == hash);
  S2L_ASSERT(model::dn_hash(name->normal_form()) == hash);
  S2L_ASSERT(name->empty() || name->is_below(name->parent()));
  return 0;
}
