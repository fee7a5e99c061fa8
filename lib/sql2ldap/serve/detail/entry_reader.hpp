// Values of one entry as types. What is there and cannot be read is an error, never as if it were not there.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/entry.hpp>

namespace sql2ldap::serve::detail {

class entry_reader {
 public:
  explicit entry_reader(const model::entry& of);

  [[nodiscard]] bool is_a(std::string_view object_class) const;
  [[nodiscard]] result<bool> flag(model::attribute_name name, bool when_absent) const;
  [[nodiscard]] result<std::optional<std::uint64_t>> number(model::attribute_name name) const;
  [[nodiscard]] result<std::optional<std::uint32_t>> id_number(model::attribute_name name) const;  // not of root
  [[nodiscard]] result<std::optional<std::chrono::sys_seconds>> time(model::attribute_name name) const;
  [[nodiscard]] result<std::string> text(model::attribute_name name) const;  // of any characters; empty when absent
  [[nodiscard]] result<std::string> line(model::attribute_name name) const;  // without control characters
  [[nodiscard]] result<std::string> path(model::attribute_name name) const;  // absolute, without ".."
  void add_lowered(std::vector<std::string>& to, model::attribute_name name) const;  // all values, each once
  // Targets of mail: addresses, '@domain' and names of users of the host. Commands, files and lists in files are an
  // error.
  [[nodiscard]] result<std::vector<std::string>> targets(model::attribute_name name) const;

  [[nodiscard]] tl::unexpected<error> objection(model::attribute_name name, std::string_view value,
                                                std::string_view why) const;

 private:
  // Most of what is asked for is not there.
  static std::uint64_t mark_of(model::attribute_name name) noexcept { return std::uint64_t{1} << (name.id() % 64); }
  [[nodiscard]] bool may_have(model::attribute_name name) const noexcept { return (marks_ & mark_of(name)) != 0; }
  [[nodiscard]] result<std::optional<std::string_view>> only_value(model::attribute_name name) const;

  const model::entry& entry_;
  std::uint64_t marks_ = 0;  // of all names in it
};

}  // namespace sql2ldap::serve::detail
