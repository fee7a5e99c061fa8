#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/mapping/detail/run.hpp>
#include <sql2ldap/model/dn.hpp>

namespace sql2ldap::mapping::detail {

namespace {

constexpr std::size_t first_block_bytes = 16U << 10U;

// Goes through the rows of a `many` with `body`, one in hand at a time.
template <typename F>
bool for_each_row(run& r, std::int32_t many, F&& body) {
  const auto k = static_cast<std::size_t>(many);
  const bool before = std::exchange(r.row_by_row, true);
  const std::size_t rows = r.many[k].size();
  bool good = true;
  for (std::size_t i = 0; good && i < rows; ++i) {
    r.row[k] = i;
    good = body();
  }
  r.row[k] = all_rows;
  r.row_by_row = before;
  return good;
}

bool wants_rows(const run& r, const pipeline& p) {
  return p.rows != no_rows && r.row[static_cast<std::size_t>(p.rows)] == all_rows;
}

bool push_field(run& r, const pipeline& p, const model::field& f) {
  if (f.null) return true;
  if (f.invalid_text && !p.may_be_invalid) {
    r.column = p.column;
    return r.object("the text is not valid UTF-8");
  }
  if (!f.bytes.empty() && std::memchr(f.bytes.data(), 0, f.bytes.size()) != nullptr) {
    r.column = p.column;
    return r.object("the text holds a NUL byte");
  }
  r.values.push_back(f.bytes);
  return true;
}

bool get_column(run& r, const pipeline& p) {
  if (p.source == 0) return push_field(r, p, r.main[p.index]);
  const std::size_t many = p.source - 1;
  if (r.row[many] != all_rows) return push_field(r, p, r.many[many][r.row[many]][p.index]);
  for (const model::row_view& row : r.many[many]) {
    if (!push_field(r, p, row[p.index])) return false;
  }
  return true;
}

constexpr std::size_t placeholders_inline = 8;

bool get_text_of_row(run& r, const pipeline& p) {
  // Placeholder i owns the values from starts[i] to starts[i + 1].
  const std::size_t bottom = r.values.size();
  std::size_t starts_inline[placeholders_inline + 1];
  std::vector<std::size_t> starts_long;
  std::size_t* starts = starts_inline;
  if (p.pieces.size() > placeholders_inline) {
    starts_long.resize(p.pieces.size() + 1);
    starts = starts_long.data();
  }
  std::size_t many_valued = p.pieces.size();
  std::size_t fixed_length = 0;
  for (std::size_t i = 0; i < p.pieces.size(); ++i) {
    starts[i] = r.values.size();
    const text_piece& piece = p.pieces[i];
    if (piece.placeholder.empty()) {
      fixed_length += piece.literal.size();
      continue;
    }
    if (!get(r, piece.placeholder.front())) return false;
    const std::size_t count = r.values.size() - starts[i];
    if (count == 0) {
      r.values.resize(bottom);
      return true;
    }
    if (count == 1) {
      fixed_length += r.values.back().size();
      continue;
    }
    if (many_valued != p.pieces.size()) return r.object("two placeholders of one text give several values each");
    many_valued = i;
  }
  starts[p.pieces.size()] = r.values.size();

  const std::size_t count = many_valued == p.pieces.size() ? 1 : starts[many_valued + 1] - starts[many_valued];
  const std::size_t top = r.values.size();
  for (std::size_t n = 0; n < count; ++n) {
    std::size_t length = fixed_length;
    if (many_valued != p.pieces.size()) length += r.values[starts[many_valued] + n].size();
    char* const begin = r.memory.take(length);
    char* out = begin;
    for (std::size_t i = 0; i < p.pieces.size(); ++i) {
      const text_piece& piece = p.pieces[i];
      const std::string_view bytes = piece.placeholder.empty() ? std::string_view(piece.literal)
                                                               : r.values[starts[i] + (i == many_valued ? n : 0)];
      if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
      out += bytes.size();
    }
    r.values.emplace_back(begin, length);
  }
  r.values.erase(r.values.begin() + static_cast<std::ptrdiff_t>(bottom),
                 r.values.begin() + static_cast<std::ptrdiff_t>(top));
  return true;
}

bool get_head(run& r, const pipeline& p) {
  switch (p.head) {
    case pipeline::head_kind::column:
      return get_column(r, p);
    case pipeline::head_kind::constant:
      r.values.push_back(p.constant);
      return true;
    case pipeline::head_kind::text:
      if (wants_rows(r, p)) return for_each_row(r, p.rows, [&] { return get_text_of_row(r, p); });
      return get_text_of_row(r, p);
    case pipeline::head_kind::name:
      if (wants_rows(r, p)) return for_each_row(r, p.rows, [&] { return get(r, p.name.front()); });
      return get(r, p.name.front());
    case pipeline::head_kind::nested:
      return get(r, p.nested.front());
  }
  return false;
}

bool get_until(run& r, const pipeline& p, std::size_t stages) {
  const std::size_t first = r.values.size();
  if (!get_head(r, p)) return false;
  for (std::size_t i = 0; i < stages; ++i) {
    if (!get(r, p.stages[i], first)) {
      if (r.column == no_column) r.column = p.column;
      return false;
    }
  }
  return true;
}

}  // namespace

// ---- arena and run ----------------------------------------------------------------------------

void arena::grow(std::size_t bytes) {
  while (used_ < blocks_.size() && blocks_[used_].size < bytes) ++used_;
  if (used_ == blocks_.size()) {
    const std::size_t last = blocks_.empty() ? first_block_bytes / 2 : blocks_.back().size;
    const std::size_t size = std::max(bytes, 2 * last);
    blocks_.push_back({std::make_unique<char[]>(size), size});
  }
  next_ = blocks_[used_].bytes.get();
  end_ = next_ + blocks_[used_].size;
  ++used_;
}

void arena::reset() noexcept {
  // After a huge row only the block that holds an ordinary one stays.
  if (blocks_.size() > 1 && used_ <= 1) blocks_.resize(1);
  used_ = 0;
  next_ = nullptr;
  end_ = nullptr;
  if (!blocks_.empty()) {
    next_ = blocks_.front().bytes.get();
    end_ = next_ + blocks_.front().size;
    used_ = 1;
  }
}

void run::begin(const kind_program& k, std::span<const model::field> main_row,
                std::span<const std::vector<model::row_view>> many_rows) {
  kind = &k;
  main = main_row;
  many = many_rows;
  row.assign(many_rows.size(), all_rows);
  row_by_row = false;
  values.clear();
  memory.reset();
  secret = false;
  column = no_column;
}

std::string run::shown(std::string_view value) const {
  return secret ? std::string("the value") : quoted_for_message(value);
}

// ---- expressions ------------------------------------------------------------------------------

bool get(run& r, const pipeline& p) {
  if (p.row_stages == 0 || !wants_rows(r, p)) return get_until(r, p, p.stages.size());
  const std::size_t first = r.values.size();
  if (!for_each_row(r, p.rows, [&] { return get_until(r, p, p.row_stages); })) return false;
  for (std::size_t i = p.row_stages; i < p.stages.size(); ++i) {
    if (!get(r, p.stages[i], first)) return false;
  }
  return true;
}

bool get(run& r, const expression& e) {
  if (r.row_by_row && e.rows == no_rows) {
    // An expression that gathers its rows itself sees all of them, not the one in hand.
    const std::vector<std::size_t> in_hand = std::exchange(r.row, std::vector(r.row.size(), all_rows));
    r.row_by_row = false;
    const bool good = std::all_of(e.parts.begin(), e.parts.end(), [&](const pipeline& p) { return get(r, p); });
    r.row = in_hand;
    r.row_by_row = true;
    return good;
  }
  for (const pipeline& p : e.parts) {
    if (!get(r, p)) return false;
  }
  return true;
}

bool values_of(run& r, const expression& e, list& out) {
  const std::size_t first = r.values.size();
  if (!get(r, e)) {
    r.values.resize(first);
    return false;
  }
  out.assign(r.values.begin() + static_cast<std::ptrdiff_t>(first), r.values.end());
  r.values.resize(first);
  return true;
}

bool append_levels(run& r, const name_rule& n, std::string& out, std::size_t& complete) {
  complete = 0;
  for (std::size_t i = 0; i < n.levels.size(); ++i) {
    if (i != 0) out += ',';
    for (std::size_t part = 0; part < n.levels[i].size(); ++part) {
      const name_part& p = n.levels[i][part];
      const std::size_t before = r.values.size();
      if (!get(r, p.value.front())) return false;
      if (r.values.size() == before || r.values.back().empty()) return true;
      if (r.values.size() - before > 1) return r.object("a part of the DN has several values");
      if (part != 0) out += '+';
      out += p.type;
      out += '=';
      model::append_dn_escaped(out, r.values.back());
    }
    ++complete;
  }
  return true;
}

bool get(run& r, const name_rule& n) {
  const std::size_t first = r.values.size();
  std::string text;
  std::size_t complete = 0;
  if (!append_levels(r, n, text, complete)) return false;
  r.values.resize(first);
  if (complete != n.levels.size()) return true;
  for (const std::string_view rest : {std::string_view(n.container), r.base}) {
    if (rest.empty()) continue;
    if (!text.empty()) text += ',';
    text += rest;
  }
  r.values.push_back(r.memory.copy(text));
  return true;
}

// ---- partitions -------------------------------------------------------------------------------

namespace {

bool starts_with_ignoring_case(std::string_view text, std::string_view start) {
  return text.size() >= start.size() && equal_ignoring_ascii_case(text.substr(0, start.size()), start);
}

std::size_t find_ignoring_case(std::string_view text, std::string_view part) {
  for (std::size_t i = 0; i + part.size() <= text.size(); ++i) {
    if (equal_ignoring_ascii_case(text.substr(i, part.size()), part)) return i;
  }
  return std::string_view::npos;
}

bool segments_match(std::span<const std::string_view> segments, std::string_view text) {
  if (!starts_with_ignoring_case(text, segments.front())) return false;
  text.remove_prefix(segments.front().size());
  for (const std::string_view middle : segments.subspan(1, segments.size() - 2)) {
    const std::size_t at = find_ignoring_case(text, middle);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + middle.size());
  }
  const std::string_view end = segments.back();
  return text.size() >= end.size() && equal_ignoring_ascii_case(text.substr(text.size() - end.size()), end);
}

bool matches(run& r, const partition_pattern& pattern, std::string_view value, bool& yes) {
  yes = pattern.remaining;
  if (yes) return true;
  const std::size_t first = r.values.size();
  if (!pattern.glob) {
    if (!get(r, pattern.segments.front())) return false;
    for (std::size_t i = first; i < r.values.size() && !yes; ++i) yes = equal_ignoring_ascii_case(r.values[i], value);
    r.values.resize(first);
    return true;
  }
  for (std::size_t i = 0; i < pattern.segments.size(); ++i) {
    if (!get(r, pattern.segments[i])) return false;
    if (r.values.size() != first + i + 1) {  // a placeholder without a value: nothing matches
      r.values.resize(first);
      return true;
    }
  }
  yes = segments_match(std::span(r.values).subspan(first), value);
  r.values.resize(first);
  return true;
}

}  // namespace

bool branch_of(run& r, const partition_rule& p, std::string_view value, std::size_t& branch) {
  for (branch = 0; branch < p.branches.size(); ++branch) {
    bool yes = false;
    if (!matches(r, p.branches[branch].pattern, value, yes)) return false;
    if (yes) return true;
  }
  return true;
}

}  // namespace sql2ldap::mapping::detail
