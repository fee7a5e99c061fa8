// Which expressions can be written back, and why the others cannot.
#include <algorithm>

#include <sql2ldap/mapping/detail/builder.hpp>
#include <sql2ldap/mapping/detail/stages.hpp>

namespace sql2ldap::mapping::detail {

bool is_constant(const expression& e) {
  bool constant = true;
  for_each_pipeline(e, [&](const pipeline& p) { constant = constant && p.head != pipeline::head_kind::column; });
  return constant;
}

bool is_secret(const expression& e) {
  bool secret = false;
  for_each_pipeline(e, [&](const pipeline& p) {
    for (const stage& s : p.stages) secret = secret || s.kind == stage_kind::password;
  });
  return secret;
}

bool reads_only_keys(const kind_program& kind, const expression& e) {
  bool keys = true;
  for_each_pipeline(e, [&](const pipeline& p) {
    if (p.head == pipeline::head_kind::column) keys = keys && kind.columns[p.column].key;
  });
  return keys;
}

namespace {

direction one_way(std::string reason) { return {false, std::move(reason)}; }

// Of several sources exactly one may be written; key columns count only when nothing else does.
template <typename T, typename F>
direction one_of(const kind_program& kind, const std::vector<T>& parts, const F& expression_of,
                 const std::string& too_many) {
  std::size_t writable = 0;
  std::size_t key_only = 0;
  direction first_reason = one_way("a constant");
  bool has_reason = false;
  for (const T& part : parts) {
    const expression* const e = expression_of(part);
    if (e == nullptr || is_constant(*e)) continue;
    const direction d = direction_of(kind, *e);
    if (d.two_way) {
      ++writable;
      if (reads_only_keys(kind, *e)) ++key_only;
    } else if (!has_reason) {
      first_reason = d;
      has_reason = true;
    }
  }
  if (writable == 1 || writable - key_only == 1) return {};
  return writable == 0 ? first_reason : one_way(too_many);
}

}  // namespace

direction direction_of(const kind_program& kind, const pipeline& p) {
  for (const stage& s : p.stages) {
    const stage_facts& f = facts_of(s.kind);
    if (!f.one_way.empty()) return one_way(std::string(f.one_way));
    if (s.kind == stage_kind::map && s.remaining) return one_way("`else` of map(...) forgets the value");
  }
  switch (p.head) {
    case pipeline::head_kind::column:
      if (p.source != 0) return one_way("`" + kind.columns[p.column].alias + "` comes from a `many`: one row each");
      if (kind.columns[p.column].shared) {
        return one_way("the row of `" + kind.columns[p.column].alias + "` may belong to other entries, too");
      }
      return {};
    case pipeline::head_kind::constant:
      return one_way("a constant");
    case pipeline::head_kind::name:
      return one_way("the DN of another entry");
    case pipeline::head_kind::nested:
      return direction_of(kind, p.nested.front());
    case pipeline::head_kind::text: {
      for (const text_piece& piece : p.pieces) {
        if (!piece.placeholder.empty() && piece.placeholder.front().rows != no_rows) {
          return direction_of(kind, piece.placeholder.front());
        }
      }
      return one_of(
          kind, p.pieces,
          [](const text_piece& piece) { return piece.placeholder.empty() ? nullptr : &piece.placeholder.front(); },
          "several columns in one text");
    }
  }
  return {};
}

direction direction_of(const kind_program& kind, const expression& e) {
  if (e.parts.size() == 1) return direction_of(kind, e.parts.front());
  std::vector<expression> parts;
  for (const pipeline& p : e.parts) parts.push_back({{p}, no_rows, false});
  return one_of(
      kind, parts, [](const expression& part) { return &part; }, "several columns feed one list");
}

}  // namespace sql2ldap::mapping::detail
