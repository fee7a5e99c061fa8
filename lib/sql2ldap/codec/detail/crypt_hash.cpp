#include <sql2ldap/codec/detail/crypt_hash.hpp>

#include <memory>

#include <crypt.h>
#include <openssl/crypto.h>

namespace sql2ldap::codec::detail {

namespace {

static_assert(crypt_clear_bytes_max == CRYPT_MAX_PASSPHRASE_SIZE - 1);

struct wiped_delete {
  void operator()(crypt_data* data) const noexcept {
    OPENSSL_cleanse(data, sizeof *data);
    delete data;
  }
};

}  // namespace

std::string crypt_hash(std::string_view clear, std::string_view setting) {
  if (clear.find('\0') != std::string_view::npos || setting.find('\0') != std::string_view::npos) return {};
  const std::unique_ptr<crypt_data, wiped_delete> data(new crypt_data{});  // 32 KiB: not on the stack
  std::string phrase(clear);
  const char* hash = crypt_rn(phrase.c_str(), std::string(setting).c_str(), data.get(), sizeof *data);
  OPENSSL_cleanse(phrase.data(), phrase.size());
  return hash == nullptr ? std::string() : std::string(hash);
}

}  // namespace sql2ldap::codec::detail
