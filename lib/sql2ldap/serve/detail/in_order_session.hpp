// The session of a protocol whose requests are answered one after the other.
//
// Protocol has: `codec`; types `request` and `found`; static look_up(), which runs in a worker's thread and so sees
// nothing of the session; static is_slow(); answer(), which says it in the protocol's words, failed() for trouble.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <sql2ldap/codec/settled.hpp>
#include <sql2ldap/serve/session.hpp>

namespace sql2ldap::serve::detail {

inline constexpr const char* too_late_text = "no worker came to it in time";

template <typename Protocol>
class in_order_session final : public session, public std::enable_shared_from_this<in_order_session<Protocol>> {
 public:
  in_order_session(desk_of_answers& desk, const session_options& how, client_door& to)
      : desk_(desk), how_(how), to_(to), protocol_(how) {}

  void open() override {
    if (std::string first = protocol_.greeting(); !first.empty()) to_.send(std::move(first));
    to_.ready();
  }
  void feed(std::string_view bytes) override {
    protocol_.codec.feed(bytes);
    pump();
  }
  void end() override {
    protocol_.end();
    ended_ = true;
    pump();
  }
  [[nodiscard]] bool at_work() const override { return busy_; }

 private:
  struct job {
    typename Protocol::request what;
    result<typename Protocol::found> found;
  };

  // Work that is done in place comes back in here while it runs: the loop goes on, and the stack does not grow.
  void pump() {
    if (std::exchange(pumping_, true)) return;
    while (!busy_ && !closed_) {
      auto next = protocol_.codec.next();
      if (!next) break;
      if (*next)
        begin(std::move(**next));
      else
        settle(std::move(next->error()));
    }
    pumping_ = false;
    if (busy_ || closed_) return;
    if (ended_) return settle({{}, true, {}});
    to_.ready();
  }

  void begin(typename Protocol::request what) {
    busy_ = true;
    workers& where = Protocol::is_slow(what) ? desk_.slow_work : desk_.lookups;
    const auto asked = std::make_shared<job>(job{std::move(what), fail_transient(error_kind::local, too_late_text)});
    const bool taken =
        where.run([asked, &from = desk_.from,
                   how = current_options()] { asked->found = Protocol::look_up(from, how, asked->what); },
                  [asked, weak = this->weak_from_this()] {
                    if (const auto self = weak.lock()) self->finish(*asked);
                  },
                  this->weak_from_this());
    if (taken) return;
    asked->found = fail_transient(error_kind::local, "too many questions wait");
    finish(*asked);
  }

  void finish(const job& asked) {
    busy_ = false;
    if (closed_) return;
    desk_.count(how_.which, asked.found.has_value());
    if (asked.found) {
      settle(protocol_.answer(asked.what, *asked.found));
    } else {
      desk_.tell(log::level::error, "LOOKUP_FAILED", asked.found.error().text());
      settle(protocol_.failed(asked.what));
    }
    pump();
  }

  void settle(codec::settled what) {
    if (!what.why.empty())
      desk_.tell(log::level::debug, "CLIENT_ODD", std::string(word_for(how_.which)) + ": " + what.why);
    if (!what.answer.empty()) to_.send(std::move(what.answer));
    if (!what.close || std::exchange(closed_, true)) return;
    to_.close();
  }

  [[nodiscard]] session_options current_options() const {
    session_options out = how_;
    out.bounds = desk_.bounds;
    return out;
  }

  desk_of_answers& desk_;
  const session_options how_;
  client_door& to_;
  Protocol protocol_;
  bool busy_ = false;
  bool pumping_ = false;
  bool ended_ = false;
  bool closed_ = false;
};

// What is told to clients, whatever the log says.
inline constexpr std::string_view try_later_text = "try again later";

// One function for each protocol, each in a file of its own.
using session_ptr = std::shared_ptr<session>;
[[nodiscard]] session_ptr start_auth(desk_of_answers& desk, const session_options& how, client_door& to);
[[nodiscard]] session_ptr start_userdb(desk_of_answers& desk, const session_options& how, client_door& to);
[[nodiscard]] session_ptr start_dict(desk_of_answers& desk, const session_options& how, client_door& to);
[[nodiscard]] session_ptr start_socketmap(desk_of_answers& desk, const session_options& how, client_door& to);
[[nodiscard]] session_ptr start_tcp_table(desk_of_answers& desk, const session_options& how, client_door& to);
[[nodiscard]] session_ptr start_query(desk_of_answers& desk, const session_options& how, client_door& to);

}  // namespace sql2ldap::serve::detail
