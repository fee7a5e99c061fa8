// The room `hooks`: an operator's command, run for each change that is applied to the directory.
//
// Gives: the change as a JSON document (here), the teller that queues it around the writing of the directory, the
// runner that runs the command. Promises: a change that is in the directory is told at least once, those of one entry
// in their order; writing never waits for a command; no password is ever told. Leaves to others: to keep the queue
// (state), to write the directory (sync), to list what fails (tools).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <sql2ldap/model/hook_queue.hpp>
#include <sql2ldap/sync/steps.hpp>

namespace sql2ldap::hooks {

// A step as the command is told of it; nullopt: containers, and moves to a temporary name. `dn_before`: the name that
// the entry had before such a move, "" = it was not moved.
//
// The document is one object: change, kind, key, origin, dn, old_dn (of a rename, else null) and attributes: all of an
// entry that is added, of others those that change, each with its values afterwards. A value that is no UTF-8 text is
// {"base64": "..."}; of a password stands null, which says that it was set or changed.
[[nodiscard]] std::optional<model::hook_event> event_of(const sync::step& done, const sync::origins& origins,
                                                        std::string_view dn_before = {});

// More changed than can be kept: the command may have missed anything before it is told this.
[[nodiscard]] model::hook_event overflow_event();

// The document with what only the queue knows: id, try (from 1), certain.
[[nodiscard]] std::string told_document(const model::queued_hook& queued);

}  // namespace sql2ldap::hooks
