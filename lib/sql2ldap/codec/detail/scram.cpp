#include <sql2ldap/codec/detail/scram.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/detail/crypto.hpp>
#include <sql2ldap/codec/user_name.hpp>

namespace sql2ldap::codec::detail {

namespace {

using sasl::failure;
using sasl::step;

// "name=value" with the one letter that SCRAM's attributes have.
std::optional<std::string_view> attribute(std::string_view field, char name) {
  if (field.size() < 2 || field[0] != name || field[1] != '=') return std::nullopt;
  return field.substr(2);
}

// RFC 5802, 5.1: saslname.
std::optional<std::string> name_of(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      out += text[i];
      continue;
    }
    const std::string_view code = text.substr(i + 1, 2);
    if (code != "2C" && code != "3D") return std::nullopt;
    out += code == "2C" ? ',' : '=';
    i += 2;
  }
  return out;
}

bool is_nonce(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~' && c != ','; });
}

class scram final : public sasl::exchange {
 public:
  scram(scram_hash which, std::string nonce) : hash_(which), server_nonce_(std::move(nonce)) {}

  step take(std::optional<std::string_view> response) override {
    switch (now_) {
      case state::begun:
        if (!response) return sasl::challenge{};
        now_ = state::over;
        return take_first(*response);
      case state::asked:
        now_ = state::over;
        return response ? take_final(*response) : ended(failure::what::malformed);
      case state::waits_for_secret:
      case state::over:
        break;
    }
    now_ = state::over;
    return ended(failure::what::malformed);
  }

  step give(const scram_secret& stored) override {
    if (now_ != state::waits_for_secret || stored.hash != hash_) return ended(failure::what::malformed);
    secret_ = stored;
    server_first_ = "r=" + nonce_ + ",s=" + base64(secret_.salt) + ",i=" + std::to_string(secret_.iterations);
    now_ = state::asked;
    return sasl::challenge{server_first_};
  }

 private:
  enum class state { begun, waits_for_secret, asked, over };

  step ended(failure::what why) const { return failure{why, user_}; }

  step take_first(std::string_view message) {
    const std::vector<std::string_view> fields = split(message, ',');
    if (fields.size() < 4) return ended(failure::what::malformed);
    // "y" says that the client could bind channels and believes that we cannot, which is so.
    if (fields[0].starts_with("p=")) return ended(failure::what::channel_binding);
    if (fields[0] != "n" && fields[0] != "y") return ended(failure::what::malformed);
    const std::optional<std::string_view> as = attribute(fields[1], 'a');
    if (!as && !fields[1].empty()) return ended(failure::what::malformed);
    const std::optional<std::string_view> name = attribute(fields[2], 'n');  // "m=" is an extension that we do not know
    const std::optional<std::string_view> nonce = attribute(fields[3], 'r');
    if (!name || !nonce || !is_nonce(*nonce)) return ended(failure::what::malformed);
    const std::optional<std::string> user = name_of(*name);
    if (!user) return ended(failure::what::malformed);
    if (!is_possible_user_name(*user)) return ended(failure::what::bad_name);
    user_ = *user;
    if (as && name_of(*as) != user_) return ended(failure::what::other_authorization);
    header_ = message.substr(0, fields[0].size() + 1 + fields[1].size() + 1);
    client_first_bare_ = message.substr(header_.size());
    nonce_ = std::string(*nonce) + server_nonce_;
    now_ = state::waits_for_secret;
    return sasl::secret_wanted{user_, hash_};
  }

  step take_final(std::string_view message) {
    const std::size_t proof_at = message.rfind(",p=");
    if (proof_at == std::string_view::npos) return ended(failure::what::malformed);
    const std::string_view without_proof = message.substr(0, proof_at);
    const std::vector<std::string_view> fields = split(without_proof, ',');
    const std::optional<std::string> proof = from_base64(message.substr(proof_at + 3));
    if (fields.size() < 2 || attribute(fields[0], 'c') != base64(header_) || attribute(fields[1], 'r') != nonce_ ||
        !proof || proof->size() != scram_bytes(hash_)) {
      return ended(failure::what::malformed);
    }
    const std::string_view algorithm = scram_algorithm(hash_);
    const std::string spoken = client_first_bare_ + ',' + server_first_ + ',' + std::string(without_proof);
    std::string client_key = hmac(algorithm, secret_.stored_key, spoken);
    for (std::size_t i = 0; i < client_key.size(); ++i) client_key[i] = static_cast<char>(client_key[i] ^ (*proof)[i]);
    const bool right = equal_in_constant_time(digest_of(algorithm, client_key), secret_.stored_key);
    if (!right) return ended(failure::what::wrong_password);
    return sasl::success{user_, "v=" + base64(hmac(algorithm, secret_.server_key, spoken))};
  }

  scram_hash hash_;
  std::string server_nonce_;
  state now_ = state::begun;
  std::string user_;
  std::string header_;  // GS2
  std::string client_first_bare_;
  std::string server_first_;
  std::string nonce_;  // of both sides
  scram_secret secret_;
};

}  // namespace

std::unique_ptr<sasl::exchange> start_scram(scram_hash which, std::string nonce) {
  return std::make_unique<scram>(which, std::move(nonce));
}

}  // namespace sql2ldap::codec::detail
