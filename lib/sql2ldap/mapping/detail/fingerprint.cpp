#include <sql2ldap/mapping/detail/fingerprint.hpp>

#include <sodium.h>

#include <array>

#include <sql2ldap/codec/base64.hpp>

namespace sql2ldap::mapping::detail {

namespace {

// Rises when the program begins to make other entries from the same text.
constexpr std::string_view meaning_version = "1";

void strip_comments(syntax::file& tree) {
  tree.notes = {};
  tree.closing.clear();
  for (auto& item : tree.items) {
    std::visit([](auto& node) { node.notes = {}; }, item);
    auto* const e = std::get_if<syntax::entry>(&item);
    if (e == nullptr) continue;
    e->closing.clear();
    for (syntax::statement& s : e->statements) s.notes = {};
  }
}

}  // namespace

std::string fingerprint_of(syntax::file tree, const std::vector<parameter_info>& parameters) {
  strip_comments(tree);
  constexpr std::size_t digest_bytes = 16;
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, digest_bytes);
  // Every part with its length in front, so that no two lists of parts run together.
  const auto add = [&](std::string_view part) {
    const std::string head = std::to_string(part.size()) + ":";
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(head.data()), head.size());
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.data()), part.size());
  };
  add(meaning_version);
  add(syntax::print(tree));
  for (const parameter_info& p : parameters) {
    add(p.name);
    add(p.value);
  }
  std::array<unsigned char, digest_bytes> digest{};
  crypto_generichash_final(&state, digest.data(), digest.size());
  return codec::hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace sql2ldap::mapping::detail
