// A search as a stream of entries, in pages (RFC 2696), in the memory of one entry.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sql2ldap/ldap/detail/entry_decoder.hpp>
#include <sql2ldap/ldap/detail/pool.hpp>
#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::ldap::detail {

class search_stream : public model::entry_stream {
 public:
  [[nodiscard]] static result<std::unique_ptr<search_stream>> start(lease line, const model::search_request& what);
  ~search_stream() override;
  [[nodiscard]] result<const model::entry*> next() override;

 private:
  search_stream(lease line, const model::search_request& what);
  result<void> ask();
  result<bool> take(LDAPMessage* message);  // true: current_ is the next entry
  result<void> finish(LDAPMessage* message);

  lease line_;
  model::search_request what_;
  std::string doing_;
  std::vector<char*> attributes_;  // NULL at the end, as libldap wants them
  bool paged_ = false;
  std::string cookie_;
  int id_ = 0;
  std::size_t count_ = 0;
  bool done_ = false;
  std::optional<error> failure_;
  model::entry current_;
  entry_decoder decoder_;
};

}  // namespace sql2ldap::ldap::detail
