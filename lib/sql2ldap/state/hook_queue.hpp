// The queue of hooks of a state folder, in an SQLite file `hooks.db` of its own: other than the journal's, what stands
// in it cannot be found again by comparing.
#pragma once

#include <filesystem>
#include <memory>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/hook_queue.hpp>

namespace sql2ldap::state {

// The caller has the folder open (open_state()). A damaged file is an error of kind usage: whether it may go is for an
// operator to say.
[[nodiscard]] result<std::unique_ptr<model::hook_queue>> open_hook_queue(const std::filesystem::path& folder);

}  // namespace sql2ldap::state
