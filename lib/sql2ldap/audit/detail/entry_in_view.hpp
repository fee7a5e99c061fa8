// The part of a content that the answers about one entry depend on: the entry itself, all mail domains, the entries
// that catch all mail of a domain, and those that share a name with others. Left out is an address in a target domain
// where the own one is off. To serve::entry_answers it is the whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/lookup.hpp>
#include <sql2ldap/model/schema.hpp>
#include <sql2ldap/serve/mirror.hpp>

namespace sql2ldap::audit::detail {

class entry_in_view : public model::entry_lookup {
 public:
  explicit entry_in_view(const model::schema& schema);  // outlives this

  void keep(const model::entry& one);
  // `one` outlives its time in view; nullptr: only what is kept.
  void show(const model::entry* one);
  // Of those that are kept, from `place` on, which is moved on; empty at the end.
  [[nodiscard]] result<std::vector<model::entry>> kept(std::size_t& place, std::size_t entries_max) const;

  [[nodiscard]] result<std::vector<model::entry>> find(model::attribute_name name, std::string_view value) override;
  [[nodiscard]] result<std::vector<std::vector<model::entry>>> find_each(
      std::span<const model::value_assertion> asked) override;
  // Domains do not change while entries are asked about.
  [[nodiscard]] std::optional<std::uint64_t> version() const override { return 1; }

 private:
  [[nodiscard]] bool is_shown_by(const model::value_assertion& asked) const;

  const model::schema& schema_;
  serve::mirror kept_;
  std::uint64_t count_ = 0;
  const model::entry* shown_ = nullptr;
  std::vector<std::pair<model::attribute_name, std::string>> names_;  // of `shown_`, in normal form
};

}  // namespace sql2ldap::audit::detail
