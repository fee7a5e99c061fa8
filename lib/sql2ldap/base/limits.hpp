// Every bound of the program has its name here, with unit and reason.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sql2ldap::limits {

inline constexpr std::size_t mapping_text_bytes_max = 1U << 20U;    // a mapping file
inline constexpr std::size_t mapping_depth_max = 64;                // nesting of expressions and conditions
inline constexpr std::size_t values_per_attribute_max = 100'000;    // e.g. members of one alias
inline constexpr std::size_t field_bytes_max = 16U << 20U;          // one SQL field
inline constexpr std::size_t attribute_value_bytes_max = 8U << 20U; // one LDAP value
inline constexpr std::size_t ldif_line_bytes_max = 64U << 20U;      // one unfolded line
inline constexpr std::size_t ldif_record_bytes_max = 256U << 20U;   // one record
inline constexpr std::size_t dn_bytes_max = 64U << 10U;
inline constexpr std::size_t dn_depth_max = 128;
inline constexpr std::size_t transaction_operations_max = 500;      // RFC 5805; past 500 the gain is flat
inline constexpr std::size_t search_page_entries = 1000;
inline constexpr std::size_t settings_file_bytes_max = 1U << 20U;   // --config
inline constexpr std::size_t password_file_bytes_max = 4096;        // --password-file
inline constexpr std::size_t rejects_kept_max = 100'000;            // then counted, no longer listed

}  // namespace sql2ldap::limits
