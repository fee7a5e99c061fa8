// Entries asked of a directory each time, by several threads at once: a connection for each that asks.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include <sql2ldap/model/dn.hpp>
#include <sql2ldap/model/lookup.hpp>
#include <sql2ldap/model/ports.hpp>
#include <sql2ldap/serve/account_list.hpp>

namespace sql2ldap::serve {

class directory_pool final : public model::entry_lookup, public account_list {
 public:
  struct place {
    std::unique_ptr<model::directory> at;
    model::dn base;
  };
  // `open` when there are more questions than connections; its error is the answer. From any thread.
  explicit directory_pool(std::function<result<place>()> open);

  [[nodiscard]] result<std::vector<model::entry>> find(model::attribute_name name, std::string_view value) override;
  [[nodiscard]] result<std::vector<std::vector<model::entry>>> find_each(
      std::span<const model::value_assertion> asked) override;
  [[nodiscard]] result<void> for_each(const std::function<bool(const model::entry&)>& tell) override;

 private:
  template <typename Ask>
  auto with_place(Ask ask) -> decltype(ask(std::declval<place&>()));

  const std::function<result<place>()> open_;
  std::mutex mutex_;
  std::vector<place> idle_;
};

}  // namespace sql2ldap::serve
