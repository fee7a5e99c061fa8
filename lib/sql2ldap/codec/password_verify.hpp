// Is this the password? For the schemes of dovecot, slapd and courier that the libraries here can compute.
//
// Takes a stored value as codec/password.hpp does: {SCHEME} in any case, ".HEX" and ".B64", or bare. A bare value that
// looks like a hash is one and never the password itself; any other bare value is clear text, as in slapd. crypt(3)
// with all its methods, the digests plain and salted, ARGON2 (version 19 of i and id), PBKDF2 in slapd's and dovecot's
// form, SCRAM-SHA-1 and -256, and clear text. Not: CRAM-MD5, DIGEST-MD5, OTP, PLAIN-MD4, APR1 and what is unknown.
//
// Promises: digests are compared in constant time; an empty password is never right, nor one with a NUL; a locked value
// matches nothing; a hash is computed only when its cost is known before and within the bounds (password_cost.hpp).
// From any thread. Leaves to others: delays, counting attempts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/base/secret.hpp>
#include <sql2ldap/codec/password.hpp>
#include <sql2ldap/codec/password_cost.hpp>

namespace sql2ldap::codec {

struct password_verdict {
  enum class what {
    matches,
    differs,
    unverifiable,  // by this program, or at the moment: never to be told as a wrong password
  } now = what::differs;
  std::string scheme;                   // of the unverifiable value, for the log
  std::optional<password_cost> cost{};  // of it; nullopt: the value has no cost that is known
};
[[nodiscard]] password_verdict verify_password(std::string_view stored, std::string_view clear,
                                               const password_bounds& bounds = {});
// Of several values any may be right. None at all differ, in the time of verify_dummy(). More than stored_passwords_max
// are not looked at; the password may be one of these, so it is unverifiable.
[[nodiscard]] password_verdict verify_password(const std::vector<secret>& stored, std::string_view clear,
                                               const password_bounds& bounds = {});
// verify_password() takes microseconds for these: a few values of ordinary length, in clear text or digests of one
// round.
[[nodiscard]] bool is_quickly_verified(const std::vector<secret>& stored);
// Takes as long as the verification of what hash_password(.., like) makes, so that an unknown user is answered as late
// as a known one whose hash is such a one.
void verify_dummy(std::string_view clear, hash_scheme like = hash_scheme::sha512_crypt);

}  // namespace sql2ldap::codec
