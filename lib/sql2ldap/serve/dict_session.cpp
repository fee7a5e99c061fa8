// dovecot's dict: passdb and userdb as JSON (2.3), and Sieve scripts.
//
//   shared/passdb/NAME        {"password": "{SCHEME}...", ...}, in dovecot's own names; who may log in to some services
//                             only is not told here, since the service is not known: auth-client knows it
//   shared/userdb/NAME        {"uid": "...", "home": "...", ...}, and all of them below shared/userdb/
//   priv/sieve/name/SCRIPT    the id of the user's script, which changes with its text; any SCRIPT
//   priv/sieve/data/ID        the text as it is now
#include <algorithm>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/overloaded.hpp>
#include <sql2ldap/codec/dict.hpp>
#include <sql2ldap/serve/account.hpp>
#include <sql2ldap/serve/detail/in_order_session.hpp>

namespace sql2ldap::serve::detail {

namespace {

namespace wire = codec::dict;
using value = std::optional<std::string>;

constexpr std::string_view passdb_prefix = "shared/passdb/";
constexpr std::string_view userdb_prefix = "shared/userdb/";
constexpr std::string_view script_name_prefix = "priv/sieve/name/";
constexpr std::string_view script_data_prefix = "priv/sieve/data/";

// Pigeonhole 2.4 delivers no mail while a script that runs before the user's is not there.
constexpr std::string_view nothing_to_do_id = "none";
constexpr std::string_view nothing_to_do = "# nothing to do\n";

// Bytes that are not UTF-8 cannot stand in JSON; dovecot could not use them either.
result<std::string> json_text(const nlohmann::json& object) {
  try {
    return object.dump();
  } catch (const nlohmann::json::exception&) {
    return fail(error_kind::directory, "a value that is not UTF-8 cannot be told as JSON");
  }
}

// dovecot takes the name that was asked for unless it is told another.
void add_name(nlohmann::json& to, std::string_view asked, const std::string& login) {
  if (asked != login) to["user"] = login;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& one : parts) out += (out.empty() ? "" : ",") + one;
  return out;
}

result<value> passdb(answers& from, const codec::password_bounds& bounds, const std::string& name) {
  S2L_TRY_ASSIGN(const auto found, from.account_for_login({name, {}, {}}));
  if (!found) return value();
  nlohmann::json out = nlohmann::json::object();
  if (found->now == login_answer::verdict::wrong_network)
    out["allow_nets"] = joined(found->who->allow_nets);
  else if (found->now != login_answer::verdict::allowed)
    return value();
  S2L_TRY_ASSIGN(out["password"], password_for_dovecot(*found->who, bounds));
  add_name(out, name, found->who->login);
  return json_text(out).map([](std::string text) { return value(std::move(text)); });
}

result<value> userdb_object(answers& from, const session_options& how, const std::string& name) {
  S2L_TRY_ASSIGN(const auto found, from.userdb_of(name));
  if (!found) return value();
  field_list fields = fields_of_dovecot_23(*found);
  if (how.dovecot_24) {
    S2L_TRY_ASSIGN(fields, fields_of_dovecot_24(*found));
  }
  nlohmann::json out = nlohmann::json::object();
  for (const auto& [field, text] : fields) out[field] = text;
  add_name(out, name, found->user);
  return json_text(out).map([](std::string text) { return value(std::move(text)); });
}

// Which is no word on whether it is there.
tl::unexpected<error> not_here(std::string_view prefix) {
  return fail(error_kind::usage, fmt::format("{} is asked for on a socket that is not for it", prefix),
              "keys= of that socket in `listen` says what may be asked there");
}

struct rows {
  std::vector<std::pair<std::string, std::string>> all;
};

struct dict_protocol {
  using request = wire::request;
  using found = std::variant<value, rows>;

  explicit dict_protocol(const session_options&) {}
  static std::string greeting() { return {}; }
  static void end() {}

  static bool is_slow(const request& what) { return std::holds_alternative<wire::iterate>(what); }

  static result<found> look_up(answers& from, const session_options& how, const request& what) {
    return std::visit(overloaded{
                          [&](const wire::lookup& asked) {
                            return one(from, how, asked).map([](value is) { return found(std::move(is)); });
                          },
                          [&](const wire::iterate& asked) {
                            return all(from, how, asked).map([](rows are) { return found(std::move(are)); });
                          },
                      },
                      what);
  }

  static result<value> one(answers& from, const session_options& how, const wire::lookup& asked) {
    const auto below = [&](std::string_view prefix) {
      return wire::unescaped_segment(std::string_view(asked.key).substr(prefix.size()));
    };
    if (asked.key.starts_with(passdb_prefix))
      return how.keys.passdb ? passdb(from, how.bounds, below(passdb_prefix)) : not_here(passdb_prefix);
    if (asked.key.starts_with(userdb_prefix))
      return how.keys.userdb ? userdb_object(from, how, below(userdb_prefix)) : not_here(userdb_prefix);
    const bool wants_name = asked.key.starts_with(script_name_prefix);
    if (!wants_name && !asked.key.starts_with(script_data_prefix)) return value();
    if (!how.keys.sieve) return not_here(script_name_prefix);
    S2L_TRY_ASSIGN(const auto script, from.sieve_of(asked.user));
    if (script) return value(wants_name ? script->id : script->text);
    if (!how.dovecot_24) return value();
    return value(std::string(wants_name ? nothing_to_do_id : nothing_to_do));
  }

  static result<rows> all(answers& from, const session_options& how, const wire::iterate& asked) {
    rows out;
    if (asked.prefix != userdb_prefix) return out;
    if (!how.keys.userdb) return not_here(userdb_prefix);
    std::size_t bytes = 0;
    S2L_TRY(from.users([&](std::string_view name) {
      out.all.emplace_back(std::string(userdb_prefix) + wire::escaped_segment(name), std::string());
      bytes += out.all.back().first.size();
      return bytes <= limits::listing_bytes_max && (asked.rows_max == 0 || out.all.size() < asked.rows_max);
    }));
    if (bytes > limits::listing_bytes_max) return fail(error_kind::limit, "the list of users is too long");
    if (asked.sort_by_key) std::sort(out.all.begin(), out.all.end());
    if (asked.no_value) return out;
    for (auto& [key, text] : out.all) {
      const std::string name = wire::unescaped_segment(std::string_view(key).substr(userdb_prefix.size()));
      const auto object = userdb_object(from, how, name);
      if (!object && object.error().transient) return tl::make_unexpected(object.error());
      // Gone meanwhile, or an entry that cannot be read: who asks for it by its name is put off, and the list goes on.
      text = object ? object->value_or("{}") : "{}";
      bytes += text.size();
      if (bytes > limits::listing_bytes_max) return fail(error_kind::limit, "the list of users is too long");
    }
    return out;
  }

  [[nodiscard]] codec::settled answer(const request&, const found& what) const {
    return {std::visit(overloaded{
                           [&](const value& is) { return is ? codec.found(*is) : codec.not_found(); },
                           [&](const rows& are) {
                             std::string out;
                             for (const auto& [key, text] : are.all) {
                               const auto row = codec.row(key, text);
                               if (!row) return codec.failed("a user's fields are too long");
                               out += *row;
                             }
                             return out + codec.rows_end();
                           },
                       },
                       what),
            false,
            {}};
  }

  [[nodiscard]] codec::settled failed(const request&) const { return {codec.failed(try_later_text), false, {}}; }

  wire::session codec;
};

}  // namespace

session_ptr start_dict(desk_of_answers& desk, const session_options& how, client_door& to) {
  return std::make_shared<in_order_session<dict_protocol>>(desk, how, to);
}

}  // namespace sql2ldap::serve::detail
