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
#include <sql2ldap/codec/detail/password_scheme.hpp>
#include <sql2ldap/codec/detail/pbkdf2.hpp>
#include <sql2ldap/codec/detail/wire.hpp>
#include <sql2ldap/codec/scram_secret.hpp>

namespace sql2ldap::codec {

namespace {

using detail::equal_in_constant_time;
using verdict = password_verdict::what;

verdict verdict_of(bool right) noexcept { return right ? verdict::matches : verdict::differs; }

// The number between `before` and `after`; nullopt when it is not there.
std::optional<std::uint32_t> number_between(std::string_view text, std::string_view before, char after) {
  const std::size_t start = text.find(before);
  if (start == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(start + before.size());
  return detail::wire_number(rest.substr(0, rest.find(after)));
}

// Whoever may write a hash must not keep this process busy with it. (yescrypt has a bound of its own.)
bool crypt_is_affordable(std::string_view hash) {
  const std::string_view kind = detail::crypt_kind(hash);
  const std::string_view rest = hash.substr(std::min(kind.size(), hash.size()));
  if (kind == "$5$" || kind == "$6$") {
    if (!rest.starts_with("rounds=")) return true;
    const std::optional<std::uint32_t> rounds = number_between(rest, "rounds=", '$');
    return rounds && *rounds <= limits::password_iterations_max;
  }
  if (!kind.starts_with("$2")) return true;
  const std::optional<std::uint32_t> cost = detail::wire_number(rest.substr(0, rest.find('$')));
  return cost && *cost <= limits::bcrypt_cost_max;
}

verdict verify_crypt(std::string_view hash, std::string_view clear) {
  if (hash.empty() || detail::is_lock_mark(hash)) return verdict::differs;
  if (!crypt_is_affordable(hash)) return verdict::unverifiable;
  if (clear.size() > detail::crypt_clear_bytes_max) return verdict::differs;  // of which crypt(3) makes no hash
  const std::string made = detail::crypt_hash(clear, hash);
  if (made.empty() || detail::is_lock_mark(made)) return verdict::unverifiable;
  return verdict_of(equal_in_constant_time(made, hash));
}

// "$argon2id$v=19$m=65536,t=2,p=1$salt$hash"
verdict verify_argon2(std::string_view hash, std::string_view clear) {
  if (!detail::is_argon2(hash)) return verdict::unverifiable;
  const std::optional<std::uint32_t> memory = number_between(hash, "$m=", ',');
  const std::optional<std::uint32_t> passes = number_between(hash, ",t=", ',');
  if (!memory || !passes || *memory > limits::argon2_memory_kib_max) return verdict::unverifiable;
  if (std::uint64_t{*memory} * *passes > limits::argon2_work_kib_max) return verdict::unverifiable;
  if (sodium_init() < 0) return verdict::unverifiable;
  errno = 0;
  const int no = crypto_pwhash_str_verify(std::string(hash).c_str(), clear.data(), clear.size());
  // Only for a hash that it has computed and found to be another it says EINVAL.
  return no == 0 ? verdict::matches : errno == EINVAL ? verdict::differs : verdict::unverifiable;
}

verdict verify_digest(const detail::digest_scheme& scheme, const detail::stored_password& parts,
                      std::string_view clear) {
  const std::optional<std::string> stored = detail::digest_bytes(scheme, parts.encoding, trimmed(parts.rest));
  if (!stored) return verdict::unverifiable;
  const std::string_view bytes = *stored;
  const std::string made = detail::digest_of(scheme.algorithm, clear, bytes.substr(scheme.bytes));
  if (made.empty()) return verdict::unverifiable;  // OpenSSL may be told to have no MD5
  return verdict_of(equal_in_constant_time(made, bytes.substr(0, scheme.bytes)));
}

std::string_view pbkdf2_algorithm(std::string_view scheme) {
  if (scheme == "PBKDF2" || scheme == "PBKDF2-SHA1") return "SHA1";
  if (scheme == "PBKDF2-SHA256") return "SHA256";
  return scheme == "PBKDF2-SHA512" ? "SHA512" : "";
}

verdict verify_pbkdf2(std::string_view scheme, std::string_view text, std::string_view clear) {
  std::optional<detail::pbkdf2_hash> hash = detail::pbkdf2_of_slapd(text);
  if (!hash && scheme == "PBKDF2") hash = detail::pbkdf2_of_dovecot(text);
  if (!hash || hash->iterations > limits::password_iterations_max) return verdict::unverifiable;
  const std::string made =
      detail::pbkdf2(pbkdf2_algorithm(scheme), clear, hash->salt, hash->iterations, hash->key.size());
  return made.empty() ? verdict::unverifiable : verdict_of(equal_in_constant_time(made, hash->key));
}

verdict verify_scram(std::string_view stored, std::string_view clear) {
  const std::optional<scram_secret> known = parse_scram_secret(stored);
  if (!known) return verdict::unverifiable;
  const scram_secret made = make_scram_secret(known->hash, clear, known->salt, known->iterations);
  return verdict_of(equal_in_constant_time(made.stored_key, known->stored_key));
}

verdict verify_prefixed(const detail::stored_password& parts, std::string_view stored, std::string_view clear) {
  if (const detail::digest_scheme* scheme = detail::find_digest_scheme(parts.scheme);
      scheme != nullptr && !detail::holds_crypt_hash(parts.scheme, trimmed(parts.rest))) {
    return verify_digest(*scheme, parts, clear);
  }
  const std::optional<std::string> text = detail::decoded_rest(parts);
  if (!text) return verdict::unverifiable;
  if (detail::is_clear_scheme(parts.scheme)) return verdict_of(equal_in_constant_time(*text, clear));
  const std::string_view hash = trimmed(*text);
  // PHP's argon2 hashes stand below {CRYPT} where a panel takes all hashes for such.
  if (detail::is_argon2_scheme(parts.scheme) || (parts.scheme == "CRYPT" && detail::is_argon2(hash)))
    return verify_argon2(hash, clear);
  if (detail::holds_crypt_hash(parts.scheme, hash)) return verify_crypt(hash, clear);
  if (!pbkdf2_algorithm(parts.scheme).empty()) return verify_pbkdf2(parts.scheme, hash, clear);
  return verify_scram(stored, clear);
}

password_verdict verify_bare(std::string_view stored, std::string_view clear) {
  const std::string_view text = trimmed(stored);
  if (detail::is_lock_mark(text)) return {};
  if (detail::is_argon2(text)) return {verify_argon2(text, clear), "ARGON2"};
  if (detail::is_foreign_hash(text)) return {verdict::unverifiable, "one without a name"};
  if (!detail::crypt_kind(text).empty()) return {verify_crypt(text, clear), "CRYPT"};
  if (const std::optional<std::string> digest = from_hex(text); digest && digest->size() == 16)
    return {verdict_of(equal_in_constant_time(detail::digest_of("MD5", clear), *digest)), "MD5"};
  return {verdict_of(equal_in_constant_time(stored, clear)), ""};
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

password_verdict verify_password(std::string_view stored, std::string_view clear) {
  // HMAC, and so PBKDF2 and SCRAM, would take trailing NULs for none.
  if (stored.empty() || clear.empty() || clear.find('\0') != std::string_view::npos) return {};
  const detail::stored_password parts = detail::take_apart(stored);
  password_verdict out = parts.scheme.empty() ? verify_bare(stored, clear)
                                              : password_verdict{verify_prefixed(parts, stored, clear), parts.scheme};
  if (out.now != verdict::unverifiable) out.scheme.clear();
  return out;
}

password_verdict verify_password(const std::vector<secret>& stored, std::string_view clear) {
  password_verdict out;
  if (stored.empty()) verify_dummy(clear);
  for (const secret& one : stored) {
    password_verdict now = verify_password(one.reveal(), clear);
    if (now.now == verdict::matches) return now;
    if (now.now == verdict::unverifiable) out = std::move(now);
  }
  return out;
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
