// Making hashes: crypt(3) and libsodium.
#include <algorithm>
#include <array>
#include <iterator>
#include <string>

#include <crypt.h>
#include <sodium.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/detail/crypt_hash.hpp>
#include <sql2ldap/codec/detail/password_scheme.hpp>
#include <sql2ldap/codec/password.hpp>

namespace sql2ldap::codec {

namespace {

result<std::string> made_by_crypt(std::string_view clear, const char* method) {
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  if (crypt_gensalt_rn(method, 0, nullptr, 0, setting.data(), static_cast<int>(setting.size())) == nullptr) {
    return fail(error_kind::local, "no random bytes for the salt of a password");
  }
  const std::string hash = detail::crypt_hash(clear, setting.data());
  if (hash.empty()) {
    return fail(error_kind::input, "a password that crypt(3) does not take: it is longer than " +
                                       std::to_string(detail::crypt_clear_bytes_max) + " bytes or holds a NUL");
  }
  return "{CRYPT}" + hash;
}

// Half a second would be better for the hash and worse for a server that checks many: libsodium's "interactive" cost.
result<std::string> made_by_argon2(std::string_view clear) {
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  if (sodium_init() < 0 ||
      crypto_pwhash_str_alg(hash.data(), clear.data(), clear.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                            crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail_transient(error_kind::local, "no memory to hash a password");
  }
  return "{ARGON2}" + std::string(hash.data());
}

}  // namespace

result<std::string> hash_password(std::string_view clear, hash_scheme how) {
  switch (how) {
    case hash_scheme::sha512_crypt:
      return made_by_crypt(clear, "$6$");
    case hash_scheme::yescrypt:
      return made_by_crypt(clear, "$y$");
    case hash_scheme::argon2:
      break;
  }
  return made_by_argon2(clear);
}

bool is_hashed_as(std::string_view ldap_value, hash_scheme how) {
  const detail::stored_password parts = detail::take_apart(ldap_value);
  if (how == hash_scheme::argon2) return parts.scheme == "ARGON2" && parts.rest.starts_with("$argon2id$");
  const std::string_view method = how == hash_scheme::yescrypt ? "$y$" : "$6$";
  return parts.scheme == "CRYPT" && detail::crypt_kind(parts.rest) == method;
}

bool is_weak(std::string_view ldap_value) {
  constexpr std::string_view old_methods[] = {"DES", "$1$", "$3$", "$md5$", "$md5,", "$sha1$"};
  const std::string scheme = facts_about(ldap_value).scheme;
  const std::string_view method = std::string_view(scheme).substr(scheme.find('/') + 1);
  return scheme == "CLEARTEXT" || detail::find_digest_scheme(scheme) != nullptr ||
         std::find(std::begin(old_methods), std::end(old_methods), method) != std::end(old_methods);
}

std::optional<hash_scheme> hash_scheme_of(std::string_view word) {
  if (equal_ignoring_ascii_case(word, "SHA512-CRYPT")) return hash_scheme::sha512_crypt;
  if (equal_ignoring_ascii_case(word, "YESCRYPT")) return hash_scheme::yescrypt;
  if (equal_ignoring_ascii_case(word, "ARGON2ID")) return hash_scheme::argon2;
  return std::nullopt;
}

}  // namespace sql2ldap::codec
