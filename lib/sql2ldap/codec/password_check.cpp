// Making and checking hashes: crypt(3) and OpenSSL.
#include <array>
#include <memory>

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <sql2ldap/codec/detail/password_scheme.hpp>
#include <sql2ldap/codec/password.hpp>

namespace sql2ldap::codec {

namespace {

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

struct wiped_delete {
  void operator()(crypt_data* data) const noexcept {
    OPENSSL_cleanse(data, sizeof *data);
    delete data;
  }
};

// Empty when crypt(3) refuses, which includes text that a C string cannot hold.
std::string crypt_hash(std::string_view clear, const std::string& setting) {
  if (clear.find('\0') != std::string_view::npos || setting.find('\0') != std::string::npos) return {};
  const std::unique_ptr<crypt_data, wiped_delete> data(new crypt_data{});  // 32 KiB: not on the stack
  std::string phrase(clear);
  const char* hash = crypt_rn(phrase.c_str(), setting.c_str(), data.get(), sizeof *data);
  OPENSSL_cleanse(phrase.data(), phrase.size());
  return hash == nullptr ? std::string() : std::string(hash);
}

std::string digest_of(std::string_view algorithm, std::string_view clear, std::string_view salt) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const EVP_MD* method = EVP_get_digestbyname(std::string(algorithm).c_str());
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  if (context == nullptr || method == nullptr || EVP_DigestInit_ex(context.get(), method, nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), clear.data(), clear.size()) != 1 ||
      EVP_DigestUpdate(context.get(), salt.data(), salt.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), bytes.data(), &size) != 1) {
    return {};
  }
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

}  // namespace

result<std::string> hash_password(std::string_view clear) {
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  if (crypt_gensalt_rn("$6$", 0, nullptr, 0, setting.data(), static_cast<int>(setting.size())) == nullptr) {
    return fail(error_kind::local, "no random bytes for the salt of a password");
  }
  const std::string hash = crypt_hash(clear, setting.data());
  if (hash.empty()) {
    return fail(error_kind::input, "a password that crypt(3) does not take: it is longer than " +
                                       std::to_string(CRYPT_MAX_PASSPHRASE_SIZE - 1) + " bytes or holds a NUL");
  }
  return "{CRYPT}" + hash;
}

bool password_matches(std::string_view ldap_value, std::string_view clear) {
  const detail::stored_password parts = detail::take_apart(ldap_value);
  if (parts.scheme == "CRYPT") {
    const std::string hash = crypt_hash(clear, std::string(parts.rest));
    return !hash.empty() && equal_in_constant_time(hash, parts.rest);
  }
  const detail::digest_scheme* scheme = detail::find_digest_scheme(parts.scheme);
  if (scheme == nullptr || scheme->name != parts.scheme) return false;
  const auto stored = detail::digest_bytes(*scheme, detail::text_encoding::base64, parts.rest);
  if (!stored) return false;
  const std::string_view bytes = *stored;
  const std::string made = digest_of(scheme->algorithm, clear, bytes.substr(scheme->bytes));
  return equal_in_constant_time(made, bytes.substr(0, scheme->bytes));
}

}  // namespace sql2ldap::codec
