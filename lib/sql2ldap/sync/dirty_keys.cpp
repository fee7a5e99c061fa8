#include <sql2ldap/sync/dirty_keys.hpp>

#include <algorithm>
#include <utility>
#include <variant>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>

namespace sql2ldap::sync {

void dirty_keys::add(const dirty_keys& others) {
  everything_ = everything_ || others.everything_;
  unread_.insert(others.unread_.begin(), others.unread_.end());
  for (std::size_t kind = 0; kind < keys_.size(); ++kind)
    for (const mapping::key_values& key : others.keys_[kind]) add(kind, key);
}

bool dirty_keys::overlaps(const dirty_keys& other) const {
  if (everything_ || other.everything_) return true;
  for (std::size_t kind = 0; kind < keys_.size(); ++kind)
    for (const mapping::key_values& key : keys_[kind])
      if (other.contains(kind, key)) return true;
  return false;
}

namespace {

void note_unread_keys(const mapping::mapping& map, const model::row_image& row, dirty_keys& out) {
  const std::set<std::string> keys = map.noted({row.schema, row.table, ""}).keys;
  const bool all_readable = std::all_of(keys.begin(), keys.end(), [&](const std::string& name) {
    const auto column = row.columns.find(name);
    return column == row.columns.end() ||
           (column->second && is_utf8(*column->second) && column->second->find('\0') == std::string::npos);
  });
  if (all_readable) return;
  for (std::size_t kind = 0; kind < map.kinds().size(); ++kind)
    if (map.kinds()[kind].table == row.table) out.add_unread(kind);
}

}  // namespace

result<void> add_touched(const mapping::mapping& map, const model::row_image& row, model::snapshot& after,
                         dirty_keys& out) {
  note_unread_keys(map, row, out);
  for (const mapping::touched& t : map.touched_by(row)) {
    if (out.everything()) return {};
    if (std::holds_alternative<mapping::everything>(t.which)) {
      out.add_everything();
    } else if (const auto* key = std::get_if<mapping::key_values>(&t.which)) {
      out.add(t.kind, *key);
    } else {
      S2L_TRY_ASSIGN(const auto rows, after.rows(std::get<model::query>(t.which)));
      while (true) {
        S2L_TRY_ASSIGN(const auto found, rows->next());
        if (!found) break;
        mapping::key_values key_of_row;
        for (const model::field& f : *found) {
          if (f.null) break;
          key_of_row.emplace_back(f.bytes);
        }
        if (key_of_row.size() == found->size()) out.add(t.kind, std::move(key_of_row));
      }
    }
    if (out.size() > limits::keys_reread_max) out.add_everything();
  }
  return {};
}

bool needs_old_rows(const mapping::mapping& map, const model::table_info& table) {
  model::row_image key{table.schema, table.name, {}};
  for (const std::string& column : table.primary_key) key.columns.emplace(column, "");
  const auto touched = map.touched_by(key);
  return std::any_of(touched.begin(), touched.end(), [](const mapping::touched& one) {
    return std::holds_alternative<mapping::everything>(one.which);
  });
}

}  // namespace sql2ldap::sync
