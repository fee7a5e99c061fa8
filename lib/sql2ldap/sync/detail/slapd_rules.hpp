// What slapd's database back-mdb cannot store.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <sql2ldap/model/dn.hpp>
#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::sync {

// back-mdb keeps the first RDN of an entry twice, as it was given and normalized, with 20 bytes of its own in one item
// of at most 511 bytes (dn2id.c: mdb_dn2id_add; mdb.c: MDB_MAXKEYSIZE). Tried with 2.5 and 2.6: 245 bytes are stored,
// 246 not.
inline constexpr std::size_t slapd_rdn_bytes_max = (511 - 20) / 2;

// Of the first RDN of this name.
[[nodiscard]] bool rdn_fits_slapd(std::string_view dn);
[[nodiscard]] std::string long_rdn_text(std::string_view dn);

// The one that holds the base; nullptr: we may not see it.
[[nodiscard]] const model::database_indexes* database_of(const model::directory_facts& facts, const model::dn& base);

}  // namespace sql2ldap::sync
