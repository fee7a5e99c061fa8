// All wanted entries as LDIF content records, for `slapadd -q`: without the line "version: 1", which
// slapadd takes for a part of the first entry.
#include <sql2ldap/codec/ldif.hpp>

#include <cstdint>
#include <sql2ldap/codec/password.hpp>
#include <sql2ldap/codec/schema_definition.hpp>
#include <sql2ldap/sync/sync.hpp>
#include <sql2ldap/sync/wanted.hpp>

namespace sql2ldap::sync {
namespace {

constexpr std::size_t buffer_bytes = 1U << 16U;  // stays in the cache, and is what a pipe takes
constexpr std::uint64_t progress_every = 4096;

// With clear-text passwords hashed; nothing is copied where there are none.
result<const model::entry*> ready(const model::entry& content, model::entry& spare) {
  const std::string_view password = content.first_value_of(model::names::user_password);
  if (!password.starts_with(codec::clear_text_marker)) return &content;
  S2L_TRY_ASSIGN(const std::string hash, codec::hash_password(password.substr(codec::clear_text_marker.size())));
  spare.clear();
  spare.set_dn(content.dn());
  for (std::size_t i = 0; i < content.size(); ++i)
    spare.add(content[i].name, content[i].bytes == password ? std::string_view(hash) : content[i].bytes);
  return &spare;
}

}  // namespace

result<counts> write_ldif(const mapping::mapping& map, model::source& from, const ldif_options& options,
                          const run_options& how, std::ostream& out) {
  S2L_TRY_ASSIGN(const auto snapshot, from.open_snapshot());
  wanted_options what;
  what.base = options.base;
  what.base_entry = options.base_entry;
  what.schema = &codec::builtin_schema();
  wanted_entries all(map, *snapshot, what, how.rejects);
  counts sums;
  model::entry spare;
  std::string text;
  text.reserve(buffer_bytes + (buffer_bytes >> 3U));
  const auto flush = [&]() -> result<void> {
    if (!out.write(text.data(), static_cast<std::streamsize>(text.size())))
      return fail(error_kind::local, "cannot write the LDIF");
    text.clear();
    return {};
  };
  while (true) {
    if (sums.added % progress_every == 0) {
      how.report({progress::phase::reading_source, sums.added, 0});
      if (how.stop()) return fail_transient(error_kind::local, "stopped on request; the LDIF is not complete");
    }
    S2L_TRY_ASSIGN(const std::optional<wanted> w, all.next());
    if (!w) break;
    S2L_TRY_ASSIGN(const model::entry* content, ready(*w->content, spare));
    codec::append_ldif(text, *content);
    ++sums.added;
    if (w->kind != container_kind) ++sums.wanted;
    if (text.size() >= buffer_bytes) S2L_TRY(flush());
  }
  S2L_TRY(flush());
  if (!out.flush()) return fail(error_kind::local, "cannot write the LDIF");
  sums.rejected = all.rejected();
  return sums;
}

}  // namespace sql2ldap::sync
