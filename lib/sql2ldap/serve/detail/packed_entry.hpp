// An entry in one block of memory: lengths and numbers of names in as few bytes as they need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include <sql2ldap/base/prefetch.hpp>
#include <sql2ldap/model/entry.hpp>

namespace sql2ldap::serve::detail {

class packed_entry {
 public:
  packed_entry() = default;
  // `name_number(attribute_name)` is what stands for a name.
  template <typename NameNumber>
  packed_entry(const model::entry& what, NameNumber name_number) {
    std::string bytes;
    append(bytes, what.dn());
    for (std::size_t i = 0; i < what.size(); ++i) {
      append_number(bytes, name_number(what[i].name));
      append(bytes, what[i].bytes);
    }
    keep(bytes);
  }

  [[nodiscard]] bool empty() const noexcept { return bytes_ == nullptr; }
  [[nodiscard]] std::string_view dn() const noexcept;
  // Calls `each(number of the name, bytes)` for every value in order, until it returns false.
  template <typename Function>
  void values(Function each) const {
    std::string_view rest = content();
    take(rest);
    while (!rest.empty()) {
      const auto name = static_cast<std::uint32_t>(take_number(rest));
      if (!each(name, take(rest))) return;
    }
  }
  friend bool operator==(const packed_entry& a, const packed_entry& b) noexcept {
    return a.empty() || b.empty() ? a.empty() == b.empty() : a.content() == b.content();
  }
  // Its beginning, where most is, is brought near meanwhile.
  void prefetch() const noexcept {
    constexpr std::size_t line_bytes = 64;
    constexpr std::size_t lines = 6;
    for (std::size_t i = 0; i < lines; ++i) sql2ldap::prefetch(bytes_.get() + i * line_bytes);
  }
  [[nodiscard]] std::size_t size() const noexcept { return empty() ? 0 : content().size(); }

 private:
  static constexpr unsigned bits = 7;  // of a number in each byte, the lowest first; the highest bit: more follow
  static constexpr std::size_t number_bytes_max = (std::numeric_limits<std::size_t>::digits + bits - 1) / bits;

  static void append_number(std::string& out, std::size_t number);
  static void append(std::string& out, std::string_view bytes);
  static std::size_t take_number(std::string_view& rest) noexcept {
    std::size_t number = 0;
    for (unsigned shift = 0;; shift += bits) {
      const auto byte = static_cast<unsigned char>(rest.front());
      rest.remove_prefix(1);
      number |= static_cast<std::size_t>(byte & ((1U << bits) - 1)) << shift;
      if (byte < 1U << bits) return number;
    }
  }
  static std::string_view take(std::string_view& rest) noexcept {
    const std::size_t length = take_number(rest);
    const std::string_view bytes = rest.substr(0, length);
    rest.remove_prefix(length);
    return bytes;
  }
  void keep(std::string_view content);
  [[nodiscard]] std::string_view content() const noexcept {
    std::string_view number(bytes_.get(), number_bytes_max);
    const std::size_t length = take_number(number);
    return {number.data(), length};
  }

  std::unique_ptr<char[]> bytes_;  // begins with the length of the rest
};

}  // namespace sql2ldap::serve::detail
