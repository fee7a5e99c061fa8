// One search, whoever waits for it: what is sent, and what the messages that come back say.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <sql2ldap/ldap/detail/connection.hpp>
#include <sql2ldap/ldap/detail/entry_decoder.hpp>
#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::ldap::detail {

class running_search {
 public:
  explicit running_search(model::search_request what);

  // Sends it, or its next page (RFC 2696).
  [[nodiscard]] result<void> ask(connection& line);
  enum class took {
    entry,    // in `into`
    nothing,  // there is more to come
    end,
  };
  // The next message with id(). When entries_max is reached it is at its end, and the server may have more to say, as
  // after an error: see has_ended().
  [[nodiscard]] result<took> take(connection& line, LDAPMessage* message, entry_decoder& decoder, model::entry& into);

  [[nodiscard]] int id() const noexcept { return id_; }
  [[nodiscard]] bool has_ended() const noexcept { return ended_; }  // by the server's word
  [[nodiscard]] const std::string& doing() const noexcept { return doing_; }
  [[nodiscard]] const model::search_request& what() const noexcept { return what_; }

 private:
  result<took> finish(connection& line, LDAPMessage* message);

  model::search_request what_;
  std::string doing_;
  std::vector<char*> attributes_;  // NULL at the end, as libldap wants them
  bool paged_ = false;
  std::string cookie_;
  int id_ = 0;
  std::size_t count_ = 0;
  bool ended_ = false;
};

}  // namespace sql2ldap::ldap::detail
