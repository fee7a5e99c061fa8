#include <sql2ldap/codec/sasl.hpp>

#include <sql2ldap/codec/detail/scram.hpp>
#include <sql2ldap/codec/user_name.hpp>

namespace sql2ldap::codec::sasl {

namespace {

step checked(std::string user, std::string_view password) {
  if (!is_possible_user_name(user)) return failure{failure::what::bad_name, {}};
  if (password.empty()) return failure{failure::what::no_password, std::move(user)};
  if (password.find('\0') != std::string_view::npos) return failure{failure::what::malformed, std::move(user)};
  return credentials{std::move(user), secret(std::string(password))};
}

class plain final : public exchange {
 public:
  step take(std::optional<std::string_view> response) override {
    if (!response && !asked_) {
      asked_ = true;
      return challenge{};
    }
    // RFC 4616: for whom, NUL, who, NUL, the password.
    const std::string_view all = response.value_or(std::string_view());
    const std::size_t first = all.find('\0');
    const std::size_t second = first == std::string_view::npos ? first : all.find('\0', first + 1);
    if (second == std::string_view::npos || all.find('\0', second + 1) != std::string_view::npos)
      return failure{failure::what::malformed, {}};
    const std::string_view as = all.substr(0, first);
    const std::string_view who = all.substr(first + 1, second - first - 1);
    // doveadm names the user in both places.
    if (!as.empty() && as != who) {
      const bool possible = is_possible_user_name(who);
      return failure{failure::what::other_authorization, possible ? std::string(who) : std::string()};
    }
    return checked(std::string(who), all.substr(second + 1));
  }

 private:
  bool asked_ = false;
};

class login final : public exchange {
 public:
  step take(std::optional<std::string_view> response) override {
    switch (now_) {
      case state::begun:
        now_ = state::wants_name;
        if (!response || response->empty()) return challenge{"Username:"};
        [[fallthrough]];
      case state::wants_name:
        user_ = response.value_or(std::string_view());
        now_ = state::wants_password;
        return challenge{"Password:"};
      case state::wants_password:
        break;
    }
    return checked(user_, response.value_or(std::string_view()));
  }

 private:
  enum class state { begun, wants_name, wants_password };
  state now_ = state::begun;
  std::string user_;
};

}  // namespace

step exchange::give(const scram_secret&) { return failure{failure::what::malformed, {}}; }

std::vector<std::string> mechanisms(bool with_scram) {
  std::vector<std::string> out = {"PLAIN", "LOGIN"};
  if (with_scram) {
    for (const scram_hash hash : {scram_hash::sha1, scram_hash::sha256}) out.emplace_back(scram_name(hash));
  }
  return out;
}

std::unique_ptr<exchange> start(std::string_view name, std::string nonce) {
  if (name == "PLAIN") return std::make_unique<plain>();
  if (name == "LOGIN") return std::make_unique<login>();
  for (const scram_hash hash : {scram_hash::sha1, scram_hash::sha256}) {
    if (name == scram_name(hash)) return detail::start_scram(hash, std::move(nonce));
  }
  return nullptr;
}

}  // namespace sql2ldap::codec::sasl
