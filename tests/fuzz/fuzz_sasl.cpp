// Any mechanism, any responses (between bytes 0xFF): nobody is let in without a proof, and names are possible ones.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/sasl.hpp>
#include <sql2ldap/codec/user_name.hpp>

namespace {

using namespace sql2ldap;
using namespace sql2ldap::codec;

// Whether the exchange goes on.
bool look_at(const sasl::step& what) {
  S2L_ASSERT(!std::holds_alternative<sasl::success>(what));
  if (const auto* found = std::get_if<sasl::credentials>(&what))
    S2L_ASSERT(is_possible_user_name(found->user) && !found->password.empty());
  if (const auto* asked = std::get_if<sasl::secret_wanted>(&what)) S2L_ASSERT(is_possible_user_name(asked->user));
  return std::holds_alternative<sasl::challenge>(what) || std::holds_alternative<sasl::secret_wanted>(what);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The keys of a password that nobody can guess: its client key is not among the bytes.
  static const scram_secret stored = make_scram_secret(scram_hash::sha256, "not to be guessed", "saltsalt", 1);
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const std::string& name : sasl::mechanisms(true)) {
    const auto at = sasl::start(name, "nonce");
    for (const std::string_view response : split(bytes, '\xFF')) {
      sasl::step now = at->take(response);
      if (!look_at(now)) break;
      if (std::holds_alternative<sasl::secret_wanted>(now) && !look_at(at->give(stored))) break;
    }
  }
  return 0;
}
