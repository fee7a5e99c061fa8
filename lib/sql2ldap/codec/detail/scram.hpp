// SCRAM (RFC 5802) as a step machine of codec/sasl.hpp, and what it shares with stored secrets.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <sql2ldap/codec/sasl.hpp>
#include <sql2ldap/codec/scram_secret.hpp>

namespace sql2ldap::codec::detail {

[[nodiscard]] std::string_view scram_algorithm(scram_hash which) noexcept;  // as OpenSSL calls it
[[nodiscard]] std::size_t scram_bytes(scram_hash which) noexcept;           // of a digest
[[nodiscard]] std::unique_ptr<sasl::exchange> start_scram(scram_hash which, std::string nonce);

}  // namespace sql2ldap::codec::detail
