// Any bytes in any pieces: the same requests; and each request answered somehow, so that dialogues go on.
#include <string>
#include <variant>

#include "pieces.hpp"

namespace {

using namespace sql2ldap::codec;

dovecot_auth::session fresh() { return dovecot_auth::session({"PLAIN", "LOGIN", "SCRAM-SHA-256"}); }

// The mechanism's name and the number decide, so that a corpus reaches all of them.
settled answer(dovecot_auth::session& at, const dovecot_auth::request& what) {
  if (const auto* begun = std::get_if<dovecot_auth::authenticate>(&what)) {
    if (begun->mechanism == "LOGIN") return at.challenge(begun->of, "Username:");
    if (begun->mechanism == "SCRAM-SHA-256") return at.success(begun->of, "u", "v=x");
    return begun->of.id % 2 == 0 ? at.success(begun->of, "u") : settled();
  }
  if (const auto* more = std::get_if<dovecot_auth::continuation>(&what))
    return at.refuse(more->of, dovecot_auth::failure::temporary, "u");
  return at.success(std::get<dovecot_auth::cancel>(what).of, "u");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  decode_in_pieces(fresh(), data, size);
  dovecot_auth::session at = fresh();
  at.feed({reinterpret_cast<const char*>(data), size});
  while (const auto next = at.next()) {
    const std::string bytes = *next ? answer(at, **next).answer : next->error().answer;
    S2L_ASSERT(bytes.empty() || bytes.find('\n') == bytes.size() - 1);
    if (*next && std::holds_alternative<dovecot_auth::cancel>(**next)) S2L_ASSERT(bytes.empty());
  }
  return 0;
}
