#include <sql2ldap/codec/password.hpp>

#include <algorithm>
#include <array>
#include <vector>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/detail/password_scheme.hpp>
#include <sql2ldap/codec/detail/pbkdf2.hpp>

namespace sql2ldap::codec {

namespace {

using detail::stored_password;
using detail::text_encoding;
using optional_text = std::optional<std::string>;

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// Schemes that exist in slapd and its modules only, in slapd's own form.
std::string_view slapd_only_module(std::string_view scheme) {
  if (scheme == "PBKDF2-SHA1" || scheme == "PBKDF2-SHA256" || scheme == "PBKDF2-SHA512") return "pw-pbkdf2";
  if (scheme == "APR1" || scheme == "BSDMD5") return "pw-apr1";
  if (scheme == "NS-MTA-MD5") return "pw-netscape";
  return {};
}

// dovecot's "$1$salt$rounds$hex" -> "{PBKDF2-SHA1}rounds$salt$key".
optional_text pbkdf2_to_ldap(std::string_view rest) {
  const std::optional<detail::pbkdf2_hash> hash = detail::pbkdf2_of_dovecot(rest);
  if (!hash || hash->salt.size() != detail::pbkdf2_salt_bytes_of_slapd) return std::nullopt;
  return "{PBKDF2-SHA1}" + detail::pbkdf2_for_slapd(*hash);
}

optional_text pbkdf2_to_dovecot(std::string_view rest) {
  const std::optional<detail::pbkdf2_hash> hash = detail::pbkdf2_of_slapd(rest);
  return hash && detail::is_hash_text(hash->salt) ? optional_text("{PBKDF2}" + detail::pbkdf2_for_dovecot(*hash))
                                                  : std::nullopt;
}

result<optional_text> clear_text(std::string_view clear, plain_policy how) {
  if (clear.empty()) return optional_text(locked_password);  // a bind without a password is an anonymous one
  switch (how) {
    case plain_policy::hash:
      return optional_text(std::string(clear_text_marker) + std::string(clear));
    case plain_policy::lock:
      return optional_text(locked_password);
    case plain_policy::refuse:
      break;
  }
  return fail(error_kind::input, "a password in clear text");
}

result<optional_text> unverifiable(std::string_view what, unknown_policy how) {
  switch (how) {
    case unknown_policy::lock:
      return optional_text(locked_password);
    case unknown_policy::drop:
      return optional_text();
    case unknown_policy::refuse:
      break;
  }
  return fail(error_kind::input, "a password that slapd cannot verify: " + std::string(what));
}

// A crypt(3) string, or what stands where one should.
result<optional_text> crypt_to_ldap(std::string_view hash, unknown_policy unknown) {
  if (hash.empty() || detail::is_lock_mark(hash)) return optional_text(locked_password);
  if (detail::is_argon2(hash)) return optional_text("{ARGON2}" + std::string(hash));
  if (detail::is_foreign_hash(hash) || !detail::is_hash_text(hash)) return unverifiable("not of crypt(3)", unknown);
  return optional_text("{CRYPT}" + std::string(hash));
}

// Among clear texts "!secret" is a password, while "!", "*" and "!$6$..." still mean "no login".
bool may_be_clear_text(std::string_view lock_mark) {
  const std::size_t start = lock_mark.find_first_not_of("*!");
  if (start == std::string_view::npos || lock_mark == "x" || lock_mark == "*LK*") return false;
  return detail::crypt_kind(lock_mark.substr(start)).empty();
}

result<optional_text> unprefixed_to_ldap(std::string_view stored, const password_options& how) {
  const std::string_view text = trimmed(stored);
  if (text.empty()) return optional_text();
  if (detail::is_lock_mark(text) && (how.unprefixed != unprefixed_policy::plain || !may_be_clear_text(text))) {
    return optional_text(locked_password);
  }
  if (!detail::crypt_kind(text).empty() || detail::is_argon2(text) || detail::is_foreign_hash(text)) {
    return crypt_to_ldap(text, how.unknown);
  }
  if (const optional_text digest = from_hex(text); digest && digest->size() == 16) {
    return optional_text("{MD5}" + base64(*digest));
  }
  switch (how.unprefixed) {
    case unprefixed_policy::crypt:
      return crypt_to_ldap(text, how.unknown);
    case unprefixed_policy::plain:
      return clear_text(stored, how.plain);
    case unprefixed_policy::refuse:
      break;
  }
  return fail(error_kind::input, "a password without {SCHEME} that looks like no known hash",
              "say what such values are: password(unprefixed: crypt) or password(unprefixed: plain)");
}

result<optional_text> prefixed_to_ldap(const stored_password& parts, const password_options& how) {
  const optional_text text = detail::decoded_rest(parts);
  if (detail::is_clear_scheme(parts.scheme)) {
    return text ? clear_text(*text, how.plain) : unverifiable(parts.scheme, how.unknown);
  }
  const std::string_view hash = text ? trimmed(*text) : std::string_view();
  if (detail::holds_crypt_hash(parts.scheme, hash)) {
    return text ? crypt_to_ldap(hash, how.unknown) : unverifiable(parts.scheme, how.unknown);
  }
  if (const detail::digest_scheme* scheme = detail::find_digest_scheme(parts.scheme)) {
    const optional_text digest = detail::digest_bytes(*scheme, parts.encoding, trimmed(parts.rest));
    if (!digest) return unverifiable(parts.scheme, how.unknown);
    return optional_text('{' + std::string(scheme->name) + '}' + base64(*digest));
  }
  if (detail::is_argon2_scheme(parts.scheme) && detail::is_argon2(hash)) {
    return optional_text("{ARGON2}" + std::string(hash));
  }
  if (parts.scheme == "PBKDF2") {
    optional_text value = pbkdf2_to_ldap(hash);
    // slapd's own {PBKDF2} is another name of {PBKDF2-SHA1}.
    if (!value && pbkdf2_to_dovecot(hash)) value = "{PBKDF2-SHA1}" + std::string(hash);
    if (value) return value;
  }
  if (!slapd_only_module(parts.scheme).empty() && !hash.empty() && detail::is_hash_text(hash)) {
    return optional_text('{' + parts.scheme + '}' + std::string(hash));
  }
  return unverifiable(parts.scheme, how.unknown);
}

}  // namespace

result<optional_text> password_to_ldap(std::string_view stored, const password_options& how) {
  const stored_password parts = detail::take_apart(stored);
  return parts.scheme.empty() ? unprefixed_to_ldap(stored, how) : prefixed_to_ldap(parts, how);
}

namespace {

// "{SCHEME}" as `old` spells it, with its encoding; "" when it has none.
std::string_view prefix_of(std::string_view old) {
  return detail::take_apart(old).scheme.empty() ? std::string_view() : old.substr(0, old.find('}') + 1);
}

std::string encoded(text_encoding how, std::string_view bytes) {
  return how == text_encoding::hex ? hex(bytes) : base64(bytes);
}

// With the scheme that `old` has, or bare as `old` is.
optional_text in_style_of(std::string_view old, const stored_password& value) {
  const stored_password style = detail::take_apart(old);
  if (const detail::digest_scheme* scheme = detail::find_digest_scheme(value.scheme)) {
    const optional_text digest = detail::digest_bytes(*scheme, text_encoding::as_is, value.rest);
    if (!digest) return std::nullopt;
    if (style.scheme.empty()) return hex(*digest);  // bare 32 digits; other lengths do not come back
    const bool in_hex = style.encoding == text_encoding::hex || style.scheme == "PLAIN-MD5" ||
                        style.scheme == "MD5RAW" ||
                        (style.encoding == text_encoding::as_is && style.rest.size() == digest->size() * 2);
    return std::string(prefix_of(old)) + encoded(in_hex ? text_encoding::hex : text_encoding::base64, *digest);
  }
  if (style.scheme.empty()) return std::string(value.rest);
  // {SHA512-CRYPT} before a bcrypt hash would be a lie to dovecot: only the general name fits all.
  const std::string_view own_name = detail::dovecot_crypt_scheme(detail::crypt_kind(value.rest));
  if (style.scheme != "CRYPT" && style.scheme != own_name) return std::nullopt;
  const bool is_encoded = style.encoding != text_encoding::as_is;
  return std::string(prefix_of(old)) + (is_encoded ? encoded(style.encoding, value.rest) : std::string(value.rest));
}

std::string argon2_of_dovecot(std::string_view hash) {
  return (starts_with(hash, "$argon2id$") ? "{ARGON2ID}" : "{ARGON2I}") + std::string(hash);
}

// As dovecot names it.
optional_text in_style_of_dovecot(const stored_password& value) {
  if (value.scheme == "CRYPT") {
    const std::string_view name = detail::dovecot_crypt_scheme(detail::crypt_kind(value.rest));
    return name.empty() ? std::string(value.rest) : '{' + std::string(name) + '}' + std::string(value.rest);
  }
  if (value.scheme == "ARGON2") return argon2_of_dovecot(value.rest);
  if (value.scheme == "PBKDF2-SHA1") return pbkdf2_to_dovecot(value.rest);
  if (value.scheme == "MD5") {
    const optional_text digest = from_base64(value.rest);
    return digest ? optional_text("{PLAIN-MD5}" + hex(*digest)) : std::nullopt;
  }
  return std::nullopt;
}

bool means(const optional_text& stored, std::string_view ldap_value, const password_options& how) {
  if (!stored) return false;
  const result<optional_text> mapped = password_to_ldap(*stored, how);
  return mapped && *mapped && **mapped == ldap_value;
}

}  // namespace

result<std::string> password_to_sql(std::string_view ldap_value, std::string_view old, const password_options& how) {
  if (means(std::string(old), ldap_value, how)) return std::string(old);
  const result<optional_text> known = password_to_ldap(old, how);
  if (known && *known && starts_with(**known, clear_text_marker) &&
      password_matches(ldap_value, std::string_view(**known).substr(clear_text_marker.size()))) {
    return std::string(old);
  }
  const stored_password value = detail::take_apart(ldap_value);
  if (value.scheme.empty()) {
    return fail(error_kind::input, "the directory holds a password in clear text",
                "let the user set it again through the password modify operation, so that slapd hashes it");
  }
  const optional_text styled = trimmed(old).empty() ? in_style_of_dovecot(value) : in_style_of(old, value);
  for (const optional_text& candidate : {styled, in_style_of_dovecot(value), optional_text(ldap_value)}) {
    if (means(candidate, ldap_value, how)) return *candidate;
  }
  return fail(error_kind::input,
              "a password whose scheme has no form for the SQL side: " + quoted_for_message(value.scheme));
}

namespace {

// Of dovecot 2.3, which verifies them in the form that they have here as well.
constexpr std::array<std::string_view, 30> dovecot_schemes = {
    "ARGON2I",  "ARGON2ID", "BLF-CRYPT", "CLEAR",     "CLEARTEXT",   "CRAM-MD5",      "CRYPT",        "DES-CRYPT",
    "HMAC-MD5", "LDAP-MD5", "MD5",       "MD5-CRYPT", "DIGEST-MD5",  "OTP",           "PLAIN",        "PLAIN-MD4",
    "SHA",      "SHA1",     "SHA256",    "SHA512",    "PLAIN-MD5",   "PLAIN-TRUNC",   "SHA256-CRYPT", "SHA512-CRYPT",
    "SMD5",     "SSHA",     "SSHA256",   "SSHA512",   "SCRAM-SHA-1", "SCRAM-SHA-256",
};

// Of the schemes whose values say how much work they are.
bool has_chosen_cost(std::string_view upper_case_name) {
  return detail::is_crypt_scheme(upper_case_name) || detail::is_argon2_scheme(upper_case_name) ||
         starts_with(upper_case_name, "PBKDF2") || starts_with(upper_case_name, "SCRAM-");
}

optional_text bare_to_dovecot(std::string_view stored) {
  const std::string_view text = trimmed(stored);
  if (detail::is_lock_mark(text)) return std::string(locked_password);
  if (detail::is_argon2(text)) return argon2_of_dovecot(text);
  if (detail::is_foreign_hash(text)) return std::nullopt;
  if (!detail::crypt_kind(text).empty()) return "{CRYPT}" + std::string(text);
  if (const optional_text digest = from_hex(text); digest && digest->size() == 16)
    return "{PLAIN-MD5}" + std::string(text);
  return "{PLAIN}" + std::string(stored);
}

}  // namespace

optional_text password_to_dovecot(std::string_view stored, const password_bounds& bounds) {
  const stored_password parts = detail::take_apart(stored);
  const std::optional<password_cost> cost = password_cost_of(stored);
  if (cost ? !is_within(bounds, *cost) : has_chosen_cost(parts.scheme) || stored.size() > stored_password_bytes_max)
    return std::nullopt;
  if (parts.scheme.empty()) return bare_to_dovecot(stored);
  const std::string_view rest = trimmed(parts.rest);
  if ((parts.scheme == "ARGON2" || parts.scheme == "CRYPT") && detail::is_argon2(rest)) return argon2_of_dovecot(rest);
  if (parts.scheme == "PBKDF2" || parts.scheme == "PBKDF2-SHA1")
    return detail::pbkdf2_of_dovecot(rest) ? optional_text("{PBKDF2}" + std::string(rest)) : pbkdf2_to_dovecot(rest);
  if (std::find(dovecot_schemes.begin(), dovecot_schemes.end(), parts.scheme) == dovecot_schemes.end())
    return std::nullopt;
  return std::string(stored);
}

std::string stored_scheme(std::string_view stored) {
  const stored_password parts = detail::take_apart(stored);
  const std::string_view rest = trimmed(parts.rest);
  const std::string_view kind = detail::crypt_kind(rest);
  if (trimmed(stored).empty()) return "empty";
  if (parts.scheme.empty() || parts.scheme == "CRYPT") {
    if (detail::is_lock_mark(rest)) return "a lock mark";
    if (!kind.empty()) return "CRYPT/" + std::string(kind);
    if (detail::is_argon2(rest)) return "ARGON2";
    if (detail::is_foreign_hash(rest)) return std::string(rest.substr(0, rest.find('$', 1) + 1));
    if (const optional_text digest = from_hex(rest); digest && digest->size() == 16) return "MD5 in hex";
    return parts.scheme.empty() ? "no known scheme" : parts.scheme;
  }
  const bool known = detail::find_digest_scheme(parts.scheme) != nullptr || detail::is_crypt_scheme(parts.scheme) ||
                     detail::is_clear_scheme(parts.scheme) || detail::is_argon2_scheme(parts.scheme) ||
                     !slapd_only_module(parts.scheme).empty() || parts.scheme == "PBKDF2" ||
                     std::find(dovecot_schemes.begin(), dovecot_schemes.end(), parts.scheme) != dovecot_schemes.end();
  return known ? parts.scheme : "no known scheme";
}

password_facts facts_about(std::string_view ldap_value) {
  const stored_password parts = detail::take_apart(ldap_value);
  password_facts facts;
  facts.slapd_verifies = true;
  facts.dovecot_24_accepts = true;
  if (parts.scheme.empty() || detail::is_clear_scheme(parts.scheme)) {
    facts.scheme = "CLEARTEXT";
    return facts;
  }
  if (parts.scheme == "CRYPT" && !detail::is_lock_mark(parts.rest) && !detail::crypt_kind(parts.rest).empty()) {
    const std::string_view kind = detail::crypt_kind(parts.rest);
    facts.scheme = "CRYPT/" + std::string(kind);
    facts.dovecot_24_accepts = kind != "DES" && kind != "$1$";
    return facts;
  }
  if (const detail::digest_scheme* scheme = detail::find_digest_scheme(parts.scheme);
      scheme != nullptr && scheme->name == parts.scheme &&
      detail::digest_bytes(*scheme, text_encoding::base64, parts.rest)) {
    facts.scheme = scheme->name;
    facts.slapd_module = scheme->in_module ? "pw-sha2" : "";
    facts.dovecot_24_accepts = scheme->dovecot_24;
    return facts;
  }
  if (parts.scheme == "ARGON2" && detail::is_argon2(parts.rest)) {
    facts.scheme = parts.scheme;
    facts.slapd_module = "argon2";
    return facts;
  }
  facts.dovecot_24_accepts = false;
  facts.slapd_module = slapd_only_module(parts.scheme);
  if (!facts.slapd_module.empty()) {
    facts.scheme = parts.scheme;
    return facts;
  }
  facts.slapd_verifies = false;
  const bool locked = parts.scheme == "CRYPT" && (parts.rest.empty() || detail::is_lock_mark(parts.rest));
  facts.scheme = locked ? "locked" : "unknown";
  return facts;
}

}  // namespace sql2ldap::codec
