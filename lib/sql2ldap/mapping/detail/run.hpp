// The state of one run of a mapping over one row: where values live, and why it stopped.
// A function that gives bool says false after object(): the first objection ends the run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/mapping/detail/program.hpp>

namespace sql2ldap::mapping::detail {

using list = std::vector<std::string_view>;

// Memory that is given back all at once. After the first few rows no call allocates any more.
class arena {
 public:
  [[nodiscard]] char* take(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - next_) < bytes) grow(bytes);
    char* const out = next_;
    next_ += bytes;
    return out;
  }
  [[nodiscard]] std::string_view copy(std::string_view bytes) {
    char* const out = take(bytes.size());
    if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
    return {out, bytes.size()};
  }
  void reset() noexcept;

 private:
  void grow(std::size_t bytes);
  struct block {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };
  std::vector<block> blocks_;
  std::size_t used_ = 0;  // blocks in use
  char* next_ = nullptr;
  char* end_ = nullptr;
};

inline constexpr std::size_t all_rows = static_cast<std::size_t>(-1);

struct run {
  const kind_program* kind = nullptr;
  std::string_view base;  // canonical DN text
  std::span<const model::field> main;
  std::span<const std::vector<model::row_view>> many;
  std::vector<std::size_t> row;  // of each `many`: the one in hand, or all_rows
  bool row_by_row = false;       // some `row` is not all_rows

  list values;  // a stack: an expression puts its values on top
  arena memory;

  bool secret = false;  // no value may go into `reason`
  std::string reason;
  std::uint32_t column = no_column;

  void begin(const kind_program& k, std::span<const model::field> main_row,
             std::span<const std::vector<model::row_view>> many_rows);
  [[nodiscard]] bool object(std::string why) {
    reason = std::move(why);
    return false;
  }
  // A value for a reason; says "the value" when it is a secret.
  [[nodiscard]] std::string shown(std::string_view value) const;
};

// Puts the values of the expression on top of r.values.
[[nodiscard]] bool get(run& r, const expression& e);
[[nodiscard]] bool get(run& r, const pipeline& p);
// Works on the values from `first` to the top, in place.
[[nodiscard]] bool get(run& r, const stage& s, std::size_t first);
[[nodiscard]] inline bool get(run& r, const std::vector<stage>& stages, std::size_t first) {
  for (const stage& s : stages) {
    if (!get(r, s, first)) return false;
  }
  return true;
}
// The DN as one value; no value when a part of it has none.
[[nodiscard]] bool get(run& r, const name_rule& n);
// Appends the levels, canonical, without base and container, and stops at a part without a value:
// `complete` says how many levels there are. The values stay on the stack.
[[nodiscard]] bool append_levels(run& r, const name_rule& n, std::string& out, std::size_t& complete);
// Which branch of a partition takes the value; the number of branches when none does.
[[nodiscard]] bool branch_of(run& r, const partition_rule& p, std::string_view value, std::size_t& branch);

// The values that an expression gives now, taken off the stack again.
[[nodiscard]] bool values_of(run& r, const expression& e, list& out);

}  // namespace sql2ldap::mapping::detail
