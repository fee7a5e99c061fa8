// The room `state`: what a daemon remembers, in a folder of its own.
//
// Gives: open_state(), a model::journal in an SQLite file `journal.db`. Promises: one process at a time; what is
// written is durable; a file of a newer version is refused, a damaged one is put aside as `journal.db.damaged`,
// and the journal begins anew: nothing in it cannot be found again by comparing everything.
// Leaves to others: what the remembered things mean (sync).
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/journal.hpp>

namespace sql2ldap::state {

struct opened {
  std::unique_ptr<model::journal> journal;
  std::string warning;  // "" = none: what was put aside, and why
};
// Makes the folder when it is not there (its parent must be). An error of kind usage when another process has it.
[[nodiscard]] result<opened> open_state(const std::filesystem::path& folder);

}  // namespace sql2ldap::state
