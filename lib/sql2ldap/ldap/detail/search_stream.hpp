// A search as a stream of entries, in pages, in the memory of one entry.
#pragma once

#include <memory>
#include <optional>

#include <sql2ldap/ldap/detail/pool.hpp>
#include <sql2ldap/ldap/detail/running_search.hpp>
#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::ldap::detail {

class search_stream : public model::entry_stream {
 public:
  [[nodiscard]] static result<std::unique_ptr<search_stream>> start(lease line, const model::search_request& what);
  ~search_stream() override;
  [[nodiscard]] result<const model::entry*> next() override;

 private:
  search_stream(lease line, const model::search_request& what) : line_(std::move(line)), search_(what) {}
  result<running_search::took> take_next();
  void end();

  lease line_;
  running_search search_;
  bool done_ = false;
  std::optional<error> failure_;
  model::entry current_;
  entry_decoder decoder_;
};

}  // namespace sql2ldap::ldap::detail
