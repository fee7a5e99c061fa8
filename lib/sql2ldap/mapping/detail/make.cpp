// From a row to an entry: the inner loop of every command.
#include <fmt/format.h>
#include <algorithm>
#include <cstdint>
#include <unordered_set>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/mapping/detail/engine.hpp>
#include <sql2ldap/model/dn.hpp>

namespace sql2ldap::mapping::detail {

namespace {

constexpr std::size_t few_values = 16;  // up to here comparing each with each is fastest

bool plain_in_origin(unsigned char c) {
  if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("-._~!$&'()*+,;=:@").find(static_cast<char>(c)) != std::string_view::npos;
}

// The first column of the main rows that `e` asks for and that is NULL.
std::uint32_t null_column(const run& r, const expression& e) {
  for (const pipeline& p : e.parts) {
    if (p.head == pipeline::head_kind::column) {
      if (p.source == 0 && r.main[p.index].null) return p.column;
      continue;
    }
    for (const text_piece& piece : p.pieces)
      for (const expression& inner : piece.placeholder)
        if (const std::uint32_t column = null_column(r, inner); column != no_column) return column;
    for (const expression& inner : p.nested)
      if (const std::uint32_t column = null_column(r, inner); column != no_column) return column;
  }
  return no_column;
}

// Why an RDN got no value: a NULL column if there is one, often of a join that found no row.
bool object_to_level(run& r, const std::vector<name_part>& level, std::string_view whose) {
  for (const name_part& part : level) {
    r.column = null_column(r, part.value.front());
    if (r.column == no_column) continue;
    return r.object(fmt::format("{} has no value: {} is NULL", whose, r.kind->columns[r.column].shown));
  }
  return r.object(fmt::format("{} has no value", whose));
}

}  // namespace

void append_origin_part(std::string& out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::size_t clean = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    if (plain_in_origin(c)) continue;
    out.append(bytes, clean, i - clean);
    out += '%';
    out += digits[c >> 4U];
    out += digits[c & 15U];
    clean = i + 1;
  }
  out.append(bytes, clean);
}

void append_printable(std::string& out, std::string_view bytes) {
  constexpr std::size_t shown_max = 200;
  const bool plain =
      bytes.size() <= shown_max && std::all_of(bytes.begin(), bytes.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (plain) {
    out += bytes;
    return;
  }
  const std::string quoted = quoted_for_message(bytes, shown_max);
  out.append(quoted, 1, quoted.size() - 2);
}

engine::engine(std::shared_ptr<const program> p, const model::dn& base_dn)
    : checked(std::move(p)), base(base_dn.text()) {
  r.base = base;
  for (const kind_program& k : checked->kinds) {
    std::string& start = origins.emplace_back();
    append_origin_part(start, checked->name);
    start += '/';
    append_origin_part(start, k.info.name);
    start += '/';
    std::string& suffix = suffixes.emplace_back();
    for (const std::string_view rest : {std::string_view(k.name.container), std::string_view(base)}) {
      if (rest.empty()) continue;
      suffix += ',';
      suffix += rest;
    }
  }
}

bool engine::make(std::size_t kind, std::span<const model::field> main,
                  std::span<const std::vector<model::row_view>> many, model::entry& out, model::reject& why) {
  const kind_program& k = checked->kinds[kind];
  S2L_ASSERT(main.size() == k.queries.main.columns.size() && many.size() == k.queries.many.size());
  r.begin(k, main, many);
  out.clear();
  bytes_ = 0;
  dn_.clear();
  line_ = k.info.line;

  failures.clear();
  if (!read_key(kind)) {
    note_failure({}, true);
  } else {
    if (!make_name(kind, out)) note_failure(k.info.rdn, true);
    for (const std::string& name : k.info.classes) out.add(model::names::object_class, name);
    out.add(model::names::origin, origin);
    add_rdn_attributes(out);
    for (const step& s : k.steps) std::visit([&](const auto& rule) { run_step(rule, out); }, s);
  }
  if (failures.empty()) return true;
  const attribute_failure& first = failures.front();
  why = {k.info.name, k.info.table, key, first.column, std::string(out.dn()), first.reason, first.line, origin};
  return false;
}

// What the failed rule has left on the stack goes; the next one begins as if it had not been.
void engine::note_failure(std::vector<model::attribute_name> attributes, bool of_name) {
  failures.push_back({std::move(attributes), of_name,
                      r.column == no_column ? std::string() : r.kind->columns[r.column].shown, r.reason, line_});
  r.column = no_column;
  r.secret = false;
  r.values.clear();
}

bool engine::read_key(std::size_t kind) {
  const kind_program& k = checked->kinds[kind];
  key.clear();
  origin = origins[kind];
  const model::field* broken = nullptr;
  for (const std::uint32_t number : k.key_columns) {
    const model::field& f = r.main[k.columns[number].index];
    if (!key.empty()) key += '/';
    append_printable(key, f.null ? std::string_view("NULL") : f.bytes);
    if (origin.size() > origins[kind].size()) origin += '/';
    append_origin_part(origin, f.bytes);
    if (broken == nullptr && !is_readable_key(f)) {
      broken = &f;
      r.column = number;
    }
  }
  if (broken == nullptr) return true;
  origin.clear();
  return r.object(broken->null           ? "the key column is NULL"
                  : broken->invalid_text ? "the key is not valid UTF-8"
                                         : "the key has a NUL byte");
}

// Leaves the values of the own RDN on the stack.
bool engine::make_name(std::size_t kind, model::entry& out) {
  const kind_program& k = *r.kind;
  if (!k.rdn.empty()) line_ = k.rdn.front().line;
  std::size_t complete = 0;
  if (!append_levels(r, k.name, dn_, complete)) return false;
  if (complete != k.name.levels.size())
    return object_to_level(r, k.name.levels[complete], complete == 0 ? "the RDN" : "the parent's name");
  dn_ += suffixes[kind];
  if (dn_.size() > limits::dn_bytes_max) return r.object("the DN is too long");
  out.set_dn(dn_);
  r.values.resize(k.rdn.size());  // the values of the parents' names
  return true;
}

// Without a name the attributes of the RDN have failed with it.
void engine::add_rdn_attributes(model::entry& out) {
  const kind_program& k = *r.kind;
  const list own = std::move(r.values);
  for (std::size_t i = 0; i < own.size(); ++i) {
    r.values.assign(1, own[i]);
    const model::attribute_name name = k.rdn[i].names.front();
    const bool good = std::all_of(k.rdn[i].also.begin(), k.rdn[i].also.end(), [&](std::size_t also) {
      const auto& a = std::get<assignment_rule>(k.steps[also]);
      line_ = a.line;
      return get(r, a.value);
    });
    if (!good || !add_values(name, 0, out)) note_failure({name});
    r.values.clear();
  }
}

bool engine::add_values(model::attribute_name name, std::size_t first, model::entry& out) {
  const std::size_t count = r.values.size() - first;
  if (count > limits::values_per_attribute_max) return r.object("too many values in " + name.text());
  std::unordered_set<std::string_view> seen;
  if (count > few_values) seen.reserve(count);
  for (std::size_t i = first; i < r.values.size(); ++i) {
    const std::string_view value = r.values[i];
    if (value.empty()) continue;
    if (value.size() > limits::attribute_value_bytes_max) return r.object("a value is too long for " + name.text());
    const auto begin = r.values.begin() + static_cast<std::ptrdiff_t>(first);
    const auto here = r.values.begin() + static_cast<std::ptrdiff_t>(i);
    const bool repeated = count > few_values ? !seen.insert(value).second : std::find(begin, here, value) != here;
    if (repeated) continue;
    bytes_ += value.size();
    if (bytes_ > limits::ldif_record_bytes_max) return r.object("the entry is too large");
    out.add(name, value);
  }
  return true;
}

void engine::run_step(const assignment_rule& a, model::entry& out) {
  if (a.emitted.empty()) return;
  line_ = a.line;
  r.secret = a.secret;
  const bool good = get(r, a.value) && std::all_of(a.emitted.begin(), a.emitted.end(), [&](model::attribute_name name) {
                      return add_values(name, 0, out);
                    });
  if (!good) note_failure(a.emitted);
  r.values.clear();
}

void engine::run_step(const partition_rule& p, model::entry& out) {
  if (add_branches(p, out)) return;
  std::vector<model::attribute_name> names;
  for (const partition_branch& branch : p.branches)
    if (std::find(names.begin(), names.end(), branch.name) == names.end()) names.push_back(branch.name);
  note_failure(std::move(names));
}

bool engine::add_branches(const partition_rule& p, model::entry& out) {
  line_ = p.line;
  r.secret = false;
  if (!get(r, p.value)) return false;
  if (taken_.size() < p.branches.size()) taken_.resize(p.branches.size());
  for (list& t : taken_) t.clear();
  const std::size_t count = r.values.size();
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t branch = 0;
    const std::string_view value = r.values[i];
    if (!branch_of(r, p, value, branch)) return false;
    if (branch < p.branches.size()) taken_[branch].push_back(value);
  }
  r.values.clear();
  for (std::size_t b = 0; b < p.branches.size(); ++b) {
    const model::attribute_name name = p.branches[b].name;
    const auto same = [&](const partition_branch& other) { return other.name == name; };
    if (std::any_of(p.branches.begin(), p.branches.begin() + static_cast<std::ptrdiff_t>(b), same)) continue;
    bool left_out = false;
    for (std::size_t other = b; other < p.branches.size() && !left_out; ++other) {
      if (!same(p.branches[other])) continue;
      line_ = p.branches[other].line;
      const std::size_t first = r.values.size();
      r.values.insert(r.values.end(), taken_[other].begin(), taken_[other].end());
      if (!get(r, p.branches[other].stages, first)) {
        const auto& parts = p.value.parts;
        if (r.column == no_column && !parts.empty()) r.column = parts.front().column;
        const auto& optional = r.kind->info.optional;
        left_out = std::find(optional.begin(), optional.end(), name) != optional.end();
        if (!left_out) return false;
        note_failure({name});
      }
    }
    if (!left_out && !add_values(name, 0, out)) return false;
    r.values.clear();
  }
  return true;
}

}  // namespace sql2ldap::mapping::detail
