// The server's side of SASL mechanisms as step machines: the client's bytes in, one of five things to do out.
//
// PLAIN (RFC 4616), LOGIN (draft-murchison-sasl-login), SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, 7677; no channel
// binding, names and stored passwords without SASLprep). Promises: a name that is_possible_user_name() refuses, an
// empty password, and an authorization identity other than the user's own are failures; so is any byte that the
// mechanism does not allow. Nothing waits and nothing is random: nonces are given. A machine that said `credentials`,
// `success` or `failure` has nothing more to say. Leaves to others: framing and base64, looking users up, checking
// PLAIN's and LOGIN's passwords (codec/password_verify.hpp).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <sql2ldap/base/secret.hpp>
#include <sql2ldap/codec/scram_secret.hpp>

namespace sql2ldap::codec::sasl {

struct challenge {
  std::string bytes;
};
struct credentials {  // to be checked
  std::string user;
  secret password;
};
struct secret_wanted {  // go on with give()
  std::string user;
  scram_hash hash;
};
struct success {  // the client has proved that it knows the password
  std::string user;
  std::string final_data;
};
struct failure {
  enum class what { malformed, bad_name, no_password, other_authorization, channel_binding, wrong_password } why;
  std::string user;  // where it is known already
};
using step = std::variant<challenge, credentials, secret_wanted, success, failure>;

class exchange {
 public:
  virtual ~exchange() = default;
  // The client's next words; nullopt at the beginning when it has sent none.
  [[nodiscard]] virtual step take(std::optional<std::string_view> response) = 0;
  // After secret_wanted: what is stored for the user, or for one that does not exist or has none something made up,
  // which nobody can prove.
  [[nodiscard]] virtual step give(const scram_secret& stored);
};

// Upper case; the order is that of a greeting. `with_scram`: only where the stored secrets can be read.
[[nodiscard]] std::vector<std::string> mechanisms(bool with_scram);
// nullptr for a mechanism that is not here. `name` in upper case; `nonce` of the server, for SCRAM alone: printable, no
// comma, new each time, as 18 random bytes in base64 are.
[[nodiscard]] std::unique_ptr<exchange> start(std::string_view name, std::string nonce);

}  // namespace sql2ldap::codec::sasl
