// Any text: either an error, or records that come back when they are written.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/codec/ldif.hpp>

namespace {

using namespace sql2ldap;

std::string written(const codec::ldif_reader::record& record) {
  std::string out;
  if (const auto* content = std::get_if<model::entry>(&record)) {
    codec::append_ldif(out, *content);
  } else {
    for (const model::change& change : std::get<std::vector<model::change>>(record)) codec::append_ldif(out, change);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  codec::ldif_reader reader(in, [](std::string_view) {});
  for (;;) {
    const auto read = reader.next();
    if (!read || !*read) return 0;
    const std::string text = written(**read);
    std::istringstream back(text);
    const auto again = codec::ldif_reader(back).next();
    S2L_ASSERT(again.has_value() && again->has_value());
    S2L_ASSERT(written(**again) == text);
  }
}
