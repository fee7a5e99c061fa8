#include <sql2ldap/ldap/content.hpp>

#include <utility>

#include <sql2ldap/ldap/detail/connection.hpp>
#include <sql2ldap/ldap/detail/content_stream.hpp>

namespace sql2ldap::ldap {

result<std::unique_ptr<model::content_feed>> open_content(const options& how, const content_request& what,
                                                          const std::string& cookie) {
  S2L_TRY_ASSIGN(std::unique_ptr<detail::connection> line, detail::connection::open(how));
  S2L_TRY_ASSIGN(std::unique_ptr<detail::connection> asker, detail::connection::open(how));
  return detail::content_stream::start(std::move(line), std::move(asker), how.answer_time_max, what, cookie);
}

}  // namespace sql2ldap::ldap
