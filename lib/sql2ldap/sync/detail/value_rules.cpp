#include <sql2ldap/sync/detail/value_rules.hpp>

#include <algorithm>

namespace sql2ldap::sync {

const value_rules::rule& value_rules::learn(model::attribute_name name) {
  if (name.id() >= rules_.size()) rules_.resize(name.id() + 1);
  rule& out = rules_[name.id()];
  out.known = true;
  out.equality = schema_->equality_of(name);
  out.single_value = schema_->single_value(name);
  if (const model::attribute_type* type = schema_->find_attribute(name)) {
    out.checked = true;
    out.syntax = type->syntax;
  }
  return out;
}

// Most attributes have few values, where looking through a list is the fastest.
bool value_rules::first_time(digest128 value, std::size_t values) {
  constexpr std::size_t few = 16;
  if (values <= few) {
    if (std::find(seen_.begin(), seen_.end(), value) != seen_.end()) return false;
    seen_.push_back(value);
    return true;
  }
  if (seen_.empty()) {
    seen_many_.clear();
    seen_.push_back(value);
  }
  return seen_many_.insert(value).second;
}

std::vector<value_rules::objection> value_rules::settle(const model::entry*& content, model::entry& spare) {
  const model::entry& in = *content;
  std::vector<objection> out;
  bool any_dropped = false;
  std::size_t run_begin = 0;
  while (run_begin < in.size()) {
    const model::attribute_name name = in[run_begin].name;
    std::size_t run_end = run_begin + 1;
    while (run_end < in.size() && in[run_end].name == name) ++run_end;
    const rule r = rule_of(name);
    for (std::size_t i = run_begin; r.checked && i < run_end; ++i) {
      const std::string_view fault = model::syntax_objection(r.syntax, in[i].bytes);
      if (fault.empty()) continue;
      out.push_back({name, "a value of " + name.text() + " is not one the directory takes: " + std::string(fault)});
      break;
    }
    std::size_t kept = run_end - run_begin;
    if (kept > 1) {
      if (!any_dropped) dropped_.assign(in.size(), false);
      seen_.clear();
      for (std::size_t i = run_begin; i < run_end; ++i) {
        buffer_.clear();
        model::append_normalized(buffer_, r.equality, in[i].bytes);
        if (first_time(run_hash128(buffer_), run_end - run_begin)) continue;
        any_dropped = true;
        dropped_[i] = true;
        --kept;
      }
    }
    if (kept > 1 && r.single_value && (out.empty() || out.back().name != name))
      out.push_back({name, name.text() + " takes one value, but the row gives " + std::to_string(kept)});
    run_begin = run_end;
  }
  if (!any_dropped) return out;
  spare.clear();
  spare.set_dn(in.dn());
  for (std::size_t i = 0; i < in.size(); ++i)
    if (!dropped_[i]) spare.add(in[i].name, in[i].bytes);
  content = &spare;
  return out;
}

}  // namespace sql2ldap::sync
