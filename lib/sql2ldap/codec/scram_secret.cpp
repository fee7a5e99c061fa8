#include <sql2ldap/codec/scram_secret.hpp>

#include <vector>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/detail/crypto.hpp>
#include <sql2ldap/codec/detail/password_scheme.hpp>
#include <sql2ldap/codec/detail/scram.hpp>
#include <sql2ldap/codec/detail/wire.hpp>

namespace sql2ldap::codec {

std::string_view scram_name(scram_hash which) noexcept {
  return which == scram_hash::sha1 ? "SCRAM-SHA-1" : "SCRAM-SHA-256";
}

namespace detail {

std::string_view scram_algorithm(scram_hash which) noexcept { return which == scram_hash::sha1 ? "SHA1" : "SHA256"; }

std::size_t scram_bytes(scram_hash which) noexcept { return which == scram_hash::sha1 ? 20 : 32; }

}  // namespace detail

std::optional<scram_secret> parse_scram_secret(std::string_view stored) {
  const detail::stored_password parts = detail::take_apart(stored);
  scram_secret out;
  out.hash = parts.scheme == scram_name(scram_hash::sha1) ? scram_hash::sha1 : scram_hash::sha256;
  if (parts.scheme != scram_name(out.hash) || parts.encoding != detail::text_encoding::as_is) return std::nullopt;
  const std::vector<std::string_view> fields = split(trimmed(parts.rest), ',');
  if (fields.size() != 4) return std::nullopt;
  const std::optional<std::uint32_t> iterations = detail::wire_number(fields[0]);
  if (!iterations || *iterations == 0 || *iterations > limits::password_iterations_max) return std::nullopt;
  out.iterations = *iterations;
  std::string* const places[] = {&out.salt, &out.stored_key, &out.server_key};
  for (std::size_t i = 0; i < 3; ++i) {
    std::optional<std::string> bytes = from_base64(fields[i + 1]);
    if (!bytes || bytes->empty()) return std::nullopt;
    *places[i] = *std::move(bytes);
  }
  const std::size_t length = detail::scram_bytes(out.hash);
  if (out.stored_key.size() != length || out.server_key.size() != length) return std::nullopt;
  return out;
}

std::string to_text(const scram_secret& what) {
  return '{' + std::string(scram_name(what.hash)) + '}' + std::to_string(what.iterations) + ',' + base64(what.salt) +
         ',' + base64(what.stored_key) + ',' + base64(what.server_key);
}

scram_secret make_scram_secret(scram_hash hash, std::string_view clear, std::string_view salt,
                               std::uint32_t iterations) {
  const std::string_view algorithm = detail::scram_algorithm(hash);
  const std::string salted = detail::pbkdf2(algorithm, clear, salt, iterations, detail::scram_bytes(hash));
  const std::string client_key = detail::hmac(algorithm, salted, "Client Key");
  return {hash, iterations, std::string(salt), detail::digest_of(algorithm, client_key),
          detail::hmac(algorithm, salted, "Server Key")};
}

std::optional<scram_secret> scram_secret_in(std::string_view stored, scram_hash hash, std::string_view salt,
                                            std::uint32_t iterations) {
  if (auto known = parse_scram_secret(stored)) return known->hash == hash ? known : std::nullopt;
  const detail::stored_password parts = detail::take_apart(stored);
  if (!detail::is_clear_scheme(parts.scheme)) return std::nullopt;
  const std::optional<std::string> clear = detail::decoded_rest(parts);
  if (!clear || clear->empty() || clear->find('\0') != std::string::npos) return std::nullopt;
  return make_scram_secret(hash, *clear, salt, iterations);
}

}  // namespace sql2ldap::codec
