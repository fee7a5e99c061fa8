// Any bytes: an error, or a record of one line with the name in it.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/codec/checkpassword.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sql2ldap::codec;
  const auto read = checkpassword::parse({reinterpret_cast<const char*>(data), size});
  if (!read) return 0;
  S2L_ASSERT(read->user.size() + read->password.reveal().size() + 2 <= size);
  const checkpassword::answer who{read->user, "7", "8", read->timestamp, {{"userdb_mail", read->timestamp}}};
  if (const auto record = checkpassword::record(who))
    S2L_ASSERT(record->reveal().find_first_of(std::string_view("\0\n\r", 3)) == std::string_view::npos);
  (void)checkpassword::reply_environment(who, checkpassword::purpose::user_lookup);
  return 0;
}
