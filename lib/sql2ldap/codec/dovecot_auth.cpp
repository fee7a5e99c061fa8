#include <sql2ldap/codec/dovecot_auth.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/detail/wire.hpp>
#include <sql2ldap/codec/tab_escape.hpp>

namespace sql2ldap::codec::dovecot_auth {

namespace {

using detail::answered;
using detail::hung_up;
using detail::wire_number;

constexpr std::uint32_t our_minor = 2;
constexpr std::uint32_t first_minor_with_empty_response = 2;
constexpr std::uint32_t first_minor_with_failure_code = 2;  // exim takes any FAIL for a wrong password
constexpr std::size_t cookie_bytes = 16;

std::string fail_line(std::uint32_t id, std::string_view fields) { return fmt::format("FAIL\t{}\t{}\n", id, fields); }

std::string challenge_line(std::uint32_t id, std::string_view bytes) {
  return fmt::format("CONT\t{}\t{}\n", id, base64(bytes));  // exim needs the TAB also before nothing
}

std::optional<std::string> response_bytes(std::string_view text) {
  if (text == "=") return std::string();
  std::optional<std::string> out = from_base64(text);
  if (out && out->size() > limits::sasl_response_bytes_max) return std::nullopt;
  return out;
}

// Where the value of a parameter goes; nullptr for those that mean nothing to us.
std::string* place_of(std::string_view name, authenticate& what) {
  if (name == "service" || name == "protocol") return &what.service;  // 2.4 calls it protocol
  if (name == "rip") return &what.remote_ip;
  if (name == "lip") return &what.local_ip;
  if (name == "rport") return &what.remote_port;
  if (name == "lport") return &what.local_port;
  if (name == "session") return &what.session_id;
  return nullptr;
}

constexpr std::string_view authenticate_word = "AUTH\t";

// The fields of a line, one after the other.
class field_reader {
 public:
  explicit field_reader(std::string_view line) : rest_(line) {}
  std::optional<std::string_view> next() {
    if (!rest_) return std::nullopt;
    const std::size_t end = rest_->find('\t');
    const std::string_view field = rest_->substr(0, end);
    rest_ = end == std::string_view::npos ? std::nullopt : std::optional(rest_->substr(end + 1));
    return field;
  }

 private:
  std::optional<std::string_view> rest_;
};

std::string_view code_of(failure what) {
  switch (what) {
    case failure::wrong_password:
      return {};
    case failure::temporary:
      return "temp_fail";
    case failure::not_authorized:
      return "authz_fail";
    case failure::user_disabled:
      return "user_disabled";
    case failure::password_expired:
      return "pass_expired";
  }
  return {};
}

}  // namespace

std::string greeting(const std::vector<mechanism>& mechanisms, std::uint32_t process, std::uint32_t connection,
                     std::string_view cookie) {
  S2L_ASSERT(cookie.size() == cookie_bytes);
  std::string out = fmt::format("VERSION\t1\t{}\n", our_minor);
  for (const mechanism& m : mechanisms) {
    out += "MECH\t" + m.name;
    for (const std::string& flag : m.flags) out += '\t' + flag;
    out += '\n';
  }
  out += fmt::format("SPID\t{}\nCUID\t{}\nCOOKIE\t{}\nDONE\n", process, connection, hex(cookie));
  S2L_ASSERT(out.size() <= limits::auth_greeting_bytes_max);
  return out;
}

session::session(std::vector<std::string> mechanisms)
    : lines_(limits::auth_line_bytes_max), mechanisms_(std::move(mechanisms)) {}

decoded<request> session::next() {
  if (ended_) return outcome(request(cancel{*std::exchange(ended_, std::nullopt)}));
  return detail::next_of<request>(lines_, closed_, [this](std::string_view line) { return take(line); });
}

std::optional<session::outcome> session::take(std::string_view line) {
  if (!minor_) return take_version(line);
  if (line.starts_with(authenticate_word)) return take_authenticate(line.substr(authenticate_word.size()));
  const std::vector<std::string_view> fields = split(line, '\t');
  const std::string_view command = fields.front();
  if (command == "CONT") return take_continuation(fields);
  if (command == "CANCEL") return take_cancel(fields);
  if (command == "CPID" && fields.size() == 2) return take_process(fields[1]);
  return outcome(hung_up("an unknown command"));
}

std::optional<session::outcome> session::take_version(std::string_view line) {
  const std::vector<std::string_view> fields = split(line, '\t');
  if (fields.size() == 3 && fields[0] == "VERSION" && fields[1] == "1") minor_ = wire_number(fields[2]);
  if (!minor_) return outcome(hung_up("no VERSION of this protocol in the first line"));
  return std::nullopt;
}

std::optional<session::outcome> session::take_process(std::string_view text) {
  const std::optional<std::uint32_t> process = wire_number(text);
  if (!process || *process == 0 || std::exchange(process_known_, true)) return outcome(hung_up("a wrong CPID"));
  return std::nullopt;
}

std::optional<session::outcome> session::take_authenticate(std::string_view line) {
  field_reader fields(line);
  const std::optional<std::uint32_t> id = wire_number(fields.next().value_or(""));
  if (!id || *id == 0 || running_.count(*id) > 0)
    return outcome(hung_up("AUTH with a wrong number, or one that is in use"));
  const std::string_view called = fields.next().value_or("");
  const auto mechanism = std::find_if(mechanisms_.begin(), mechanisms_.end(), [&](const std::string& known) {
    return equal_ignoring_ascii_case(known, called);
  });
  if (mechanism == mechanisms_.end()) return outcome(hung_up("AUTH with a mechanism that was not offered"));

  std::optional<outcome> made(request{authenticate()});
  authenticate& out = std::get<authenticate>(**made);
  out.mechanism = *mechanism;
  running started;
  std::optional<std::string_view> response;
  while (const auto field = fields.next()) {
    if (response) return outcome(hung_up("AUTH with a parameter after resp"));
    const std::size_t equals = std::min(field->find('='), field->size());
    const std::string_view name = field->substr(0, equals);
    const std::string_view value = field->substr(std::min(equals + 1, field->size()));
    if (name == "resp") {
      response = value;
    } else if (name == "secured") {
      out.secured = true;
    } else if (name == "valid-client-cert") {
      out.valid_client_certificate = true;
    } else if (name == "no-penalty") {
      out.no_penalty = true;
    } else if (name == "final-resp-ok") {
      started.takes_final_data = true;
    } else if (std::string* place = place_of(name, out)) {
      std::string text = tab_unescaped(value);
      // Two values for one parameter are the mark of a name that was smuggled into a line.
      if (!place->empty() && *place != text) return outcome(hung_up("AUTH with two values of one parameter"));
      *place = std::move(text);
    }
  }
  if (out.service.empty()) return outcome(hung_up("AUTH without service"));
  if (response && response->empty() && *minor_ < first_minor_with_empty_response) response.reset();
  if (response) {
    std::optional<std::string> bytes = response_bytes(*response);
    if (!bytes)
      return outcome(answered(fail_line(*id, "code=invalid_base64\treason=Invalid base64 data in initial response"),
                              "an initial response that is not base64"));
    out.initial_response = secret(*std::move(bytes));
  }
  if (running_.size() >= limits::auth_requests_max && !make_room()) {
    if (*minor_ < first_minor_with_failure_code) return outcome(hung_up("too many requests at once"));
    return outcome(answered(fail_line(*id, "code=temp_fail\treason=Too many requests"), "too many requests at once"));
  }
  started.serial = ++last_serial_;
  out.of = {*id, started.serial};
  running_.emplace(*id, std::move(started));
  return made;
}

session::outcome session::take_continuation(const std::vector<std::string_view>& fields) {
  const std::optional<std::uint32_t> id = fields.size() >= 3 ? wire_number(fields[1]) : std::nullopt;
  if (!id) return hung_up("CONT without a number or a response");
  const auto found = running_.find(*id);
  if (found == running_.end()) return answered(fail_line(*id, "reason=Authentication request timed out"));
  running& asked = found->second;
  if (asked.now == state::working) {
    end(found);
    return answered(fail_line(*id, "reason=Unexpected continuation"), "CONT that nobody asked for");
  }
  if (asked.now == state::last_word) {
    std::string ok = std::move(asked.ok);
    running_.erase(found);
    return answered(std::move(ok));
  }
  std::optional<std::string> bytes = response_bytes(fields[2]);
  if (!bytes) {
    end(found);
    return answered(fail_line(*id, "code=invalid_base64\treason=Invalid base64 data in continued response"),
                    "a response that is not base64");
  }
  asked.now = state::working;
  return dovecot_auth::request(continuation{{*id, asked.serial}, secret(*std::move(bytes))});
}

void session::end(std::map<std::uint32_t, running>::iterator which) {
  ended_ = ticket{which->first, which->second.serial};
  running_.erase(which);
}

// Clients forget requests: the one that waits for its client since longest is ended.
bool session::make_room() {
  auto oldest = running_.end();
  for (auto one = running_.begin(); one != running_.end(); ++one)
    if (one->second.now != state::working && (oldest == running_.end() || one->second.serial < oldest->second.serial))
      oldest = one;
  if (oldest == running_.end()) return false;
  end(oldest);
  return true;
}

std::optional<session::outcome> session::take_cancel(const std::vector<std::string_view>& fields) {
  const std::optional<std::uint32_t> id = fields.size() == 2 ? wire_number(fields[1]) : std::nullopt;
  if (!id) return outcome(hung_up("CANCEL without a number"));
  const auto found = running_.find(*id);
  if (found == running_.end()) return std::nullopt;
  const ticket of{*id, found->second.serial};
  running_.erase(found);
  return outcome(request(cancel{of}));
}

session::running* session::find(ticket of) {
  const auto found = running_.find(of.id);
  return found == running_.end() || found->second.serial != of.serial ? nullptr : &found->second;
}

settled session::challenge(ticket of, std::string_view bytes) {
  running* asked = find(of);
  if (asked == nullptr) return {};
  asked->now = state::challenged;
  return {challenge_line(of.id, bytes), false, {}};
}

settled session::success(ticket of, std::string_view user, std::string_view final_data, std::string_view asked_as) {
  running* asked = find(of);
  if (asked == nullptr) return {};
  // exim looks for user= in the first fields only.
  constexpr std::size_t rest_bytes = 32;  // without another name
  std::string line;
  line.reserve(user.size() + rest_bytes);
  line += "OK\t";
  line += fmt::format_int(of.id).c_str();
  line += "\tuser=";
  append_tab_escaped(line, user);
  if (!asked_as.empty() && asked_as != user) line += "\toriginal_user=" + tab_escaped(asked_as);
  if (!final_data.empty() && !asked->takes_final_data) {
    asked->now = state::last_word;
    asked->ok = std::move(line) + '\n';
    return {challenge_line(of.id, final_data), false, {}};
  }
  if (!final_data.empty()) line += "\tresp=" + base64(final_data);
  running_.erase(of.id);
  return {std::move(line) + '\n', false, {}};
}

settled session::refuse(ticket of, failure what, std::string_view user, std::string_view reason) {
  if (find(of) == nullptr) return {};
  running_.erase(of.id);
  if (what == failure::temporary && *minor_ < first_minor_with_failure_code) {
    closed_ = true;
    return {"", true, {}};
  }
  std::string line = fmt::format("FAIL\t{}", of.id);
  if (!user.empty()) line += "\tuser=" + tab_escaped(user);
  if (const std::string_view code = code_of(what); !code.empty()) line += fmt::format("\tcode={}", code);
  if (!reason.empty()) line += "\treason=" + tab_escaped(reason);
  return {std::move(line) + '\n', false, {}};
}

}  // namespace sql2ldap::codec::dovecot_auth
