#include <sql2ldap/codec/password_verify.hpp>

#include <algorithm>
#include <cerrno>
#include <optional>

#include <sodium.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/detail/crypt_hash.hpp>
#include <sql2ldap/codec/detail/crypto.hpp>
#include <sql2ldap/codec/detail/hash_cost.hpp>
#include <sql2ldap/codec/detail/password_scheme.hpp>
#include <sql2ldap/codec/detail/pbkdf2.hpp>
#include <sql2ldap/codec/detail/scram.hpp>
#include <sql2ldap/codec/scram_secret.hpp>

namespace sql2ldap::codec {

namespace {

using detail::equal_in_constant_time;
using verdict = password_verdict::what;

verdict verdict_of(bool right) noexcept { return right ? verdict::matches : verdict::differs; }

// One password that is tried, and what its verification may still cost.
class trial {
 public:
  trial(std::string_view password, const password_bounds& bounds) : clear(password), bounds_(bounds) {}

  void begin_value() { cost_.reset(); }
  // Counts the cost, and says whether it may be spent.
  [[nodiscard]] bool affords(const std::optional<password_cost>& cost) {
    cost_ = cost;
    if (!cost || !is_within(bounds_, {spent_ + cost->seconds, cost->memory_bytes})) return false;
    spent_ += cost->seconds;
    return true;
  }
  // Of this value; nullopt: not known.
  [[nodiscard]] const std::optional<password_cost>& cost() const noexcept { return cost_; }

  std::string_view clear;

 private:
  const password_bounds bounds_;
  double spent_ = 0;
  std::optional<password_cost> cost_;
};

verdict verify_crypt(std::string_view hash, trial& attempt) {
  if (hash.empty() || detail::is_lock_mark(hash)) return verdict::differs;
  const std::size_t clear_bytes = std::min(attempt.clear.size(), detail::crypt_clear_bytes_max);
  if (!attempt.affords(detail::crypt_cost(hash, clear_bytes))) return verdict::unverifiable;
  if (attempt.clear.size() > detail::crypt_clear_bytes_max) return verdict::differs;  // of which crypt(3) makes no hash
  const std::string made = detail::crypt_hash(attempt.clear, hash);
  if (made.empty() || detail::is_lock_mark(made)) return verdict::unverifiable;
  return verdict_of(equal_in_constant_time(made, hash));
}

// "$argon2id$v=19$m=65536,t=2,p=1$salt$hash"
verdict verify_argon2(std::string_view hash, trial& attempt) {
  if (!detail::is_argon2(hash) || !attempt.affords(detail::argon2_cost(hash))) return verdict::unverifiable;
  if (sodium_init() < 0) return verdict::unverifiable;
  errno = 0;
  const int no = crypto_pwhash_str_verify(std::string(hash).c_str(), attempt.clear.data(), attempt.clear.size());
  // Only for a hash that it has computed and found to be another it says EINVAL.
  return no == 0 ? verdict::matches : errno == EINVAL ? verdict::differs : verdict::unverifiable;
}

verdict verify_digest(const detail::digest_scheme& scheme, const detail::stored_password& parts, trial& attempt) {
  if (!attempt.affords(password_cost{})) return verdict::unverifiable;
  const std::optional<std::string> stored = detail::digest_bytes(scheme, parts.encoding, trimmed(parts.rest));
  if (!stored) return verdict::unverifiable;
  const std::string_view bytes = *stored;
  const std::string made = detail::digest_of(scheme.algorithm, attempt.clear, bytes.substr(scheme.bytes));
  if (made.empty()) return verdict::unverifiable;  // OpenSSL may be told to have no MD5
  return verdict_of(equal_in_constant_time(made, bytes.substr(0, scheme.bytes)));
}

std::string_view pbkdf2_algorithm(std::string_view scheme) {
  if (scheme == "PBKDF2" || scheme == "PBKDF2-SHA1") return "SHA1";
  if (scheme == "PBKDF2-SHA256") return "SHA256";
  return scheme == "PBKDF2-SHA512" ? "SHA512" : "";
}

verdict verify_pbkdf2(std::string_view scheme, std::string_view text, trial& attempt) {
  std::optional<detail::pbkdf2_hash> hash = detail::pbkdf2_of_slapd(text);
  if (!hash && scheme == "PBKDF2") hash = detail::pbkdf2_of_dovecot(text);
  const std::string_view algorithm = pbkdf2_algorithm(scheme);
  if (!hash || !attempt.affords(detail::pbkdf2_cost(algorithm, hash->iterations, hash->key.size())))
    return verdict::unverifiable;
  const std::string made = detail::pbkdf2(algorithm, attempt.clear, hash->salt, hash->iterations, hash->key.size());
  return made.empty() ? verdict::unverifiable : verdict_of(equal_in_constant_time(made, hash->key));
}

verdict verify_scram(std::string_view stored, trial& attempt) {
  const std::optional<scram_secret> known = parse_scram_secret(stored);
  if (!known || !attempt.affords(detail::pbkdf2_cost(detail::scram_algorithm(known->hash), known->iterations,
                                                     detail::scram_bytes(known->hash))))
    return verdict::unverifiable;
  const scram_secret made = make_scram_secret(known->hash, attempt.clear, known->salt, known->iterations);
  return verdict_of(equal_in_constant_time(made.stored_key, known->stored_key));
}

verdict verify_clear(std::string_view stored, trial& attempt) {
  if (!attempt.affords(password_cost{})) return verdict::unverifiable;
  return verdict_of(equal_in_constant_time(stored, attempt.clear));
}

verdict verify_prefixed(const detail::stored_password& parts, std::string_view stored, trial& attempt) {
  if (const detail::digest_scheme* scheme = detail::find_digest_scheme(parts.scheme);
      scheme != nullptr && !detail::holds_crypt_hash(parts.scheme, trimmed(parts.rest))) {
    return verify_digest(*scheme, parts, attempt);
  }
  const std::optional<std::string> text = detail::decoded_rest(parts);
  if (!text) return verdict::unverifiable;
  if (detail::is_clear_scheme(parts.scheme)) return verify_clear(*text, attempt);
  const std::string_view hash = trimmed(*text);
  // PHP's argon2 hashes stand below {CRYPT} where a panel takes all hashes for such.
  if (detail::is_argon2_scheme(parts.scheme) || (parts.scheme == "CRYPT" && detail::is_argon2(hash)))
    return verify_argon2(hash, attempt);
  if (detail::holds_crypt_hash(parts.scheme, hash)) return verify_crypt(hash, attempt);
  if (!pbkdf2_algorithm(parts.scheme).empty()) return verify_pbkdf2(parts.scheme, hash, attempt);
  return verify_scram(stored, attempt);
}

password_verdict verify_bare(std::string_view stored, trial& attempt) {
  const std::string_view text = trimmed(stored);
  if (detail::is_lock_mark(text)) return {};
  if (detail::is_argon2(text)) return {verify_argon2(text, attempt), "ARGON2"};
  if (detail::is_foreign_hash(text)) return {verdict::unverifiable, "one without a name"};
  if (!detail::crypt_kind(text).empty()) return {verify_crypt(text, attempt), "CRYPT"};
  if (const std::optional<std::string> digest = from_hex(text); digest && digest->size() == 16)
    return {verify_digest(*detail::find_digest_scheme("MD5"), {"MD5", detail::text_encoding::hex, text}, attempt),
            "MD5"};
  return {verify_clear(stored, attempt), ""};
}

bool is_quickly_verified(std::string_view stored) {
  if (stored.size() > limits::quick_password_bytes_max) return false;
  const detail::stored_password parts = detail::take_apart(stored);
  const std::string_view rest = trimmed(parts.rest);
  if (parts.scheme.empty()) return !detail::is_argon2(rest) && detail::crypt_kind(rest).empty();
  if (detail::is_clear_scheme(parts.scheme)) return true;
  return detail::find_digest_scheme(parts.scheme) != nullptr && !detail::holds_crypt_hash(parts.scheme, rest);
}

}  // namespace

namespace {

password_verdict verify(std::string_view stored, trial& attempt) {
  attempt.begin_value();
  // HMAC, and so PBKDF2 and SCRAM, would take trailing NULs for none.
  if (stored.empty() || attempt.clear.empty() || attempt.clear.find('\0') != std::string_view::npos) return {};
  if (stored.size() > stored_password_bytes_max) return {verdict::unverifiable, "one that is too long"};
  const detail::stored_password parts = detail::take_apart(stored);
  password_verdict out = parts.scheme.empty() ? verify_bare(stored, attempt)
                                              : password_verdict{verify_prefixed(parts, stored, attempt), parts.scheme};
  if (out.now == verdict::unverifiable)
    out.cost = attempt.cost();
  else
    out.scheme.clear();
  return out;
}

}  // namespace

password_verdict verify_password(std::string_view stored, std::string_view clear, const password_bounds& bounds) {
  trial attempt(clear, bounds);
  return verify(stored, attempt);
}

password_verdict verify_password(const std::vector<secret>& stored, std::string_view clear,
                                 const password_bounds& bounds) {
  password_verdict out;
  if (stored.empty()) verify_dummy(clear);
  trial attempt(clear, bounds);
  const std::size_t count = std::min(stored.size(), stored_passwords_max);
  for (std::size_t i = 0; i < count; ++i) {
    password_verdict now = verify(stored[i].reveal(), attempt);
    if (now.now == verdict::matches) return now;
    if (now.now == verdict::unverifiable) out = std::move(now);
  }
  if (count < stored.size() && out.now == verdict::differs) return {verdict::unverifiable, "one of too many values"};
  return out;
}

std::optional<password_cost> password_cost_of(std::string_view stored, std::size_t clear_bytes) {
  const std::string clear(std::max<std::size_t>(clear_bytes, 1), 'x');
  trial attempt(clear, {.seconds_max = -1});  // which affords nothing, and so computes nothing
  if (verify(stored, attempt).now != verdict::unverifiable) return password_cost{};  // locked
  return attempt.cost();
}

bool is_quickly_verified(const std::vector<secret>& stored) {
  return !stored.empty() && stored.size() <= limits::quick_passwords_max &&
         std::all_of(stored.begin(), stored.end(), [](const secret& one) { return is_quickly_verified(one.reveal()); });
}

namespace {

template <hash_scheme How>
const std::string& dummy_hash() {
  static const std::string hash = hash_password("dummy", How).value_or("");
  return hash;
}

}  // namespace

void verify_dummy(std::string_view clear, hash_scheme like) {
  switch (like) {
    case hash_scheme::sha512_crypt:
      (void)verify_password(dummy_hash<hash_scheme::sha512_crypt>(), clear);
      return;
    case hash_scheme::yescrypt:
      (void)verify_password(dummy_hash<hash_scheme::yescrypt>(), clear);
      return;
    case hash_scheme::argon2:
      (void)verify_password(dummy_hash<hash_scheme::argon2>(), clear);
      return;
  }
}

bool password_matches(std::string_view ldap_value, std::string_view clear) {
  const password_facts facts = facts_about(ldap_value);
  return facts.slapd_verifies && facts.scheme != "CLEARTEXT" &&
         verify_password(ldap_value, clear).now == verdict::matches;
}

}  // namespace sql2ldap::codec
