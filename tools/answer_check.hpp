// Which names mail servers would be put off with: of what a mapping makes of its rows, and of what a directory holds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sql2ldap/audit/answers.hpp>
#include <sql2ldap/base/error.hpp>

#include "output.hpp"
#include "wiring.hpp"

namespace sql2ldap::tools {

// Sets `open` of the audit; both sides outlive it. Rows: of one snapshot, also when they are read twice.
[[nodiscard]] result<void> read_rows(audit::answer_audit& audit, const both_sides& sides);
void read_directory(audit::answer_audit& audit, const both_sides& sides);

// No error of every host: a mail server that forwards by itself never asks for Sieve scripts, and one that is told so
// by its own configuration may run a program.
[[nodiscard]] bool is_warning(const audit::deferred_name& one);
[[nodiscard]] json as_json(const audit::deferred_name& one);

// "ann@a.example  login userdb  two entries for ..."
[[nodiscard]] std::string as_text(const audit::deferred_name& one);

}  // namespace sql2ldap::tools
