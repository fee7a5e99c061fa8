#include <sql2ldap/sql/detail/pg_transactions.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/overloaded.hpp>
#include <sql2ldap/sql/detail/pg_relations.hpp>
#include <sql2ldap/sql/detail/pg_values.hpp>

namespace sql2ldap::sql::detail {
namespace {

namespace pgoutput = codec::pgoutput;

std::chrono::system_clock::time_point time_of(std::int64_t microseconds_since_2000) {
  using namespace std::chrono;
  return system_clock::time_point(
      duration_cast<system_clock::duration>(microseconds(microseconds_since_2000) + seconds(seconds_1970_to_2000)));
}

}  // namespace

model::committed nothing_changed_up_to(std::uint64_t position) {
  model::committed out;
  out.position = position;
  out.time = std::chrono::system_clock::now();
  return out;
}

namespace {

std::uint32_t oid_of(const std::string& text) { return static_cast<std::uint32_t>(pg_number(text)); }

// Domains, enumerations, citext.
result<pg_text_forms> pg_text_forms_of(PGconn* session, const pg_address& address) {
  S2L_TRY_ASSIGN(const pg_rows types,
                 pg_ask(session,
                        "SELECT oid, CASE typtype WHEN 'd' THEN typbasetype ELSE 'text'::regtype END::oid FROM "
                        "pg_catalog.pg_type WHERE typtype IN ('d', 'e') OR (typtype = 'b' AND typname = 'citext')",
                        address));
  pg_text_forms out;
  for (const auto& type : types) out.emplace(oid_of(type[0]), oid_of(type[1]));
  // A domain may be one of a domain.
  for (auto& [type, form] : out)
    for (auto base = out.find(form); base != out.end(); base = out.find(form)) form = base->second;
  return out;
}

result<std::map<std::uint32_t, pg_table_shape>> shapes_of(PGconn* session, const pg_address& address,
                                                          const std::vector<model::table_ref>& tables) {
  S2L_TRY_ASSIGN(const auto followed, pg_followed_tables(session, address, tables));
  std::map<std::uint32_t, pg_table_shape> out;
  std::string oids;
  for (const pg_followed_table& table : followed) {
    oids += (oids.empty() ? "" : ", ") + table.root.oid;
    pg_table_shape& shape = out[oid_of(table.root.oid)];
    shape.schema = table.root.schema;
    shape.table = table.root.table;
    shape.is_partitioned = table.root.is_partitioned();
  }
  if (out.empty()) return out;
  S2L_TRY_ASSIGN(
      const pg_rows columns,
      pg_ask(session,
             fmt::format("SELECT a.attrelid, a.attname, a.atttypid, COALESCE(pg_catalog.to_jsonb(a) ->> "
                         "'attgenerated', '') <> '', EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = "
                         "a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey)) FROM pg_catalog.pg_attribute a "
                         "WHERE a.attrelid IN ({}) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, "
                         "a.attnum",
                         oids),
             address));
  for (const auto& column : columns) {
    pg_table_shape& shape = out[oid_of(column[0])];
    if (column[3] == "t")
      shape.generated.insert(column[1]);
    else
      shape.columns.emplace_back(column[1], oid_of(column[2]));
    if (column[4] == "t") shape.key.insert(column[1]);
  }
  return out;
}

// As the message has it; what a message does not have is that of `known`.
pg_table_shape shape_in(const pgoutput::relation& relation, const pg_table_shape& known) {
  pg_table_shape out = known;
  out.schema = relation.schema;
  out.table = relation.table;
  out.columns.clear();
  for (const pgoutput::column& column : relation.columns)
    if (!known.generated.contains(column.name)) out.columns.emplace_back(column.name, column.type_oid);
  return out;
}

}  // namespace

result<pg_stream_facts> pg_stream_facts_of(PGconn* session, const pg_address& address,
                                           const std::vector<model::table_ref>& tables) {
  pg_stream_facts out;
  S2L_TRY_ASSIGN(out.forms, pg_text_forms_of(session, address));
  S2L_TRY_ASSIGN(out.shapes, shapes_of(session, address, tables));
  return out;
}

result<std::optional<pg_transaction>> pg_transactions::take(std::string_view message) {
  using none = std::optional<pg_transaction>;
  S2L_TRY_ASSIGN(auto parsed, pgoutput::parse(message));
  return std::visit(overloaded{[&](const pgoutput::begin& b) -> result<none> {
                                 open_ = {};
                                 open_bytes_ = 0;
                                 differing_.clear();
                                 open_.what.time = time_of(b.commit_time_us);
                                 open_.id = b.xid;
                                 inside_ = true;
                                 return none();
                               },
                               [&](const pgoutput::commit& c) -> result<none> {
                                 inside_ = false;
                                 ended_ = c.end_lsn;
                                 open_.what.position = c.end_lsn;
                                 pg_transaction whole = std::exchange(open_, {});
                                 const bool changed = whole.what.everything || !whole.what.rows.empty();
                                 if (!changed || c.end_lsn <= known_) return none();
                                 accept_shapes();
                                 return none(std::move(whole));
                               },
                               [&](pgoutput::relation& r) -> result<none> {
                                 describe(std::move(r));
                                 return none();
                               },
                               [&](const pgoutput::row_change& change) -> result<none> {
                                 S2L_TRY(take_row(change));
                                 return none();
                               },
                               [&](const pgoutput::truncate&) -> result<none> {
                                 set_everything();
                                 return none();
                               },
                               [](const auto&) -> result<none> { return none(); }},
                    parsed);
}

void pg_transactions::describe(pgoutput::relation&& relation) {
  described out;
  const std::uint32_t oid = relation.oid;
  const auto known = facts_.shapes.find(oid);
  if (known != facts_.shapes.end()) {
    out.is_followed = true;
    pg_table_shape shape = shape_in(relation, known->second);
    out.differs = shape != known->second;
    if (out.differs) out.shape = std::move(shape);
    relation.is_partitioned = known->second.is_partitioned;
    // Its own identity says nothing of what its partitions log; each has the primary key.
    if (relation.is_partitioned)
      for (pgoutput::column& column : relation.columns) column.key = known->second.key.contains(column.name);
  } else {
    // A table that has or had the name of one that is followed.
    out.is_followed = out.differs = std::any_of(facts_.shapes.begin(), facts_.shapes.end(), [&](const auto& one) {
      return one.second.schema == relation.schema && one.second.table == relation.table;
    });
  }
  for (pgoutput::column& column : relation.columns)
    if (const auto form = facts_.forms.find(column.type_oid); form != facts_.forms.end())
      column.type_oid = form->second;
  out.relation = std::move(relation);
  tables_.insert_or_assign(oid, std::move(out));
}

// Everything is compared once with this transaction.
void pg_transactions::accept_shapes() {
  for (const std::uint32_t oid : differing_) {
    described& table = tables_.at(oid);
    if (!table.shape) continue;
    facts_.shapes[oid] = *std::move(table.shape);
    table.shape.reset();
    table.differs = false;
  }
}

void pg_transactions::set_everything() {
  open_.what.everything = true;
  open_.what.rows = {};
}

result<void> pg_transactions::take_row(const pgoutput::row_change& change) {
  const auto known = tables_.find(change.oid);
  if (known == tables_.end()) return fail(error_kind::source, "a change of a table that was not described");
  if (!known->second.is_followed) return {};
  if (known->second.differs) {
    differing_.insert(change.oid);
    set_everything();
  }
  // Nobody will look at its rows.
  if (open_.what.everything) return {};
  const pgoutput::relation& table = known->second.relation;
  using kind = pgoutput::row_change::what;
  const auto changed = pgoutput::changed_columns(table, change);
  const auto add = [&](model::row_image image) {
    image.changed = changed;
    add_row(std::move(image));
  };
  if (change.has_old != pgoutput::old_row::none)
    add(pgoutput::image_of_old(table, change.old, change.has_old == pgoutput::old_row::key));
  else if (change.kind == kind::update)
    // The old row had the same key; its other columns are not known.
    add(pgoutput::image_of(table, change.now, true));
  if (change.kind != kind::remove) add(pgoutput::image_of(table, change.now, false));
  return {};
}

void pg_transactions::add_row(model::row_image row) {
  model::committed& open = open_.what;
  if (open.everything) return;
  for (const auto& [name, value] : row.columns) open_bytes_ += value ? value->size() : 0;
  open.rows.push_back(std::move(row));
  if (open.rows.size() <= limits::feed_rows_max && open_bytes_ <= limits::feed_bytes_max) return;
  set_everything();
}

}  // namespace sql2ldap::sql::detail
