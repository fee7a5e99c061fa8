#include <sql2ldap/codec/detail/crypto.hpp>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace sql2ldap::codec::detail {

namespace {

// To fetch one each time takes as long as the digest of a password. Never destroyed, as OpenSSL cleans up at exit, too.
const EVP_MD* method_named(std::string_view algorithm) {
  thread_local std::string last;  // mostly it is the same again
  thread_local const EVP_MD* method = nullptr;
  if (method != nullptr && last == algorithm) return method;
  static auto& mutex = *new std::mutex;
  static auto& known = *new std::map<std::string, const EVP_MD*, std::less<>>;
  const std::lock_guard alone(mutex);
  last = algorithm;
  const auto found = known.find(last);
  method = found != known.end() ? found->second : EVP_MD_fetch(nullptr, last.c_str(), nullptr);
  if (method != nullptr) known.emplace(last, method);
  return method;
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

std::string digest_of(std::string_view algorithm, std::string_view bytes, std::string_view more) {
  // To make one takes as long as the digest of a password.
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const EVP_MD* method = method_named(algorithm);
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  if (context == nullptr || method == nullptr || EVP_DigestInit_ex(context.get(), method, nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestUpdate(context.get(), more.data(), more.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), out.data(), &size) != 1) {
    return {};
  }
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string hmac(std::string_view algorithm, std::string_view key, std::string_view bytes) {
  const EVP_MD* method = method_named(algorithm);
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  // A null pointer as the key would mean the key of the last call.
  const char* key_bytes = key.empty() ? "" : key.data();
  if (method == nullptr || HMAC(method, key_bytes, static_cast<int>(key.size()), bytes_of(bytes), bytes.size(),
                                out.data(), &size) == nullptr) {
    return {};
  }
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string pbkdf2(std::string_view algorithm, std::string_view clear, std::string_view salt, std::uint32_t iterations,
                   std::size_t bytes) {
  const EVP_MD* method = method_named(algorithm);
  std::string out(bytes, '\0');
  if (method == nullptr ||
      PKCS5_PBKDF2_HMAC(clear.data(), static_cast<int>(clear.size()), bytes_of(salt), static_cast<int>(salt.size()),
                        static_cast<int>(iterations), method, static_cast<int>(bytes),
                        reinterpret_cast<unsigned char*>(out.data())) != 1) {
    return {};
  }
  return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  return !a.empty() && a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace sql2ldap::codec::detail
