// Any stored value: a verdict, in bounded time, and never that a hash is the password itself. Values whose verification
// costs more than a moment are left out.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/codec/password_verify.hpp>
#include <sql2ldap/codec/scram_secret.hpp>

namespace {

// Four digits in a row, a cost of bcrypt above 9, or any of the memory-hard methods.
bool is_costly(std::string_view stored) {
  std::size_t digits = 0;
  for (const char c : stored) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    if (digits > 3) return true;
  }
  for (const char* method : {"$2", "$y$", "$gy$", "$7$", "$argon2", "_"})
    if (stored.find(method) != std::string_view::npos) return true;
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sql2ldap::codec;
  const std::string_view stored(reinterpret_cast<const char*>(data), size);
  if (const auto known = parse_scram_secret(stored)) S2L_ASSERT(parse_scram_secret(to_text(*known)).has_value());
  if (is_costly(stored)) return 0;
  const password_verdict verdict = verify_password(stored, "secret");
  if (password_matches(stored, "secret")) S2L_ASSERT(verdict.now == password_verdict::what::matches);
  S2L_ASSERT(verdict.now == password_verdict::what::unverifiable || verdict.scheme.empty());
  S2L_ASSERT(verify_password(stored, "").now == password_verdict::what::differs);
  if (!facts_about(stored).scheme.empty() && stored.starts_with("{CRYPT}"))
    S2L_ASSERT(verify_password(stored, stored).now != password_verdict::what::matches);
  return 0;
}
