#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <optional>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/schema_definition.hpp>
#include <sql2ldap/mapping/detail/builder.hpp>
#include <sql2ldap/mapping/detail/check.hpp>
#include <sql2ldap/mapping/detail/nearest.hpp>
#include <sql2ldap/mapping/detail/stages.hpp>

namespace sql2ldap::mapping::detail {

namespace {

constexpr std::array misc_names = {"inetLocalMailRecipient", "nisMailAlias",    "mailLocalAddress", "mailHost",
                                   "mailRoutingAddress",     "rfc822MailMember"};

// Which file of slapd, or of ours, defines a name that the server does not know.
std::string file_hint(std::string_view name, const model::schema& schema) {
  const bool ours = equal_ignoring_ascii_case(name.substr(0, 3), "s2l");
  if (ours && schema.find_class("s2lManaged") == nullptr) return "load sql2ldap.schema (or .ldif) into the server";
  for (const std::string_view known : misc_names) {
    if (equal_ignoring_ascii_case(name, known)) return "load misc.schema (or .ldif) of OpenLDAP into the server";
  }
  const model::schema& builtin = codec::builtin_schema();
  if (builtin.find_class(name) != nullptr ||
      (model::attribute_name::is_valid(name) && builtin.find_attribute(model::attribute_name(name)) != nullptr)) {
    return "load core, cosine and inetorgperson of OpenLDAP into the server";
  }
  return {};
}

bool may_give_several(const expression& e);

bool may_give_several(const pipeline& p) {
  bool several = p.rows != no_rows;
  for (const text_piece& piece : p.pieces) {
    several = several || (!piece.placeholder.empty() && may_give_several(piece.placeholder.front()));
  }
  for (const expression& inner : p.nested) several = several || may_give_several(inner);
  for (const stage& s : p.stages) {
    const stage_facts& f = facts_of(s.kind);
    const bool one = s.kind == stage_kind::first || s.kind == stage_kind::last || s.kind == stage_kind::join ||
                     s.kind == stage_kind::present || s.kind == stage_kind::conjunction ||
                     s.kind == stage_kind::disjunction;
    // A list that is searched by pattern usually has one such value: no warning for that.
    const bool chosen = s.kind == stage_kind::match || s.kind == stage_kind::drop;
    if (one || chosen) several = false;
    if (f.several) several = true;
    if (s.kind == stage_kind::otherwise) {
      for (const expression& e : s.arguments) several = several || may_give_several(e);
    }
  }
  return several;
}

bool may_give_several(const expression& e) {
  return e.parts.size() > 1 || (!e.parts.empty() && may_give_several(e.parts.front()));
}

class schema_check {
 public:
  schema_check(const program& p, const model::schema& schema) : program_(p), schema_(schema) {}

  diagnostics run() {
    for (const kind_program& k : program_.kinds) check(k);
    return std::move(out_);
  }

 private:
  void error(position at, std::string message, std::string hint = {}) {
    out_.push_back({diagnostic::severity::error, at, std::move(message), std::move(hint)});
  }
  void warning(position at, std::string message, std::string hint = {}) {
    out_.push_back({diagnostic::severity::warning, at, std::move(message), std::move(hint)});
  }

  void check(const kind_program& k) {
    const bool classes_known = check_classes(k);
    for (const assignment_rule& a : k.rdn) check_attribute(k, a.names.front(), a.at, false, classes_known);
    for (const step& s : k.steps) {
      if (const auto* const a = std::get_if<assignment_rule>(&s)) {
        for (const model::attribute_name n : a->emitted) {
          check_attribute(k, n, a->at, may_give_several(a->value), classes_known);
        }
        for (const model::attribute_name n : a->names) {
          if (std::find(a->emitted.begin(), a->emitted.end(), n) == a->emitted.end()) check_single(n, a->at, true);
        }
        continue;
      }
      for (const partition_branch& b : std::get<partition_rule>(s).branches) {
        const bool one = !b.stages.empty() &&
                         (b.stages.front().kind == stage_kind::present || b.stages.back().kind == stage_kind::first ||
                          b.stages.back().kind == stage_kind::join);
        check_attribute(k, b.name, b.at, !one, classes_known);
      }
    }
    if (classes_known) check_musts(k);
  }

  bool check_classes(const kind_program& k) {
    std::vector<const model::object_class*> structural;
    bool all_known = true;
    for (const std::string& name : k.info.classes) {
      const auto written = std::find_if(k.class_positions.begin(), k.class_positions.end(),
                                        [&](const auto& c) { return c.first == name; });
      const position at = written == k.class_positions.end() ? k.at : written->second;
      const model::object_class* const found = schema_.find_class(name);
      if (found == nullptr) {
        std::vector<std::string> known;
        for (const model::object_class& c : schema_.object_classes()) {
          known.insert(known.end(), c.names.begin(), c.names.end());
        }
        std::string hint = file_hint(name, schema_);
        if (hint.empty()) hint = suggestion(name, known);
        error(at, fmt::format("the server knows no class `{}`", name), std::move(hint));
        all_known = false;
      } else if (found->type == model::object_class::kind::structural) {
        structural.push_back(found);
      }
    }
    if (!all_known) return false;
    // RFC 4512, 2.4.2: one chain of structural classes; others than the chain's end must lie above it.
    const bool one_chain = std::any_of(structural.begin(), structural.end(), [&](const model::object_class* last) {
      return std::all_of(structural.begin(), structural.end(),
                         [&](const model::object_class* c) { return c == last || is_above(*c, *last); });
    });
    if (structural.empty()) {
      error(k.at, fmt::format("`{}` has no structural class", k.info.name), "add one, for instance inetOrgPerson");
    } else if (!one_chain) {
      error(k.at, fmt::format("`{}` has several structural classes, and none is above the others", k.info.name));
    }
    return true;
  }

  bool is_above(const model::object_class& upper, const model::object_class& lower, std::size_t depth = 0) const {
    constexpr std::size_t depth_max = 32;  // a server's own schema has no cycles, a broken one may
    if (depth > depth_max) return false;
    return std::any_of(lower.sup.begin(), lower.sup.end(), [&](const std::string& name) {
      const model::object_class* const sup = schema_.find_class(name);
      return sup != nullptr && (sup == &upper || is_above(upper, *sup, depth + 1));
    });
  }

  void check_attribute(const kind_program& k, model::attribute_name name, position at, bool several,
                       bool classes_known) {
    const model::attribute_type* const type = schema_.find_attribute(name);
    if (type == nullptr) {
      std::vector<std::string> known;
      for (const model::attribute_type& a : schema_.attribute_types()) {
        known.insert(known.end(), a.names.begin(), a.names.end());
      }
      std::string hint = file_hint(name.text(), schema_);
      if (hint.empty()) hint = suggestion(name.text(), known);
      error(at, fmt::format("the server knows no attribute `{}`", name.text()), std::move(hint));
      return;
    }
    if (!type->user_modification) error(at, fmt::format("`{}` is set by the server alone", name.text()));
    if (classes_known && !schema_.allows(k.info.classes, name)) {
      error(at, fmt::format("no class of `{}` allows the attribute `{}`", k.info.name, name.text()));
    }
    check_single(name, at, several);
  }

  void check_single(model::attribute_name name, position at, bool several) {
    if (!several || !schema_.single_value(name)) return;
    warning(at, fmt::format("`{}` holds one value, but this may give several", name.text()),
            "add `| first`, or join them with `| join(\",\")`");
  }

  // Where an attribute stands that may be left out.
  template <typename Predicate>
  static std::optional<position> omission(const kind_program& k, const Predicate& same) {
    for (const step& s : k.steps) {
      if (const auto* const a = std::get_if<assignment_rule>(&s)) {
        if (a->on_error == error_policy::omit && std::any_of(a->names.begin(), a->names.end(), same)) return a->at;
        continue;
      }
      for (const partition_branch& b : std::get<partition_rule>(s).branches)
        if (b.on_error == error_policy::omit && same(b.name)) return b.at;
    }
    return std::nullopt;
  }

  void check_musts(const kind_program& k) {
    for (const model::attribute_name must : schema_.must_of(k.info.classes)) {
      if (must == model::names::object_class || must == model::names::origin) continue;
      const model::attribute_type* const wanted = schema_.find_attribute(must);
      const auto same = [&](model::attribute_name n) {
        return n == must || (wanted != nullptr && schema_.find_attribute(n) == wanted);
      };
      const bool mapped = std::any_of(k.info.attributes.begin(), k.info.attributes.end(), same) ||
                          std::any_of(k.info.initial.begin(), k.info.initial.end(), same);
      if (!mapped)
        error(k.at, fmt::format("the classes of `{}` demand `{}`, which is not mapped", k.info.name, must.text()));
      if (const std::optional<position> omitted = omission(k, same))
        error(*omitted,
              fmt::format("the classes of `{}` demand `{}`, so it cannot be left out on an error", k.info.name,
                          must.text()),
              "take `on error omit` away");
    }
  }

  const program& program_;
  const model::schema& schema_;
  diagnostics out_;
};

}  // namespace

diagnostics check_schema(const program& p, const model::schema& schema) { return schema_check(p, schema).run(); }

}  // namespace sql2ldap::mapping::detail
