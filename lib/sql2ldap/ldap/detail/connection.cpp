#include <sql2ldap/ldap/detail/connection.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/ldap/detail/failure.hpp>
#include <sql2ldap/ldap/detail/hang_up.hpp>

namespace sql2ldap::ldap::detail {
namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

timeval to_timeval(milliseconds time) {
  const auto count = std::max<milliseconds::rep>(time.count(), 0);
  return {.tv_sec = static_cast<time_t>(count / 1000), .tv_usec = static_cast<suseconds_t>(count % 1000 * 1000)};
}

bool starts_with(const std::string& uri, std::string_view scheme) { return uri.compare(0, scheme.size(), scheme) == 0; }

constexpr std::string_view tls_scheme = "ldaps://";
constexpr int ldaps_port = 636;  // IANA; ldap:// would take 389

// libldap would speak TLS inside ldap_connect(), where nothing bounds it: it is told ldap:// and
// starts TLS by secure().
std::string without_tls(const std::string& uri) {
  if (!starts_with(uri, tls_scheme)) return uri;
  std::string host = uri.substr(tls_scheme.size());
  const auto path = host.find('/');
  std::string rest = path == std::string::npos ? "" : host.substr(path);
  host.resize(path == std::string::npos ? host.size() : path);
  const bool has_port = host.find(':', host.find(']') == std::string::npos ? 0 : host.find(']')) != std::string::npos;
  return "ldap://" + host + (has_port ? "" : ":" + std::to_string(ldaps_port)) + rest;
}

// Without port and brackets.
std::string host_of(std::string_view uri) {
  if (const std::size_t scheme = uri.find("://"); scheme != std::string_view::npos) uri.remove_prefix(scheme + 3);
  uri = uri.substr(0, uri.find('/'));
  if (uri.starts_with('[')) return std::string(uri.substr(1, uri.find(']') - 1));
  return std::string(uri.substr(0, uri.find(':')));
}

// libldap writes to servers that are gone.
void outlive_broken_pipes() {
  struct sigaction now {};
  ::sigaction(SIGPIPE, nullptr, &now);
  if ((now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL) std::signal(SIGPIPE, SIG_IGN);
}

constexpr const char* system_certificates = "/etc/ssl/certs/ca-certificates.crt";

}  // namespace

result<std::unique_ptr<connection>> connection::open(const options& how) {
  if (how.start_tls && !starts_with(how.uri, "ldap://"))
    return fail(error_kind::usage, fmt::format("StartTLS is for ldap:// only, not for {}", how.uri));
  // RFC 4513, 5.1.2: a name with an empty password would succeed, as anonymous.
  if (!how.bind_dn.empty() && how.password.empty())
    return fail(error_kind::usage, fmt::format("{}: no password for {}", how.uri, how.bind_dn),
                "give a password file, or no bind DN for SASL EXTERNAL on ldapi://");
  outlive_broken_pipes();
  std::unique_ptr<connection> made(new connection(how));
  S2L_TRY(made->create());
  S2L_TRY(made->connect());
  if (how.start_tls) S2L_TRY(made->start_tls());
  if (how.start_tls || starts_with(how.uri, tls_scheme)) S2L_TRY(made->secure());
  S2L_TRY(made->bind());
  made->set_patience();
  made->time_max_ = how.answer_time_max;
  return made;
}

result<void> connection::set(int option, const void* value, std::string_view name) {
  if (ldap_set_option(handle_.get(), option, value) == LDAP_OPT_SUCCESS) return {};
  return fail(error_kind::local, fmt::format("libldap does not take the option {}", name));
}

// Every option that ldap.conf or LDAP* variables could have changed is set here, except the
// certificates that this host trusts.
result<void> connection::create() {
  LDAP* raw = nullptr;
  if (const int code = ldap_initialize(&raw, without_tls(how_.uri).c_str()); code != LDAP_SUCCESS)
    return fail(error_kind::usage, fmt::format("{}: {}", how_.uri, ldap_err2string(code)),
                "a directory is named ldap://HOST, ldaps://HOST or ldapi:///");
  handle_.reset(raw);
  const int version = LDAP_VERSION3;
  const int never = LDAP_DEREF_NEVER;
  const int unlimited = LDAP_NO_LIMIT;
  const timeval connect_time = to_timeval(how_.connect_time_max);
  const timeval answer_time = to_timeval(how_.answer_time_max);
  S2L_TRY(set(LDAP_OPT_PROTOCOL_VERSION, &version, "PROTOCOL_VERSION"));
  S2L_TRY(set(LDAP_OPT_DEREF, &never, "DEREF"));
  S2L_TRY(set(LDAP_OPT_TIMELIMIT, &unlimited, "TIMELIMIT"));
  S2L_TRY(set(LDAP_OPT_REFERRALS, LDAP_OPT_OFF, "REFERRALS"));
  S2L_TRY(set(LDAP_OPT_RESTART, LDAP_OPT_ON, "RESTART"));
  S2L_TRY(set(LDAP_OPT_NETWORK_TIMEOUT, &connect_time, "NETWORK_TIMEOUT"));
  S2L_TRY(set(LDAP_OPT_TIMEOUT, &answer_time, "TIMEOUT"));
  const int idle = limits::keepalive_idle_seconds;
  const int interval = limits::keepalive_interval_seconds;
  const int probes = limits::keepalive_probes;
  S2L_TRY(set(LDAP_OPT_X_KEEPALIVE_IDLE, &idle, "KEEPALIVE_IDLE"));
  S2L_TRY(set(LDAP_OPT_X_KEEPALIVE_INTERVAL, &interval, "KEEPALIVE_INTERVAL"));
  S2L_TRY(set(LDAP_OPT_X_KEEPALIVE_PROBES, &probes, "KEEPALIVE_PROBES"));
  if (!how_.start_tls && !starts_with(how_.uri, tls_scheme)) return {};

  const int demand = how_.check_certificate ? LDAP_OPT_X_TLS_DEMAND : LDAP_OPT_X_TLS_ALLOW;
  const int oldest = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
  S2L_TRY(set(LDAP_OPT_X_TLS_REQUIRE_CERT, &demand, "TLS_REQUIRE_CERT"));
  S2L_TRY(set(LDAP_OPT_X_TLS_PROTOCOL_MIN, &oldest, "TLS_PROTOCOL_MIN"));
  if (!how_.ca_file.empty()) {
    std::error_code unreadable;
    if (!std::filesystem::exists(how_.ca_file, unreadable))
      return fail(error_kind::usage, fmt::format("no CA file {}", how_.ca_file));
    S2L_TRY(set(LDAP_OPT_X_TLS_CACERTFILE, how_.ca_file.c_str(), "TLS_CACERTFILE"));
    S2L_TRY(set(LDAP_OPT_X_TLS_CACERTDIR, nullptr, "TLS_CACERTDIR"));
  } else {
    char* configured = nullptr;
    ldap_get_option(handle_.get(), LDAP_OPT_X_TLS_CACERTFILE, &configured);
    const text_owner file(configured);
    std::error_code unreadable;
    const bool have = std::filesystem::exists(system_certificates, unreadable);
    if (!file && have) {
      S2L_TRY(set(LDAP_OPT_X_TLS_CACERTFILE, system_certificates, "TLS_CACERTFILE"));
    } else if (!file && how_.check_certificate) {
      return fail(error_kind::usage, fmt::format("{}: this host trusts no certificates", how_.uri),
                  "give --ca-file, or install the package ca-certificates");
    }
  }
  // The other TLS options take effect only in a context that is made after them.
  const int client = 0;
  return set(LDAP_OPT_X_TLS_NEWCTX, &client, "TLS_NEWCTX");
}

result<void> connection::connect() { return sent(ldap_connect(handle_.get()), "connecting"); }

result<void> connection::start_tls() {
  const std::string_view doing = "starting TLS";
  int id = 0;
  S2L_TRY(sent(ldap_start_tls(handle_.get(), nullptr, nullptr, &id), doing));
  S2L_TRY_ASSIGN(const extended_answer said, await_extended(id, doing));
  if (said.code != LDAP_SUCCESS) return tl::make_unexpected(failed(said.code, doing, said.diagnostic));
  return {};
}

// Not transient, unless the server went away or took too long: a certificate that is not trusted
// today will not be trusted in a minute.
result<void> connection::secure() {
  const std::string_view doing = "starting TLS";
  // With a time limit libldap does not wait for the socket: it asks it in a circle, for ever.
  const timeval none{.tv_sec = -1, .tv_usec = 0};
  S2L_TRY(set(LDAP_OPT_NETWORK_TIMEOUT, &none, "NETWORK_TIMEOUT"));
  hang_up_after alarm(socket(), how_.connect_time_max);
  const int code = ldap_install_tls(handle_.get());
  if (alarm.cancel()) {
    usable_ = false;
    return tl::make_unexpected(
        failed(LDAP_TIMEOUT, doing, fmt::format("no answer within {} ms", how_.connect_time_max.count())));
  }
  if (code == LDAP_SUCCESS) return {};
  error what = failed(code, doing, library_words());
  const bool certificate = what.message.find("ertificate") != std::string::npos;
  what.transient = !certificate && !quiet();
  what.hint = what.transient
                  ? "is this a port for TLS, and is the server well?"
                  : "check that the CA file signs the server's certificate and that it bears the name in the URI; "
                    "libldap takes localhost for the full name of this host";
  usable_ = false;
  if (how_.check_certificate) {
    if (const codec::certificate_objection why = find_objection(); !why.reason.empty()) {
      what.transient = false;
      what.message = fmt::format("{}: {}: {}", how_.uri, doing, why.reason);
      what.hint = why.hint;
    }
  }
  return tl::make_unexpected(std::move(what));
}

// Asks the server again, for its certificate only: nothing is sent by that connection.
codec::certificate_objection connection::find_objection() const {
  options unchecked = how_;
  unchecked.check_certificate = false;
  connection again(unchecked);
  if (!again.create() || !again.connect() || (how_.start_tls && !again.start_tls()) || !again.secure()) return {};
  berval certificate{};
  if (ldap_get_option(again.handle(), LDAP_OPT_X_TLS_PEERCERT, &certificate) != LDAP_OPT_SUCCESS) return {};
  const text_owner bytes(certificate.bv_val);
  const std::string file = how_.ca_file.empty() ? system_certificates : how_.ca_file;
  std::ifstream in(file, std::ios::binary);
  const std::string authorities{std::istreambuf_iterator<char>(in), {}};
  return codec::objection_to_certificate({certificate.bv_val, certificate.bv_len}, host_of(how_.uri), authorities,
                                         file);
}

int connection::socket() const noexcept {
  int socket = -1;
  ldap_get_option(handle_.get(), LDAP_OPT_DESC, &socket);
  return socket;
}

// libldap waits with poll() and then reads blockingly: half a TLS record would hold it for ever.
void connection::set_patience() noexcept {
  const timeval patience = to_timeval(how_.answer_time_max);
  ::setsockopt(socket(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

result<void> connection::bind() {
  const bool external = how_.bind_dn.empty() && starts_with(how_.uri, "ldapi://");
  const std::string doing = external               ? "binding with SASL EXTERNAL"
                            : how_.bind_dn.empty() ? "binding as anonymous"
                                                   : "binding as " + how_.bind_dn;
  const std::string_view secret_bytes = how_.password.reveal();
  berval credentials{.bv_len = external ? 0 : secret_bytes.size(), .bv_val = const_cast<char*>(secret_bytes.data())};
  int id = 0;
  S2L_TRY(sent(ldap_sasl_bind(handle_.get(), external ? nullptr : how_.bind_dn.c_str(),
                              external ? "EXTERNAL" : LDAP_SASL_SIMPLE, &credentials, nullptr, nullptr, &id),
               doing));
  S2L_TRY_ASSIGN(const answer said, await_answer(id, doing));
  if (said.code != LDAP_SUCCESS) return tl::make_unexpected(failed(said.code, doing, said.diagnostic));
  return {};
}

bool connection::quiet() const noexcept {
  pollfd waiting{.fd = socket(), .events = POLLIN, .revents = 0};
  return waiting.fd >= 0 && ::poll(&waiting, 1, 0) == 0;
}

std::string connection::library_words() const {
  char* words = nullptr;
  ldap_get_option(handle_.get(), LDAP_OPT_DIAGNOSTIC_MESSAGE, &words);
  const text_owner owner(words);
  return words != nullptr ? words : "";
}

error connection::failed(int code, std::string_view doing, std::string_view diagnostic) {
  error what = failure(how_.uri, doing, code, diagnostic);
  if (what.transient) usable_ = false;
  return what;
}

result<void> connection::sent(int code, std::string_view doing) {
  if (code == LDAP_SUCCESS) return {};
  usable_ = false;
  return tl::make_unexpected(failed(code, doing, library_words()));
}

error connection::lost(std::string_view doing) {
  int code = LDAP_SERVER_DOWN;
  ldap_get_option(handle_.get(), LDAP_OPT_RESULT_CODE, &code);
  usable_ = false;
  return failed(code == LDAP_SUCCESS ? LDAP_SERVER_DOWN : code, doing, library_words());
}

void connection::never_wait() noexcept {
  // Else liblber reads each message in two pieces, and libldap asks before each whether there is one.
  if (Sockbuf* const from = buffer())
    ber_sockbuf_add_io(from, &ber_sockbuf_io_readahead, LBER_SBIOD_LEVEL_PROVIDER, nullptr);
  // TCP begins with less, and half a message would be sent with the next one.
  const int room = limits::searches_sent_bytes_max;
  ::setsockopt(socket(), SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  const int flags = ::fcntl(socket(), F_GETFL);
  ::fcntl(socket(), F_SETFL, flags | O_NONBLOCK);
}

Sockbuf* connection::buffer() const noexcept {
  Sockbuf* out = nullptr;
  ldap_get_option(handle_.get(), LDAP_OPT_SOCKBUF, &out);
  return out;
}

// Bytes that have left the socket, of which no poll() will tell.
bool connection::has_buffered() const noexcept {
  Sockbuf* const from = buffer();
  return from != nullptr && ber_sockbuf_ctrl(from, LBER_SB_OPT_DATA_READY, nullptr) > 0;
}

result<message_owner> connection::take_ready(std::string_view doing) {
  for (;;) {
    timeval now{};
    LDAPMessage* raw = nullptr;
    const int kind = ldap_result(handle_.get(), LDAP_RES_ANY, LDAP_MSG_ONE, &now, &raw);
    if (kind > 0) return message_owner(raw);
    if (kind < 0) return tl::make_unexpected(lost(doing));
    if (!has_buffered()) return message_owner();
  }
}

result<message_owner> connection::await(int id, std::string_view doing) {
  const auto deadline = clock::now() + time_max_;
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - clock::now());
    timeval patience = to_timeval(left);
    LDAPMessage* raw = nullptr;
    const int kind = ldap_result(handle_.get(), id, LDAP_MSG_ONE, &patience, &raw);
    if (kind > 0) return message_owner(raw);
    if (kind < 0) return tl::make_unexpected(lost(doing));
    if (clock::now() < deadline) continue;
    return tl::make_unexpected(failed(LDAP_TIMEOUT, doing, fmt::format("no answer within {} ms", time_max_.count())));
  }
}

result<answer> connection::read_answer(LDAPMessage* message, std::string_view doing) {
  answer said;
  char* words = nullptr;
  LDAPControl** controls = nullptr;
  const int parsed = ldap_parse_result(handle_.get(), message, &said.code, nullptr, &words, nullptr, &controls, 0);
  const text_owner owner(words);
  said.controls.reset(controls);
  if (parsed != LDAP_SUCCESS) {
    usable_ = false;
    return tl::make_unexpected(failed(parsed, doing, "the answer makes no sense"));
  }
  if (words != nullptr) said.diagnostic = words;
  return said;
}

result<answer> connection::await_answer(int id, std::string_view doing) {
  S2L_TRY_ASSIGN(const message_owner message, await(id, doing));
  return read_answer(message.get(), doing);
}

result<extended_answer> connection::await_extended(int id, std::string_view doing) {
  S2L_TRY_ASSIGN(const message_owner message, await(id, doing));
  S2L_TRY_ASSIGN(const answer said, read_answer(message.get(), doing));
  extended_answer out{.code = said.code, .diagnostic = said.diagnostic, .value = {}};
  berval* value = nullptr;
  const int parsed = ldap_parse_extended_result(handle_.get(), message.get(), nullptr, &value, 0);
  const value_owner owner(value);
  if (parsed != LDAP_SUCCESS) {
    usable_ = false;
    return tl::make_unexpected(failed(parsed, doing, "the answer makes no sense"));
  }
  if (value != nullptr) out.value.emplace(value->bv_val, value->bv_len);
  return out;
}

}  // namespace sql2ldap::ldap::detail
