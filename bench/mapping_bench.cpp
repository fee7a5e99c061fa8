// The inner loop of every command: rows to entries, with the mapping of PostfixAdmin.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sql2ldap/mapping/mapping.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace sql2ldap {
namespace {

mapping::mapping postfixadmin() {
  const auto file = std::filesystem::path(S2L_SOURCE_DIR) / "mappings" / "postfixadmin.map";
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  auto m = mapping::mapping::parse(text.str());
  if (!m) std::abort();
  return std::move(*m);
}

using cells = std::map<std::string, std::string>;

std::vector<model::field> row_of(const model::query& q, const cells& values) {
  std::vector<model::field> out;
  for (const model::column_ref& c : q.columns) {
    const auto found = values.find(c.alias + "." + c.column);
    out.push_back(found == values.end() ? model::field{} : model::field{found->second, false, false});
  }
  return out;
}

void make_entries(benchmark::State& state, const cells& values, std::size_t alias_domains) {
  const mapping::mapping m = postfixadmin();
  std::size_t kind = 0;
  while (m.kinds()[kind].name != "account") ++kind;
  const std::vector<model::field> main = row_of(m.queries(kind).main, values);
  const std::vector<model::field> joined = row_of(m.queries(kind).many.front(), values);
  const std::vector<std::vector<model::row_view>> many = {{alias_domains, model::row_view(joined)}};
  mapping::evaluator run(m, *model::dn::parse("dc=example,dc=org"));
  model::entry entry;
  model::reject why;
  for (auto _ : state) {
    if (run.make(kind, {main, many}, entry, why) != mapping::evaluator::outcome::made) std::abort();
    benchmark::DoNotOptimize(entry.size());
  }
  state.SetItemsProcessed(state.iterations());
}

cells account() {
  return {{"m.username", "user000123@example-17.org"},
          {"m.domain", "example-17.org"},
          {"m.local_part", "user000123"},
          {"m.name", "User Number 123"},
          {"m.password", "{SSHA512}" + std::string(96, 'A')},
          {"m.active", "t"},
          {"m.quota", "1024000000"},
          {"m.maildir", "example-17.org/user000123/"},
          {"a.goto", "user000123@example-17.org"},
          {"d.alias_domain", "alias-17.org"}};
}

void plain_account(benchmark::State& state) { make_entries(state, account(), 0); }
BENCHMARK(plain_account);

void account_with_forwards_and_alias_domain(benchmark::State& state) {
  cells row = account();
  row["a.goto"] = "user000123@example-17.org,other@example-3.org,third@example-4.org";
  make_entries(state, row, 1);
}
BENCHMARK(account_with_forwards_and_alias_domain);

void account_with_letters_to_fold(benchmark::State& state) {
  cells row = account();
  row["m.username"] = "User000123@Example-17.Org";
  row["m.name"] = "Jürgen Groß";
  make_entries(state, row, 0);
}
BENCHMARK(account_with_letters_to_fold);

void parse_a_mapping(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(postfixadmin().kinds().size());
}
BENCHMARK(parse_a_mapping)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sql2ldap
