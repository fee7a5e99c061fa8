#include <sql2ldap/serve/rehash.hpp>

#include <sql2ldap/codec/password_verify.hpp>

namespace sql2ldap::serve {

result<std::optional<model::change>> rehashed(const account& whose, const secret& password, codec::hash_scheme how) {
  using operation = model::modification::operation;
  for (const secret& stored : whose.passwords) {
    if (!codec::is_weak(stored.reveal())) continue;
    const auto verdict = codec::verify_password(stored.reveal(), password.reveal());
    if (verdict.now != codec::password_verdict::what::matches) continue;
    S2L_TRY_ASSIGN(std::string made, codec::hash_password(password.reveal(), how));
    const auto name = model::names::user_password;
    return model::change{"", model::modify_entry{whose.dn,
                                                 {{operation::remove, name, {std::string(stored.reveal())}},
                                                  {operation::add, name, {std::move(made)}}}}};
  }
  return std::nullopt;
}

}  // namespace sql2ldap::serve
