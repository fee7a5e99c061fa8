// What happened to a batch whose answer was lost.
#include <algorithm>
#include <cstdint>
#include <unordered_map>

#include <sql2ldap/base/overloaded.hpp>
#include <sql2ldap/sync/apply.hpp>

namespace sql2ldap::sync {
namespace {

std::string name_after(const model::rename_entry& r) {
  const std::string parent(r.new_superior.empty() ? model::parent_text(r.dn) : std::string_view(r.new_superior));
  return parent.empty() ? r.new_rdn : r.new_rdn + "," + parent;
}

bool holds(const model::entry& e, model::attribute_name name, std::string_view value, const model::schema& schema) {
  const std::vector<std::string_view> values = e.values_of(name);
  const model::matching_rule rule = schema.equality_of(name);
  return std::any_of(values.begin(), values.end(),
                     [&](std::string_view v) { return model::values_match(rule, v, value); });
}

bool shows(const model::entry& e, const model::modification& m, const model::schema& schema) {
  using operation = model::modification::operation;
  if (m.op == operation::remove)
    return m.values.empty() ? !e.has(m.name)
                            : std::none_of(m.values.begin(), m.values.end(),
                                           [&](const std::string& v) { return holds(e, m.name, v, schema); });
  if (m.op == operation::replace && e.has(m.name) && e.values_of(m.name).size() != m.values.size()) return false;
  return std::all_of(m.values.begin(), m.values.end(),
                     [&](const std::string& v) { return holds(e, m.name, v, schema); });
}

// Another entry may still stand where this one is to go.
bool is_of(const model::entry& e, const model::change& c) { return e.first_value_of(model::names::origin) == c.origin; }
bool sets_origin(const model::modify_entry& m) {
  return std::any_of(m.modifications.begin(), m.modifications.end(),
                     [](const model::modification& one) { return one.name == model::names::origin; });
}

class batch_reader {
 public:
  batch_reader(const std::vector<model::change>& batch, const model::schema& schema, const entry_reader& read)
      : batch_(batch), schema_(schema), read_(read) {}

  result<std::size_t> done() {
    // The effect of a change may be hidden by a later one of the same entry, so the last visible
    // effect counts, when nothing before it contradicts.
    std::vector<bool> visible;
    for (const model::change& c : batch_) {
      S2L_TRY_ASSIGN(const bool seen, looks_done(c));
      visible.push_back(seen);
    }
    for (std::size_t n = batch_.size(); n > 0; --n)
      if (visible[n - 1] && nothing_contradicts(visible, n)) return n;
    return 0;
  }

 private:
  result<const model::entry*> entry_at(const std::string& dn) {
    const auto [place, fresh] = seen_.try_emplace(model::dn_hash(dn));
    if (fresh) {
      S2L_TRY_ASSIGN(place->second, read_(dn));
    }
    return place->second ? &*place->second : nullptr;
  }

  result<bool> looks_done(const model::change& c) {
    return std::visit(overloaded{[&](const model::add_entry& a) -> result<bool> {
                                   S2L_TRY_ASSIGN(const model::entry* e, entry_at(std::string(a.content.dn())));
                                   if (e == nullptr) return false;
                                   // Who may not read passwords cannot see whether one was written.
                                   const bool blind = !e->has(model::names::user_password);
                                   for (std::size_t i = 0; i < a.content.size(); ++i)
                                     if (!(blind && a.content[i].name == model::names::user_password) &&
                                         !holds(*e, a.content[i].name, a.content[i].bytes, schema_))
                                       return false;
                                   return true;
                                 },
                                 [&](const model::modify_entry& m) -> result<bool> {
                                   S2L_TRY_ASSIGN(const model::entry* e, entry_at(m.dn));
                                   if (e == nullptr || (!sets_origin(m) && !is_of(*e, c))) return false;
                                   return std::all_of(
                                       m.modifications.begin(), m.modifications.end(),
                                       [&](const model::modification& one) { return shows(*e, one, schema_); });
                                 },
                                 [&](const model::rename_entry& r) -> result<bool> {
                                   S2L_TRY_ASSIGN(const model::entry* e, entry_at(name_after(r)));
                                   return e != nullptr && is_of(*e, c);
                                 },
                                 [&](const model::delete_entry& d) -> result<bool> {
                                   S2L_TRY_ASSIGN(const model::entry* e, entry_at(d.dn));
                                   return e == nullptr;
                                 }},
                      c.what);
  }

  [[nodiscard]] static std::vector<std::uint64_t> names_of(const model::change& c) {
    std::vector<std::uint64_t> out = {model::dn_hash(c.dn())};
    if (const auto* r = std::get_if<model::rename_entry>(&c.what)) out.push_back(model::dn_hash(name_after(*r)));
    return out;
  }

  [[nodiscard]] bool nothing_contradicts(const std::vector<bool>& visible, std::size_t n) const {
    dn_set later;
    for (std::size_t i = n; i-- > 0;) {
      const std::vector<std::uint64_t> names = names_of(batch_[i]);
      const bool hidden =
          std::any_of(names.begin(), names.end(), [&](std::uint64_t name) { return later.contains(name); });
      if (!visible[i] && !hidden) return false;
      for (const std::uint64_t name : names) later.insert(name);
    }
    return true;
  }

  const std::vector<model::change>& batch_;
  const model::schema& schema_;
  const entry_reader& read_;
  std::unordered_map<std::uint64_t, std::optional<model::entry>> seen_;
};

}  // namespace

result<std::size_t> changes_done(const std::vector<model::change>& batch, const model::schema& schema,
                                 const entry_reader& read) {
  return batch_reader(batch, schema, read).done();
}

}  // namespace sql2ldap::sync
