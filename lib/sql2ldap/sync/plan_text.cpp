#include <sql2ldap/sync/plan_text.hpp>

#include <array>
#include <functional>

#include <sodium.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/password.hpp>

namespace sql2ldap::sync {
namespace {

constexpr std::size_t nonce_bytes = 16;
constexpr std::size_t digest_bytes = 16;
// Cheap enough for a plan of thousands, dear enough to make a word list slow.
constexpr unsigned long long clear_text_passes = 3;
constexpr std::size_t clear_text_memory = 1U << 20U;

bool is_clear(std::string_view value) { return value.starts_with(codec::clear_text_marker); }

std::string plain_digest(std::string_view bytes, std::string_view key) {
  std::string out(digest_bytes, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(out.data()), out.size(),
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                     reinterpret_cast<const unsigned char*>(key.data()), key.size());
  return out;
}

result<std::string> slow_digest(std::string_view clear, std::string_view salt_text, std::string_view key) {
  const std::string salt = plain_digest(salt_text, key);
  static_assert(digest_bytes == crypto_pwhash_SALTBYTES);
  std::string out(digest_bytes, '\0');
  if (crypto_pwhash(reinterpret_cast<unsigned char*>(out.data()), out.size(), clear.data(), clear.size(),
                    reinterpret_cast<const unsigned char*>(salt.data()), clear_text_passes, clear_text_memory,
                    crypto_pwhash_ALG_ARGON2ID13) != 0)
    return fail(error_kind::local, "not enough memory to make the digest of a password");
  return out;
}

using value_edit = std::function<result<void>(std::string& value)>;

// Runs `edit` over all passwords of a change, in order.
result<void> edit_passwords(model::change& what, const value_edit& edit) {
  if (auto* modify = std::get_if<model::modify_entry>(&what.what)) {
    for (model::modification& m : modify->modifications)
      if (m.name == model::names::user_password)
        for (std::string& v : m.values) S2L_TRY(edit(v));
  } else if (auto* add = std::get_if<model::add_entry>(&what.what)) {
    if (!add->content.has(model::names::user_password)) return {};
    model::entry out;
    out.set_dn(add->content.dn());
    for (std::size_t i = 0; i < add->content.size(); ++i) {
      std::string value(add->content[i].bytes);
      if (add->content[i].name == model::names::user_password) S2L_TRY(edit(value));
      out.add(add->content[i].name, value);
    }
    add->content = std::move(out);
  }
  return {};
}

}  // namespace

bool plan_header::take(std::string_view comment) {
  const std::size_t colon = comment.find(": ");
  if (colon == std::string_view::npos) return false;
  const std::string_view name = trimmed(comment.substr(0, colon));
  const std::string_view value = trimmed(comment.substr(colon + 2));
  const std::pair<std::string_view, std::string*> members[] = {{"mapping", &mapping},     {"fingerprint", &fingerprint},
                                                               {"base", &base},           {"source", &source},
                                                               {"directory", &directory}, {"nonce", &nonce}};
  for (const auto& [key, target] : members)
    if (name == key) {
      *target = value;
      return true;
    }
  if (name == "prune") {
    prune = value == "yes";
    return true;
  }
  if (name != "passwords") return false;
  secrets = value == "shown";
  return true;
}

plan_header header_of(const parties& who, bool secrets) {
  std::array<unsigned char, nonce_bytes> nonce{};
  randombytes_buf(nonce.data(), nonce.size());
  plan_header out;
  out.mapping = who.map.name();
  out.fingerprint = who.map.fingerprint();
  out.base = who.base.text();
  out.source = who.from.name();
  out.directory = who.to.name();
  out.nonce = codec::hex({reinterpret_cast<const char*>(nonce.data()), nonce.size()});
  out.secrets = secrets;
  return out;
}

std::string header_text(const plan_header& header) {
  std::string out = "version: 1\n# sql2ldap plan\n";
  const auto line = [&](std::string_view name, std::string_view value) {
    out.append("# ").append(name).append(": ");
    for (const char c : value) out += c == '\n' || c == '\r' ? ' ' : c;
    out += '\n';
  };
  line("mapping", header.mapping);
  line("fingerprint", header.fingerprint);
  line("base", header.base);
  line("source", header.source);
  line("directory", header.directory);
  line("nonce", header.nonce);
  line("passwords", header.secrets ? "shown" : "hidden");
  if (header.prune) line("prune", "yes");
  return out + "\n";
}

std::string closing_text(const counts& sums) {
  return "# add " + std::to_string(sums.added) + ", modify " + std::to_string(sums.modified) + ", rename " +
         std::to_string(sums.renamed) + ", delete " + std::to_string(sums.deleted) +
         (sums.disabled == 0 ? "" : ", disable " + std::to_string(sums.disabled)) + "; equal " +
         std::to_string(sums.equal) + ", foreign " + std::to_string(sums.foreign) + ", rejected " +
         std::to_string(sums.rejected) + "\n" + std::string(plan_end_line) + "\n";
}

result<model::change> redacted(const model::change& what, std::string_view nonce) {
  model::change out = what;
  const std::string about = what.origin + "\n" + std::string(what.dn());
  const value_edit hide = [&](std::string& value) -> result<void> {
    std::string digest;
    if (is_clear(value)) {
      S2L_TRY_ASSIGN(digest,
                     slow_digest(std::string_view(value).substr(codec::clear_text_marker.size()), about, nonce));
    } else {
      digest = plain_digest(about + "\n" + value, nonce);
    }
    value = std::string(redacted_marker) + codec::hex(digest);
    return {};
  };
  S2L_TRY(edit_passwords(out, hide));
  return out;
}

void take_planned_hashes(model::change& what, const model::change& planned) {
  std::vector<std::string> hashes;
  model::change copy = planned;
  const result<void> collected = edit_passwords(copy, [&](std::string& value) -> result<void> {
    hashes.push_back(value);
    return {};
  });
  std::size_t next = 0;
  const result<void> taken = edit_passwords(what, [&](std::string& value) -> result<void> {
    if (next < hashes.size() && is_clear(value) &&
        codec::password_matches(hashes[next], std::string_view(value).substr(codec::clear_text_marker.size())))
      value = hashes[next];
    ++next;
    return {};
  });
  S2L_ASSERT(collected && taken);
}

}  // namespace sql2ldap::sync
