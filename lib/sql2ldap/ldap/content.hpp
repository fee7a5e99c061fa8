// A directory's content with its changes: an RFC 4533 refreshAndPersist search as model::content_feed.
//
// Promises: next() ends within its patience; nobody asks in a circle. A server that has been silent is asked
// whether it is there, and one that does not answer within options::answer_time_max is an error, like a lost
// connection: transient. A cookie that the server does not take makes it tell all anew (begun_anew). The
// cookie moves on only when a refresh has ended: one that was broken off is told again. Referrals are
// passed over. Limits: only what the identity that binds may read is told, and nothing says what is left out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/ldap/server.hpp>
#include <sql2ldap/model/lookup.hpp>

namespace sql2ldap::ldap {

struct content_request {
  std::string base;
  std::string filter = "(objectClass=*)";           // built with codec/filter.hpp
  std::vector<model::attribute_name> attributes{};  // empty = all user attributes
};

// Connects twice (to follow, and to ask whether the server is there), binds and asks. `cookie` is that of an earlier
// feed with the same request, or "".
[[nodiscard]] result<std::unique_ptr<model::content_feed>> open_content(const options& how, const content_request& what,
                                                                        const std::string& cookie);

}  // namespace sql2ldap::ldap
