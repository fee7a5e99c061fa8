#include <sql2ldap/codec/dovecot_client.hpp>

#include <nlohmann/json.hpp>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/dict.hpp>
#include <sql2ldap/codec/tab_escape.hpp>

namespace sql2ldap::codec::dovecot_client {

namespace {

constexpr std::string_view our_id = "1";  // each connection has one request

// Refusals of dovecot's servers that stay: any other word is a failure that may pass.
bool is_lasting(std::string_view code) {
  return code == "authz_fail" || code == "user_disabled" || code == "pass_expired";
}

tl::unexpected<error> trouble(std::string message) { return fail_transient(error_kind::directory, std::move(message)); }

tl::unexpected<error> unexpected_line(std::string_view line) {
  // Its first word alone: what follows may be a secret.
  return trouble("the server says " + quoted_for_message(line.substr(0, line.find('\t'))) +
                 ", which is no answer to what it was asked");
}

std::pair<std::string, std::string> field_of(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {tab_unescaped(text), "yes"};
  return {tab_unescaped(text.substr(0, equals)), tab_unescaped(text.substr(equals + 1))};
}

bool is_version_1(const std::vector<std::string_view>& parts) {
  return parts.size() == 3 && parts[0] == "VERSION" && parts[1] == "1";
}

bool answers_us(const std::vector<std::string_view>& parts) { return parts.size() > 1 && parts[1] == our_id; }

}  // namespace

// ---- auth-client ------------------------------------------------------------------------------

std::string login_dialogue::opening() const { return "VERSION\t1\t2\nCPID\t" + std::to_string(process_) + '\n'; }

secret login_dialogue::request() const {
  std::string response;
  response.reserve(who_.name.size() + who_.password.reveal().size() + 2);  // no copies that nobody wipes
  response += '\0';
  response += who_.name;
  response += '\0';
  response += who_.password.reveal();
  const secret plain(std::move(response));
  std::string head = "AUTH\t" + std::string(our_id) + "\tPLAIN\tservice=" + tab_escaped(who_.service);
  if (who_.secured) head += "\tsecured";
  if (who_.no_penalty) head += "\tno-penalty";
  if (!who_.remote_ip.empty()) head += "\trip=" + tab_escaped(who_.remote_ip);
  head += "\tresp=";  // the last: nothing may follow it
  head.reserve(head.size() + 2 * plain.reveal().size() + 4);
  append_base64(head, plain.reveal());
  head += '\n';
  return secret(std::move(head));
}

result<turn> login_dialogue::take(std::string_view line) {
  const std::vector<std::string_view> parts = split(line, '\t');
  return asked_ ? take_verdict(line, parts) : take_greeting(line, parts);
}

result<turn> login_dialogue::take_greeting(std::string_view line, const std::vector<std::string_view>& parts) {
  if (!version_known_) {
    version_known_ = is_version_1(parts);
    return version_known_ ? result<turn>(turn{}) : unexpected_line(line);
  }
  if (parts[0] == "MECH" && parts.size() > 1 && parts[1] == "PLAIN") offers_plain_ = true;
  if (parts[0] != "DONE") return turn{};
  if (!offers_plain_) return trouble("the server does not offer PLAIN");
  asked_ = true;
  return turn{request(), false};
}

result<turn> login_dialogue::take_verdict(std::string_view line, const std::vector<std::string_view>& parts) {
  if (!answers_us(parts) || (parts[0] != "OK" && parts[0] != "FAIL")) return unexpected_line(line);
  const bool accepts = parts[0] == "OK";
  for (std::size_t i = 2; i < parts.size(); ++i) {
    auto [name, value] = field_of(parts[i]);
    if (accepts && name == "user" && !value.empty()) accepted_ = std::move(value);
    if (!accepts && (name == "temp" || (name == "code" && !is_lasting(value))))
      return trouble("the server cannot tell at the moment");
  }
  if (accepts && !accepted_) return trouble("the server accepts a login and does not say of whom");
  return turn{{}, true};
}

// ---- auth-userdb ------------------------------------------------------------------------------

std::string user_dialogue::opening() const {
  std::string out = "VERSION\t1\t0\nUSER\t";
  out += our_id;
  out += '\t';
  append_tab_escaped(out, name_);
  out += "\tservice=";
  append_tab_escaped(out, service_);
  return out + '\n';
}

result<turn> user_dialogue::take(std::string_view line) {
  const std::vector<std::string_view> parts = split(line, '\t');
  if (!version_known_) {
    version_known_ = is_version_1(parts);
    return version_known_ ? result<turn>(turn{}) : unexpected_line(line);
  }
  if (parts[0] == "SPID") return turn{};
  if (!answers_us(parts)) return unexpected_line(line);
  if (parts[0] == "NOTFOUND") return turn{{}, true};
  if (parts[0] == "FAIL") return trouble("the server cannot tell at the moment");
  if (parts[0] != "USER" || parts.size() < 3 || parts[2].empty()) return unexpected_line(line);
  user found{tab_unescaped(parts[2]), {}};
  for (std::size_t i = 3; i < parts.size(); ++i)
    if (!parts[i].empty()) found.fields.push_back(field_of(parts[i]));
  found_ = std::move(found);
  return turn{{}, true};
}

// ---- dict -------------------------------------------------------------------------------------

std::string passdb_dialogue::opening() const {
  std::string out = "H3\t0\t0\t\tsql2ldap\nL";
  append_tab_escaped(out, "shared/passdb/" + dict::escaped_segment(name_));
  out += '\t';
  append_tab_escaped(out, name_);
  return out + '\n';
}

result<turn> passdb_dialogue::take(std::string_view line) {
  if (line == "N") return turn{{}, true};
  if (line.starts_with('F')) return trouble("the server cannot tell at the moment");
  if (!line.starts_with('O')) return trouble("the server does not speak dict: is it a dict socket?");
  line.remove_prefix(1);
  const secret text(tab_unescaped(line.substr(0, line.find('\t'))));
  nlohmann::json object = nlohmann::json::parse(text.reveal(), nullptr, false);
  if (!object.is_object()) return trouble("what the server has stored is no JSON object");
  stored found{name_, {}, {}};
  for (auto& [name, value] : object.items()) {
    if (!value.is_string()) return trouble("what the server has stored is no text: " + quoted_for_message(name));
    auto& is = value.get_ref<std::string&>();
    if (name == "password")
      found.password = secret(std::move(is));
    else if (name == "user")
      found.name = std::move(is);
    else
      found.fields.emplace_back(name, std::move(is));
  }
  found_ = std::move(found);
  return turn{{}, true};
}

}  // namespace sql2ldap::codec::dovecot_client
