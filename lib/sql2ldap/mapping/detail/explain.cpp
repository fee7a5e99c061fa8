#include <sql2ldap/mapping/detail/explain.hpp>

#include <optional>

#include <fmt/format.h>
#include <algorithm>
#include <cstdint>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/password.hpp>
#include <sql2ldap/mapping/detail/builder.hpp>

namespace sql2ldap::mapping::detail {

namespace {

constexpr std::string_view hidden = "(secret)";

std::string names_of(const assignment_rule& a) {
  std::string out;
  for (const model::attribute_name n : a.names) {
    if (!out.empty()) out += ", ";
    out += n.text();
  }
  return out;
}

std::string_view policy_text(error_policy policy) { return policy == error_policy::omit ? " on error omit" : ""; }

std::string pattern_text(const partition_rule& p, const partition_branch& b) {
  return fmt::format("partition {} {{ {} }}", p.text, b.text);
}

struct line_of_listing {
  std::string attribute;
  std::string sign;
  std::string expression;
  direction way;
};

}  // namespace

std::string shown(const program& p) {
  std::string out = fmt::format("mapping \"{}\"\n", p.name);
  for (const kind_program& k : p.kinds) {
    std::vector<line_of_listing> lines;
    for (const assignment_rule& a : k.rdn) lines.push_back({names_of(a) + " (rdn)", "=", a.text, a.way});
    for (const step& s : k.steps) {
      if (const auto* const a = std::get_if<assignment_rule>(&s)) {
        lines.push_back(
            {names_of(*a), a->initial ? "?=" : "=", a->text + std::string(policy_text(a->on_error)), a->way});
        continue;
      }
      const auto& part = std::get<partition_rule>(s);
      for (const partition_branch& b : part.branches)
        lines.push_back({b.name.text(), "=", pattern_text(part, b) + std::string(policy_text(b.on_error)), b.way});
    }
    std::size_t width = 0;
    for (const line_of_listing& l : lines) width = std::max(width, l.attribute.size());
    out += fmt::format("\n{} {}\n", k.info.name, k.info.table.empty() ? "(made)" : "from " + k.info.table);
    for (const line_of_listing& l : lines) {
      out += fmt::format("  {} {:<{}} {} {}", l.way.two_way ? "<->" : "-> ", l.attribute, width, l.sign, l.expression);
      if (!l.way.two_way) out += fmt::format("   # {}", l.way.reason);
      out += '\n';
    }
  }
  return out;
}

// ---- why --------------------------------------------------------------------------------------

namespace {

std::string for_people(const model::field& f, bool secret) {
  if (f.null) return "NULL";
  return secret ? fmt::format("(secret, {})", codec::stored_scheme(f.bytes)) : quoted_for_message(f.bytes);
}

void note_inputs(const kind_program& k, const row_set& rows, const expression& e, bool secret, trace& out) {
  std::vector<std::uint32_t> seen;
  for_each_pipeline(e, [&](const pipeline& p) {
    if (p.head != pipeline::head_kind::column) return;
    if (std::find(seen.begin(), seen.end(), p.column) != seen.end()) return;
    seen.push_back(p.column);
    const column_use& c = k.columns[p.column];
    const std::string name =
        c.main_table && !k.info.table.empty() ? fmt::format("{}.{}", k.info.table, c.column) : c.shown;
    if (c.source == 0) {
      out.inputs.emplace_back(name, for_people(rows.main[c.index], secret));
      return;
    }
    for (const model::row_view& row : rows.many[c.source - 1]) {
      out.inputs.emplace_back(name, for_people(row[c.index], secret));
    }
  });
}

void note_values(run& r, std::size_t first, bool secret, trace& out) {
  for (std::size_t i = first; i < r.values.size(); ++i) {
    if (r.values[i].empty()) continue;
    std::string value = secret ? std::string(hidden) : std::string(r.values[i]);
    if (secret || std::find(out.values.begin(), out.values.end(), value) == out.values.end()) {
      out.values.push_back(std::move(value));
    }
  }
}

trace explained(run& r, const row_set& rows, const assignment_rule& a) {
  trace out;
  out.attribute = names_of(a);
  out.line = a.line;
  out.expression = a.text + std::string(policy_text(a.on_error));
  r.secret = a.secret;
  r.column = no_column;
  r.values.clear();
  note_inputs(*r.kind, rows, a.value, a.secret, out);
  if (get(r, a.value)) {
    note_values(r, 0, a.secret, out);
    if (out.values.empty()) out.objection = "no value";
  } else {
    out.objection = r.reason;
  }
  return out;
}

void explain_partition(run& r, const row_set& rows, const partition_rule& p, std::vector<trace>& out) {
  r.secret = false;
  r.column = no_column;
  list values;
  const bool good = values_of(r, p.value, values);
  for (std::size_t b = 0; b < p.branches.size(); ++b) {
    trace t;
    t.attribute = p.branches[b].name.text();
    t.line = p.branches[b].line;
    t.expression = pattern_text(p, p.branches[b]) + std::string(policy_text(p.branches[b].on_error));
    note_inputs(*r.kind, rows, p.value, false, t);
    r.values.clear();
    bool fine = good;
    for (std::size_t i = 0; fine && i < values.size(); ++i) {
      std::size_t branch = 0;
      fine = branch_of(r, p, values[i], branch);
      if (fine && branch == b) r.values.push_back(values[i]);
    }
    fine = fine && get(r, p.branches[b].stages, 0);
    if (fine) {
      note_values(r, 0, false, t);
      if (t.values.empty()) t.objection = "no value";
    } else {
      t.objection = r.reason;
    }
    out.push_back(std::move(t));
  }
}

}  // namespace

std::vector<trace> explain(engine& e, std::size_t kind, const row_set& rows) {
  const kind_program& k = e.checked->kinds[kind];
  e.r.begin(k, rows.main, rows.many);
  std::vector<trace> out;
  for (const assignment_rule& a : k.rdn) out.push_back(explained(e.r, rows, a));
  for (const step& s : k.steps) {
    if (const auto* const a = std::get_if<assignment_rule>(&s)) {
      out.push_back(explained(e.r, rows, *a));
    } else {
      explain_partition(e.r, rows, std::get<partition_rule>(s), out);
    }
  }
  return out;
}

namespace {

// Of the parent that the row at hand names; nullopt when it gives no key, and the reason stands in e.r.
std::optional<std::vector<std::string>> parent_key_of(engine& e, std::size_t kind, const row_set& rows) {
  const kind_program& k = e.checked->kinds[kind];
  S2L_ASSERT(k.info.parent);
  e.r.begin(k, rows.main, rows.many);
  std::vector<std::string> key;
  for (const expression& part : k.parent_key) {
    list values;
    if (!values_of(e.r, part, values)) return std::nullopt;
    if (values.size() != 1) {
      e.r.reason = "the parent's key has no value";
      return std::nullopt;
    }
    key.emplace_back(values.front());
  }
  return key;
}

}  // namespace

std::string parent_origin(engine& e, std::size_t kind, const row_set& rows) {
  const std::optional<std::vector<std::string>> key = parent_key_of(e, kind, rows);
  if (!key || key->empty()) return {};
  std::string out = e.origins[*e.checked->kinds[kind].info.parent];
  for (std::size_t i = 0; i < key->size(); ++i) {
    if (i != 0) out += '/';
    append_origin_part(out, (*key)[i]);
  }
  return out;
}

bool make_parent(engine& e, std::size_t kind, const row_set& rows, model::entry& out, model::reject& why) {
  const kind_program& k = e.checked->kinds[kind];
  const std::optional<std::vector<std::string>> key = parent_key_of(e, kind, rows);
  if (!key) {
    why = {k.info.name, k.info.table, e.key, "", "", e.r.reason, k.info.line};
    return false;
  }
  const kind_program& parent = e.checked->kinds[*k.info.parent];
  std::vector<model::field> row(parent.queries.main.columns.size());
  for (std::size_t i = 0; i < key->size(); ++i) row[i] = {(*key)[i], false, false};
  const std::vector<std::vector<model::row_view>> no_rows_at_all(parent.queries.many.size());
  const std::string own_key = e.key;
  const std::string own_origin = e.origin;
  std::vector<attribute_failure> own_failures = std::move(e.failures);
  const bool good = e.make(*k.info.parent, row, no_rows_at_all, out, why);
  e.key = own_key;
  e.origin = own_origin;
  e.failures = std::move(own_failures);
  return good;
}

}  // namespace sql2ldap::mapping::detail
