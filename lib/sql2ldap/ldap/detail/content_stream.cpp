#include <sql2ldap/ldap/detail/content_stream.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/overloaded.hpp>

namespace sql2ldap::ldap::detail {
namespace {

namespace sync_control = codec::sync_control;
using std::chrono::milliseconds;
using what = model::content_event::what;

constexpr const char* without_overlay =
    "load the overlay syncprov on the database (schema/mailhost-config.ldif has it)";

std::string_view view(const berval& bytes) { return {bytes.bv_val, bytes.bv_len}; }

}  // namespace

content_stream::content_stream(std::unique_ptr<connection> line, std::unique_ptr<connection> asker,
                               milliseconds answer_time_max, const content_request& what, const std::string& cookie)
    : line_(std::move(line)),
      asker_(std::move(asker)),
      answer_time_max_(answer_time_max),
      what_(what),
      doing_(fmt::format("following {}", what.base.empty() ? "the root" : what.base)),
      asked_with_(cookie),
      cookie_(cookie),
      latest_(cookie) {
  if (what_.attributes.empty()) return;
  for (const model::attribute_name name : what_.attributes)
    attributes_.push_back(const_cast<char*>(name.text().c_str()));
  attributes_.push_back(nullptr);
}

content_stream::~content_stream() {
  if (wake_ >= 0) ::close(wake_);
}

result<std::unique_ptr<model::content_feed>> content_stream::start(std::unique_ptr<connection> line,
                                                                   std::unique_ptr<connection> asker,
                                                                   milliseconds answer_time_max,
                                                                   const content_request& what,
                                                                   const std::string& cookie) {
  std::unique_ptr<content_stream> made(
      new content_stream(std::move(line), std::move(asker), answer_time_max, what, cookie));
  made->wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (made->wake_ < 0) return fail(error_kind::local, "no file descriptor left for following a directory");
  made->line_->never_wait();
  made->asker_->never_wait();
  S2L_TRY(made->ask());
  return made;
}

result<void> content_stream::ask() {
  std::string value =
      sync_control::request(sync_control::mode::refresh_and_persist,
                            asked_with_.empty() ? sync_control::cookie() : sync_control::cookie(asked_with_));
  LDAPControl sync{.ldctl_oid = const_cast<char*>(sync_control::request_oid),
                   .ldctl_value = {.bv_len = value.size(), .bv_val = value.data()},
                   .ldctl_iscritical = 1};
  LDAPControl* controls[] = {&sync, nullptr};
  return line_->sent(
      ldap_search_ext(line_->handle(), what_.base.c_str(), LDAP_SCOPE_SUBTREE, what_.filter.c_str(),
                      attributes_.empty() ? nullptr : attributes_.data(), 0, controls, nullptr, nullptr, 0, &id_),
      doing_);
}

result<std::optional<model::content_event>> content_stream::next(milliseconds patience) {
  if (failure_) return tl::make_unexpected(*failure_);
  auto event = next_until(clock::now() + patience);
  if (!event) failure_ = event.error();
  return event;
}

result<std::optional<model::content_event>> content_stream::next_until(clock::time_point until) {
  while (events_.empty()) {
    S2L_TRY_ASSIGN(const message_owner message, line_->take_ready(doing_));
    const auto now = clock::now();
    if (message) {
      heard_ = now;
      S2L_TRY(take(message.get()));
    } else if (asked_) {
      S2L_TRY(hear_answer());
    }
    if (!events_.empty()) break;
    S2L_TRY(keep_in_touch(now));
    if (now >= until) return std::nullopt;
    if (message) continue;
    S2L_TRY_ASSIGN(const bool woken, wait(until));
    if (woken) return std::nullopt;
  }
  return give();
}

// What was told of a refresh before its end is not all: the cookie waits.
model::content_event content_stream::give() {
  model::content_event event = std::move(events_.front());
  events_.pop_front();
  if (events_.empty() && refreshed_) cookie_ = latest_;
  return event;
}

result<void> content_stream::take(LDAPMessage* message) {
  switch (ldap_msgtype(message)) {
    case LDAP_RES_SEARCH_ENTRY:
      return take_entry(message);
    case LDAP_RES_INTERMEDIATE:
      return take_info(message);
    case LDAP_RES_SEARCH_RESULT:
      return take_end(message);
    default:
      return {};
  }
}

result<void> content_stream::take_entry(LDAPMessage* message) {
  LDAPControl** raw = nullptr;
  const int code = ldap_get_entry_controls(line_->handle(), message, &raw);
  const controls_owner controls(raw);
  const LDAPControl* control = code == LDAP_SUCCESS && raw != nullptr
                                   ? ldap_control_find(sync_control::state_oid, controls.get(), nullptr)
                                   : nullptr;
  if (control == nullptr)
    return fail(error_kind::directory, fmt::format("{}: {}: an entry without its state", line_->server(), doing_),
                without_overlay);
  auto state = sync_control::parse_state(view(control->ldctl_value));
  if (!state) return garbled(std::move(state).error());
  switch (state->now) {
    case sync_control::entry_state::present:
      note(what::present, state->uuid);
      break;
    case sync_control::entry_state::remove:
      note(what::gone, state->uuid);
      break;
    case sync_control::entry_state::add:
    case sync_control::entry_state::modify:
      note(what::entry, state->uuid);
      S2L_TRY(decoder_.decode(*line_, message, doing_, events_.back().content));
      break;
  }
  note_cookie(state->then);
  return {};
}

result<void> content_stream::take_info(LDAPMessage* message) {
  char* oid = nullptr;
  berval* value = nullptr;
  const int code = ldap_parse_intermediate(line_->handle(), message, &oid, &value, nullptr, 0);
  const text_owner oid_owner(oid);
  const value_owner owner(value);
  if (code != LDAP_SUCCESS || oid == nullptr || std::string_view(oid) != sync_control::info_oid) return {};
  auto info = sync_control::parse_info(value != nullptr ? view(*value) : std::string_view());
  if (!info) return garbled(std::move(info).error());
  std::visit(overloaded{[&](const sync_control::new_cookie& told) {
                          note_cookie(told.then);
                          if (refreshed_) note(what::heard);
                        },
                        [&](const sync_control::phase_end& told) {
                          note_cookie(told.then);
                          if (told.phase == sync_control::phase_end::what::present) present_phase_ = true;
                          if (told.refresh_done) end_refresh();
                        },
                        [&](const sync_control::id_set& told) {
                          note_cookie(told.then);
                          for (const model::entry_uuid& uuid : told.uuids)
                            note(told.deleted ? what::gone : what::present, uuid);
                        }},
             *info);
  return {};
}

// Without a cookie, or in a present phase, who is there was named: the others are not.
void content_stream::end_refresh() {
  if (refreshed_) return;
  refreshed_ = true;
  note(asked_with_.empty() || present_phase_ ? what::refreshed_others : what::refreshed);
}

// A search that persists has no end, unless the server gives it up.
result<void> content_stream::take_end(LDAPMessage* message) {
  S2L_TRY_ASSIGN(const answer said, line_->read_answer(message, doing_));
  const bool gone_on = refreshed_ || !asked_with_.empty();
  // slapd is unwilling when its database is older than the cookie: a backup was put in its place.
  const bool behind = said.code == LDAP_UNWILLING_TO_PERFORM && !refreshed_;
  if (gone_on && (said.code == LDAP_SYNC_REFRESH_REQUIRED || behind)) return begin_anew();
  if (said.code == LDAP_SUCCESS) {
    if (ldap_control_find(sync_control::done_oid, said.controls.get(), nullptr) == nullptr)
      return fail(error_kind::directory, fmt::format("{}: {}: the server tells no changes", line_->server(), doing_),
                  without_overlay);
    return fail_transient(error_kind::directory,
                          fmt::format("{}: {}: the server has ended it", line_->server(), doing_));
  }
  error why = line_->failed(said.code, doing_, said.diagnostic);
  if (said.code == LDAP_UNAVAILABLE_CRITICAL_EXTENSION) why.hint = without_overlay;
  return tl::make_unexpected(std::move(why));
}

result<void> content_stream::begin_anew() {
  asked_with_.clear();
  latest_.clear();
  cookie_.clear();
  refreshed_ = false;
  present_phase_ = false;
  note(what::begun_anew);
  return ask();
}

void content_stream::note(what kind, const model::entry_uuid& uuid) {
  events_.push_back({.kind = kind, .uuid = uuid, .content = {}});
}

void content_stream::note_cookie(const sync_control::cookie& then) {
  if (then) latest_.assign(*then);
}

tl::unexpected<error> content_stream::garbled(error why) {
  line_->give_up();
  return tl::make_unexpected(std::move(why).within(fmt::format("{}: {}", line_->server(), doing_)));
}

result<bool> content_stream::wait(clock::time_point until) {
  const auto ask_at = asked_ ? std::max(*asked_, heard_) + answer_time_max_
                             : heard_ + std::min<milliseconds>(limits::content_ask_after, answer_time_max_);
  const auto left = std::chrono::ceil<milliseconds>(std::min(until, ask_at) - clock::now()).count();
  pollfd waiting[] = {{.fd = wake_, .events = POLLIN, .revents = 0},
                      {.fd = line_->socket(), .events = POLLIN, .revents = 0},
                      {.fd = asked_ ? asker_->socket() : -1, .events = POLLIN, .revents = 0}};
  if (left <= 0 || ::poll(waiting, std::size(waiting), static_cast<int>(left)) <= 0) return false;
  if (waiting[0].revents == 0) return false;
  eventfd_t count = 0;
  ::eventfd_read(wake_, &count);
  return true;
}

result<void> content_stream::keep_in_touch(clock::time_point now) {
  if (asked_) {
    if (now - std::max(*asked_, heard_) < answer_time_max_) return {};
    line_->give_up();
    return tl::make_unexpected(
        line_->failed(LDAP_TIMEOUT, doing_, fmt::format("no sign of life for {} ms", answer_time_max_.count())));
  }
  if (now - heard_ < std::min<milliseconds>(limits::content_ask_after, answer_time_max_)) return {};
  asked_ = now;
  int question = 0;  // the only one
  return asker_->sent(ldap_whoami(asker_->handle(), nullptr, nullptr, &question), doing_);
}

// Who am I (RFC 4532): whatever the server answers, it is there.
result<void> content_stream::hear_answer() {
  S2L_TRY_ASSIGN(const message_owner answer, asker_->take_ready(doing_));
  if (!answer) return {};
  asked_.reset();
  heard_ = clock::now();
  if (refreshed_) note(what::heard);
  return {};
}

void content_stream::wake() noexcept { ::eventfd_write(wake_, 1); }

}  // namespace sql2ldap::ldap::detail
