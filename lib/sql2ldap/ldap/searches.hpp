// Searches of one server of which several are under way at once, as model::concurrent_searches, by libldap.
//
// Promises: nobody waits for the server once it is open; the same entries, errors and limits as model::directory has
// for one search after the other (server.hpp). What goes wrong with one search does the others no harm.
#pragma once

#include <memory>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/ldap/server.hpp>
#include <sql2ldap/model/lookup.hpp>
#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::ldap {

// Connects and binds, which takes its time as in connect(). All searches are as `what`, but for their own terms;
// entries_max is 1 to limits::search_page_entries.
[[nodiscard]] result<std::unique_ptr<model::concurrent_searches>> open_searches(const options& how,
                                                                                const model::search_request& what);

}  // namespace sql2ldap::ldap
