#include <sql2ldap/sql/detail/pg_transactions.hpp>

#include <chrono>
#include <utility>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/overloaded.hpp>
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

result<pg_text_forms> pg_text_forms_of(PGconn* session, const pg_address& address) {
  S2L_TRY_ASSIGN(const pg_rows types,
                 pg_ask(session,
                        "SELECT oid, CASE typtype WHEN 'd' THEN typbasetype ELSE 'text'::regtype END::oid FROM "
                        "pg_catalog.pg_type WHERE typtype IN ('d', 'e') OR (typtype = 'b' AND typname = 'citext')",
                        address));
  pg_text_forms out;
  const auto oid = [](const std::string& text) { return static_cast<std::uint32_t>(pg_number(text)); };
  for (const auto& type : types) out.emplace(oid(type[0]), oid(type[1]));
  // A domain may be one of a domain.
  for (auto& [type, form] : out)
    for (auto base = out.find(form); base != out.end(); base = out.find(form)) form = base->second;
  return out;
}

result<std::optional<pg_transaction>> pg_transactions::take(std::string_view message) {
  using none = std::optional<pg_transaction>;
  S2L_TRY_ASSIGN(auto parsed, pgoutput::parse(message));
  return std::visit(overloaded{[&](const pgoutput::begin& b) -> result<none> {
                                 open_ = {};
                                 open_bytes_ = 0;
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
                                 return changed && c.end_lsn > known_ ? none(std::move(whole)) : none();
                               },
                               [&](pgoutput::relation& r) -> result<none> {
                                 for (pgoutput::column& column : r.columns)
                                   if (const auto form = forms_.find(column.type_oid); form != forms_.end())
                                     column.type_oid = form->second;
                                 const std::uint32_t oid = r.oid;
                                 tables_.insert_or_assign(oid, std::move(r));
                                 return none();
                               },
                               [&](const pgoutput::row_change& change) -> result<none> {
                                 S2L_TRY(take_row(change));
                                 return none();
                               },
                               [&](const pgoutput::truncate&) -> result<none> {
                                 open_.what.everything = true;
                                 open_.what.rows = {};
                                 return none();
                               },
                               [](const auto&) -> result<none> { return none(); }},
                    parsed);
}

result<void> pg_transactions::take_row(const pgoutput::row_change& change) {
  const auto known = tables_.find(change.oid);
  if (known == tables_.end()) return fail(error_kind::source, "a change of a table that was not described");
  // Nobody will look at its rows.
  if (open_.what.everything) return {};
  const pgoutput::relation& table = known->second;
  using kind = pgoutput::row_change::what;
  const auto changed = pgoutput::changed_columns(table, change);
  const auto told_row = [&](const pgoutput::tuple& row, bool key_only) {
    model::row_image image = pgoutput::image_of(table, row, key_only);
    image.changed = changed;
    add_row(std::move(image));
  };
  if (change.has_old != pgoutput::old_row::none)
    told_row(change.old, change.has_old == pgoutput::old_row::key);
  else if (change.kind == kind::update)
    // The old row had the same key; its other columns are not known.
    told_row(change.now, true);
  if (change.kind != kind::remove) told_row(change.now, false);
  return {};
}

void pg_transactions::add_row(model::row_image row) {
  model::committed& open = open_.what;
  if (open.everything) return;
  for (const auto& [name, value] : row.columns) open_bytes_ += value ? value->size() : 0;
  open.rows.push_back(std::move(row));
  if (open.rows.size() <= limits::feed_rows_max && open_bytes_ <= limits::feed_bytes_max) return;
  open.everything = true;
  open.rows = {};
}

}  // namespace sql2ldap::sql::detail
