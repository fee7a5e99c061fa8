// dovecot's auth-userdb: where a user's mail is, and who the users are.
#include <utility>
#include <variant>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/overloaded.hpp>
#include <sql2ldap/codec/dovecot_userdb.hpp>
#include <sql2ldap/serve/detail/in_order_session.hpp>

namespace sql2ldap::serve::detail {

namespace {

namespace wire = codec::dovecot_userdb;

struct userdb_protocol {
  using request = wire::request;
  using found = std::string;  // the answer as it is written

  explicit userdb_protocol(const session_options& how) : process(how.process) {}
  [[nodiscard]] std::string greeting() const { return wire::greeting(process); }
  static void end() {}

  static bool is_slow(const request& what) { return std::holds_alternative<wire::list_users>(what); }

  static result<std::string> look_up(answers& from, const session_options& how, const request& what) {
    return std::visit(overloaded{
                          [&](const wire::find_user& asked) { return user(from, how, asked); },
                          [&](const wire::find_login& asked) { return login(from, asked); },
                          [&](const wire::list_users& asked) { return list(from, asked); },
                          [](const wire::flush_cache& asked) -> result<std::string> {
                            return wire::cache_flushed(asked.id, 0);  // nothing is kept that could be stale
                          },
                      },
                      what);
  }

  static codec::settled answer(const request&, const std::string& text) { return {text, false, {}}; }

  static codec::settled failed(const request& what) {
    return {std::visit(overloaded{
                           [](const wire::list_users& asked) { return wire::list_broken(asked.id); },
                           [](const auto& asked) { return wire::trouble(asked.id, try_later_text); },
                       },
                       what),
            false,
            {}};
  }

  static result<std::string> user(answers& from, const session_options& how, const wire::find_user& asked) {
    S2L_TRY_ASSIGN(const auto found, from.userdb_of(asked.name));
    if (!found) return wire::not_found(asked.id);
    if (!how.dovecot_24) return wire::user_found(asked.id, found->user, fields_of_dovecot_23(*found));
    S2L_TRY_ASSIGN(const auto fields, fields_of_dovecot_24(*found));
    return wire::user_found(asked.id, found->user, fields);
  }

  static result<std::string> login(answers& from, const wire::find_login& asked) {
    S2L_TRY_ASSIGN(const auto found, from.account_for_login({asked.name, asked.service, {}}));
    if (!found) return wire::not_found(asked.id);
    wire::fields fields;
    // From where is not told in this protocol; dovecot knows it, and looks.
    if (found->now == login_answer::verdict::wrong_network) {
      std::string nets;
      for (const std::string& one : found->who->allow_nets) nets += (nets.empty() ? "" : ",") + one;
      fields.emplace_back("allow_nets", std::move(nets));
    } else if (found->now != login_answer::verdict::allowed) {
      return wire::not_found(asked.id);
    }
    return wire::login_found(asked.id, found->who->login, fields);
  }

  static result<std::string> list(answers& from, const wire::list_users& asked) {
    std::string out;
    S2L_TRY(from.users([&](std::string_view name) {
      out += wire::listed(asked.id, name);
      return out.size() <= limits::listing_bytes_max;
    }));
    if (out.size() > limits::listing_bytes_max) return fail(error_kind::limit, "the list of users is too long");
    return out + wire::list_done(asked.id);
  }

  wire::session codec;
  std::uint32_t process;
};

}  // namespace

session_ptr start_userdb(desk_of_answers& desk, const session_options& how, client_door& to) {
  return std::make_shared<in_order_session<userdb_protocol>>(desk, how, to);
}

}  // namespace sql2ldap::serve::detail
