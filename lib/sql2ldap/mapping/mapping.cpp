#include <sql2ldap/mapping/mapping.hpp>

#include <algorithm>
#include <exception>

#include <sql2ldap/mapping/detail/builder.hpp>
#include <sql2ldap/mapping/detail/check.hpp>
#include <sql2ldap/mapping/detail/engine.hpp>
#include <sql2ldap/mapping/detail/explain.hpp>
#include <sql2ldap/mapping/detail/touched.hpp>
#include <sql2ldap/mapping/detail/write_back.hpp>
#include <sql2ldap/mapping/syntax.hpp>

namespace sql2ldap::mapping {

mapping::mapping(std::shared_ptr<const detail::program> checked) : program_(std::move(checked)) {}

tl::expected<mapping, diagnostics> mapping::parse(std::string_view text,
                                                  const std::map<std::string, std::string>& parameters) {
  auto tree = syntax::parse(text);
  if (!tree) return tl::make_unexpected(std::move(tree).error());
  auto checked = detail::resolve(*tree, text, parameters);
  if (!checked) return tl::make_unexpected(std::move(checked).error());
  return mapping(std::move(*checked));
}

const std::string& mapping::name() const noexcept { return program_->name; }
std::span<const kind_info> mapping::kinds() const noexcept { return program_->infos; }
std::span<const parameter_info> mapping::parameters() const noexcept { return program_->parameters; }
const kind_queries& mapping::queries(std::size_t kind) const noexcept { return program_->kinds[kind].queries; }
std::vector<table_use> mapping::tables() const { return program_->tables; }
diagnostics mapping::warnings() const { return program_->warnings; }
const std::string& mapping::fingerprint() const noexcept { return program_->fingerprint; }
std::vector<touched> mapping::touched_by(const model::row_image& row) const {
  return detail::touched_by(*program_, row);
}
noted_columns mapping::noted(const model::table_ref& table) const { return detail::noted(*program_, table); }
diagnostics mapping::check_tables(const model::catalog& tables) const {
  return detail::check_tables(*program_, tables);
}
diagnostics mapping::check_schema(const model::schema& schema) const { return detail::check_schema(*program_, schema); }
std::string mapping::shown() const { return detail::shown(*program_); }

// ---- evaluator --------------------------------------------------------------------------------

struct evaluator::state {
  state(std::shared_ptr<const detail::program> p, const model::dn& base) : engine(std::move(p), base) {}
  detail::engine engine;
  std::size_t kind = 0;  // of the last make(), for make_parent()
  row_set rows;
};

evaluator::evaluator(const mapping& m, model::dn base) : state_(std::make_unique<state>(m.program_, base)) {}
evaluator::evaluator(evaluator&&) noexcept = default;
evaluator::~evaluator() = default;

evaluator::outcome evaluator::make(std::size_t kind, const row_set& rows, model::entry& out, model::reject& why) {
  state_->kind = kind;
  state_->rows = rows;
  if (state_->engine.make(kind, rows.main, rows.many, out, why)) return outcome::made;
  return origin().empty() ? outcome::rejected : outcome::incomplete;
}

std::span<const attribute_failure> evaluator::failures() const noexcept { return state_->engine.failures; }

std::string evaluator::parent_origin() { return detail::parent_origin(state_->engine, state_->kind, state_->rows); }

evaluator::outcome evaluator::make_parent(model::entry& out, model::reject& why) {
  return detail::make_parent(state_->engine, state_->kind, state_->rows, out, why) ? outcome::made : outcome::rejected;
}

std::string_view evaluator::key_text() const noexcept { return state_->engine.key; }

std::string_view evaluator::origin() const noexcept { return state_->engine.origin; }

std::vector<trace> evaluator::explain(std::size_t kind, const row_set& rows) {
  return detail::explain(state_->engine, kind, rows);
}

result<std::vector<column_write>> evaluator::write_back(std::size_t kind, const row_set& old,
                                                        const model::entry& wanted) {
  return detail::write_back(state_->engine, kind, old, wanted);
}

std::string origin_of(std::string_view mapping, std::string_view kind, std::span<const std::string_view> key) {
  std::string out;
  detail::append_origin_part(out, mapping);
  out += '/';
  detail::append_origin_part(out, kind);
  for (const std::string_view part : key) {
    out += '/';
    detail::append_origin_part(out, part);
  }
  return out;
}

}  // namespace sql2ldap::mapping
