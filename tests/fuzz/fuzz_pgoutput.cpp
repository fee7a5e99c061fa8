// Any bytes: either no message, or one whose views stay inside them.
#include <cstddef>
#include <cstdint>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/codec/pgoutput.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sql2ldap::codec;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // The first half as a table, the second as a change of it, and the whole as either.
  const auto table = pgoutput::parse(bytes.substr(0, size / 2));
  const auto* known = table ? std::get_if<pgoutput::relation>(&*table) : nullptr;
  for (const std::string_view part : {bytes.substr(size / 2), bytes}) {
    const auto message = pgoutput::parse(part);
    if (!message) continue;
    const auto* change = std::get_if<pgoutput::row_change>(&*message);
    if (change == nullptr) continue;
    for (const pgoutput::tuple* row : {&change->old, &change->now}) {
      for (const pgoutput::value& v : *row)
        S2L_ASSERT(v.bytes.empty() ||
                   (v.bytes.data() >= part.data() && v.bytes.data() + v.bytes.size() <= part.data() + part.size()));
      if (known != nullptr) (void)pgoutput::image_of(*known, *row, false);
    }
  }
  return 0;
}
