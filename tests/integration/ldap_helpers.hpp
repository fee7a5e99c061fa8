// Short words for the tests of the room ldap.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <sql2ldap/ldap/server.hpp>
#include <support/slapd.hpp>

namespace sql2ldap::test {

using attributes = std::vector<std::pair<std::string_view, std::string_view>>;

inline model::entry make_entry(std::string_view dn, const attributes& content) {
  model::entry made;
  made.set_dn(dn);
  for (const auto& [name, value] : content) made.add(model::attribute_name(name), value);
  return made;
}

inline model::change add(std::string_view dn, const attributes& content) {
  return {.origin = {}, .what = model::add_entry{make_entry(dn, content)}};
}

inline model::change add_unit(std::string_view name, std::string_view parent = slapd_server::suffix) {
  return add("ou=" + std::string(name) + "," + std::string(parent),
             {{"objectClass", "organizationalUnit"}, {"ou", name}});
}

inline model::change modify(std::string_view dn, std::vector<model::modification> how) {
  return {.origin = {}, .what = model::modify_entry{std::string(dn), std::move(how)}};
}

inline model::change remove(std::string_view dn) {
  return {.origin = {}, .what = model::delete_entry{std::string(dn)}};
}

inline ldap::options as_sync(const slapd_server& server) {
  ldap::options how;
  how.uri = server.ldapi();
  how.bind_dn = slapd_server::sync_dn;
  how.password = secret(std::string(slapd_server::password));
  return how;
}

inline std::unique_ptr<model::directory> connected(const ldap::options& how) {
  auto made = ldap::connect(how);
  if (!made) throw std::runtime_error(made.error().text());
  return std::move(*made);
}

// For tests of what is sent; those of what slapd makes of new attributes are in ldap_new_attributes_test.cpp.
inline void take_for_used(model::directory& in, const std::vector<model::change>& batch) {
  const auto session = in.session();
  if (!session) return;
  for (const model::change& one : batch)
    for (const model::attribute_name name : one.attributes()) (*session)->in_use.insert(name);
}

inline result<std::optional<model::refusal>> write_in_transaction(model::directory& to,
                                                                  const std::vector<model::change>& batch) {
  take_for_used(to, batch);
  return to.write(batch, true);
}

inline result<std::vector<model::entry>> read_all(model::directory& from, const model::search_request& what) {
  S2L_TRY_ASSIGN(auto stream, from.search(what));
  std::vector<model::entry> out;
  for (;;) {
    S2L_TRY_ASSIGN(const model::entry* one, stream->next());
    if (one == nullptr) return out;
    out.push_back(*one);
  }
}

inline result<std::vector<model::entry>> read_base(model::directory& from, std::string_view dn) {
  return read_all(from, {.base = std::string(dn), .scope = model::search_scope::base});
}

inline bool exists(model::directory& in, std::string_view dn) {
  auto found = read_base(in, dn);
  if (!found) throw std::runtime_error(found.error().text());
  return !found->empty();
}

inline std::vector<std::string> values(const model::entry& of, std::string_view name) {
  const auto views = of.values_of(model::attribute_name(name));
  return {views.begin(), views.end()};
}

// 0000, 0001...: units below `parent`.
inline std::vector<model::change> many_units(std::size_t count, std::string_view parent) {
  std::vector<model::change> out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(add_unit(fmt::format("{:06}", i), parent));
  }
  return out;
}

// For programs that never answer: the tests wait this long.
inline constexpr std::chrono::milliseconds short_time{400};
// No call of ours may take longer, however slow the machine; without a bound it would be for ever.
inline constexpr std::chrono::seconds bounded_time{30};

}  // namespace sql2ldap::test
