#include <sql2ldap/codec/detail/pbkdf2.hpp>

#include <algorithm>
#include <vector>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/detail/wire.hpp>

namespace sql2ldap::codec::detail {

namespace {

constexpr std::size_t sha1_bytes = 20;

std::string adapted_base64(std::string_view bytes) {
  std::string out = base64(bytes);
  out.erase(std::min(out.find('='), out.size()));
  std::replace(out.begin(), out.end(), '+', '.');
  return out;
}

std::optional<std::string> from_adapted_base64(std::string_view text) {
  std::string padded(text);
  std::replace(padded.begin(), padded.end(), '.', '+');
  while (padded.size() % 4 != 0) padded += '=';
  return from_base64(padded);
}

}  // namespace

std::optional<pbkdf2_hash> pbkdf2_of_dovecot(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '$');
  if (parts.size() != 5 || !parts[0].empty() || parts[1] != "1") return std::nullopt;
  const std::optional<std::uint32_t> iterations = wire_number(parts[3]);
  const std::optional<std::string> key = from_hex(parts[4]);
  if (!iterations || *iterations == 0 || !key || key->size() != sha1_bytes) return std::nullopt;
  return pbkdf2_hash{*iterations, std::string(parts[2]), *key};
}

std::optional<pbkdf2_hash> pbkdf2_of_slapd(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '$');
  if (parts.size() != 3) return std::nullopt;
  const std::optional<std::uint32_t> iterations = wire_number(parts[0]);
  const std::optional<std::string> salt = from_adapted_base64(parts[1]);
  const std::optional<std::string> key = from_adapted_base64(parts[2]);
  if (!iterations || *iterations == 0 || !salt || !key || key->empty()) return std::nullopt;
  return pbkdf2_hash{*iterations, *salt, *key};
}

std::string pbkdf2_for_dovecot(const pbkdf2_hash& hash) {
  return "$1$" + hash.salt + '$' + std::to_string(hash.iterations) + '$' + hex(hash.key);
}

std::string pbkdf2_for_slapd(const pbkdf2_hash& hash) {
  return std::to_string(hash.iterations) + '$' + adapted_base64(hash.salt) + '$' + adapted_base64(hash.key);
}

}  // namespace sql2ldap::codec::detail
