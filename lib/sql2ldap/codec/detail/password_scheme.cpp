#include <sql2ldap/codec/detail/password_scheme.hpp>

#include <algorithm>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/base64.hpp>

namespace sql2ldap::codec::detail {

namespace {

constexpr digest_scheme digest_schemes[] = {
    {"SHA", "SHA1", 20, false, false, true},      {"SSHA", "SHA1", 20, true, false, true},
    {"MD5", "MD5", 16, false, false, false},      {"SMD5", "MD5", 16, true, false, false},
    {"SHA256", "SHA256", 32, false, true, true},  {"SSHA256", "SHA256", 32, true, true, true},
    {"SHA384", "SHA384", 48, false, true, false}, {"SSHA384", "SHA384", 48, true, true, false},
    {"SHA512", "SHA512", 64, false, true, true},  {"SSHA512", "SHA512", 64, true, true, true},
};

struct alias {
  std::string_view name;
  std::string_view meaning;
};
// dovecot's and courier's other names for plain digests.
constexpr alias digest_aliases[] = {{"SHA1", "SHA"}, {"PLAIN-MD5", "MD5"}, {"LDAP-MD5", "MD5"}, {"MD5RAW", "MD5"}};

struct crypt_method {
  std::string_view prefix;
  std::string_view dovecot;  // scheme name
};
constexpr crypt_method crypt_methods[] = {
    {"$1$", "MD5-CRYPT"},
    {"$2a$", "BLF-CRYPT"},
    {"$2b$", "BLF-CRYPT"},
    {"$2x$", "BLF-CRYPT"},
    {"$2y$", "BLF-CRYPT"},
    {"$5$", "SHA256-CRYPT"},
    {"$6$", "SHA512-CRYPT"},
    {"$y$", ""},
    {"$gy$", ""},
    {"$7$", ""},
    {"$sha1$", ""},
    {"$md5$", ""},
    {"$md5,", ""},
    {"$3$", ""},
};
constexpr std::string_view des_kind = "DES";
constexpr std::string_view crypt_schemes[] = {"CRYPT",        "MD5-CRYPT", "SHA256-CRYPT",
                                              "SHA512-CRYPT", "DES-CRYPT", "BLF-CRYPT"};

constexpr std::string_view crypt_alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// Two characters of salt, 64 bits in 11 more: the last holds only 4, which few words of 13 letters match.
bool looks_like_des(std::string_view text) noexcept {
  constexpr std::size_t des_length = 13;
  constexpr std::size_t extended_des_length = 20;
  const bool extended = text.size() == extended_des_length && text.front() == '_';
  if (text.size() != des_length && !extended) return false;
  if (text.find_first_not_of(crypt_alphabet, extended ? 1 : 0) != std::string_view::npos) return false;
  return crypt_alphabet.find(text.back()) % 4 == 0;
}

}  // namespace

stored_password take_apart(std::string_view stored) {
  stored_password out;
  out.rest = stored;
  if (stored.empty() || stored.front() != '{') return out;
  const std::size_t close = stored.find('}');
  if (close == std::string_view::npos || close == 1) return out;
  const std::string_view name = stored.substr(1, close - 1);
  const bool is_name = std::all_of(name.begin(), name.end(), [](char c) {
    return (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '/';
  });
  if (!is_name) return out;
  for (const char c : name) out.scheme += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  out.rest = stored.substr(close + 1);
  const std::size_t dot = out.scheme.rfind('.');
  if (dot != std::string::npos && dot != 0) {
    const std::string_view suffix = std::string_view(out.scheme).substr(dot);
    if (suffix == ".HEX") out.encoding = text_encoding::hex;
    if (suffix == ".B64" || suffix == ".BASE64") out.encoding = text_encoding::base64;
    if (out.encoding != text_encoding::as_is) out.scheme.resize(dot);
  }
  return out;
}

std::optional<std::string> decoded_rest(const stored_password& parts) {
  switch (parts.encoding) {
    case text_encoding::hex:
      return from_hex(parts.rest);
    case text_encoding::base64:
      return from_base64(parts.rest);
    case text_encoding::as_is:
      break;
  }
  return std::string(parts.rest);
}

const digest_scheme* find_digest_scheme(std::string_view upper_case_name) noexcept {
  for (const alias& other : digest_aliases) {
    if (other.name == upper_case_name) upper_case_name = other.meaning;
  }
  for (const digest_scheme& scheme : digest_schemes) {
    if (scheme.name == upper_case_name) return &scheme;
  }
  return nullptr;
}

std::optional<std::string> digest_bytes(const digest_scheme& scheme, text_encoding encoding, std::string_view rest) {
  const auto fits = [&](const std::optional<std::string>& bytes) {
    return bytes && (scheme.salted ? bytes->size() > scheme.bytes : bytes->size() == scheme.bytes);
  };
  // Without an encoding dovecot tells hex from base64 by the length; with a salt that says nothing.
  if (encoding == text_encoding::hex || (encoding == text_encoding::as_is && !scheme.salted)) {
    std::optional<std::string> bytes = from_hex(rest);
    if (fits(bytes)) return bytes;
    if (encoding == text_encoding::hex) return std::nullopt;
  }
  // Some writers leave the padding out; where 3 are missing, none makes it whole.
  const std::size_t missing = (4 - rest.size() % 4) % 4;
  std::optional<std::string> bytes =
      missing == 0 || missing == 3 ? from_base64(rest) : from_base64(std::string(rest).append(missing, '='));
  return fits(bytes) ? bytes : std::nullopt;
}

std::string_view crypt_kind(std::string_view text) noexcept {
  if (!is_hash_text(text)) return {};
  for (const crypt_method& method : crypt_methods) {
    const std::string_view prefix = method.prefix;
    if (text.size() > prefix.size() && text.substr(0, prefix.size()) == prefix) return prefix;
  }
  return looks_like_des(text) ? des_kind : std::string_view();
}

std::size_t crypt_digit(char c) noexcept { return crypt_alphabet.find(c); }

bool is_crypt_scheme(std::string_view upper_case_name) noexcept {
  return std::find(std::begin(crypt_schemes), std::end(crypt_schemes), upper_case_name) != std::end(crypt_schemes);
}

bool holds_crypt_hash(std::string_view upper_case_name, std::string_view rest) noexcept {
  return is_crypt_scheme(upper_case_name) || (upper_case_name == "MD5" && rest.starts_with("$1$"));
}

bool is_clear_scheme(std::string_view upper_case_name) noexcept {
  return upper_case_name == "PLAIN" || upper_case_name == "CLEAR" || upper_case_name == "CLEARTEXT";
}

bool is_argon2_scheme(std::string_view upper_case_name) noexcept {
  return upper_case_name == "ARGON2" || upper_case_name == "ARGON2I" || upper_case_name == "ARGON2ID";
}

std::string_view dovecot_crypt_scheme(std::string_view kind) noexcept {
  if (kind == des_kind) return "DES-CRYPT";
  for (const crypt_method& method : crypt_methods) {
    if (method.prefix == kind) return method.dovecot;
  }
  return {};
}

bool is_argon2(std::string_view text) noexcept {
  return (text.starts_with("$argon2i$") || text.starts_with("$argon2id$")) && is_hash_text(text);
}

bool is_foreign_hash(std::string_view text) noexcept {
  return text.starts_with("$apr1$") || text.starts_with("$bcrypt-sha256$") || text.starts_with("$pbkdf2") ||
         text.starts_with("$scrypt") || text.starts_with("$argon2");
}

bool is_lock_mark(std::string_view text) noexcept {
  return text == "x" || (!text.empty() && (text.front() == '*' || text.front() == '!'));
}

bool is_hash_text(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace sql2ldap::codec::detail
