// A directory entry as one flat value: all bytes in one block, a list of where they are.
// Copying is two allocations, clearing and refilling none; a million pass through one object.
// The values of one attribute are added one after the other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/model/attribute_name.hpp>

namespace sql2ldap::model {

class entry {
 public:
  struct value_ref {
    attribute_name name;
    std::string_view bytes;  // valid until the entry changes
  };

  void clear() noexcept;  // keeps the memory
  void reserve(std::size_t values, std::size_t bytes);
  void set_dn(std::string_view canonical_text);
  void add(attribute_name name, std::string_view value);

  [[nodiscard]] std::string_view dn() const noexcept { return {bytes_.data(), dn_length_}; }
  [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }  // number of values
  [[nodiscard]] value_ref operator[](std::size_t i) const noexcept {
    const slot& s = slots_[i];
    return {s.name, {bytes_.data() + s.offset, s.length}};
  }
  // In the order of adding. For printing and comparing use the functions that sort.
  [[nodiscard]] std::vector<std::string_view> values_of(attribute_name name) const;
  template <typename Each>
  void for_each_value_of(attribute_name name, Each each) const {
    for (const slot& s : slots_)
      if (s.name == name) each(std::string_view(bytes_.data() + s.offset, s.length));
  }
  [[nodiscard]] std::string_view first_value_of(attribute_name name) const noexcept;  // empty when none
  [[nodiscard]] bool has(attribute_name name) const noexcept;
  [[nodiscard]] std::vector<attribute_name> attributes() const;  // each once, in order

 private:
  struct slot {
    attribute_name name;
    std::uint32_t offset;
    std::uint32_t length;
  };
  std::string bytes_;  // set_dn comes first
  std::uint32_t dn_length_ = 0;
  std::vector<slot> slots_;
};

}  // namespace sql2ldap::model
