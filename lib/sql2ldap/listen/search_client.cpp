#include <sql2ldap/listen/search_client.hpp>

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/model/result_code.hpp>

namespace sql2ldap::listen {

namespace {

using clock = std::chrono::steady_clock;
using searches = std::unique_ptr<model::concurrent_searches>;

}  // namespace

class search_client::body : public std::enable_shared_from_this<body> {
 public:
  body(event_loop& loop, serve::workers& opening, opener open, bounds how)
      : loop_(loop), opening_(opening), open_(std::move(open)), how_(how) {}

  void find(model::search_terms what, listener told) {
    if (closed_) return;
    waiting_.push_back({std::move(what), std::move(told), clock::now() + how_.time_max});
    look_at(waiting_.back().until);
    go_on();
  }

  void close() {
    closed_ = true;
    hang_up();
    waiting_.clear();
    under_way_.clear();
  }

 private:
  struct asked {
    model::search_terms what;
    listener told;
    clock::time_point until;
    bool again = false;  // the connection was lost once already
  };

  void go_on() {
    while (!waiting_.empty() && under_way_.size() < how_.at_once_max) {
      if (!at_) return open();
      const auto begun = at_->begin(waiting_.front().what);
      under_way_.emplace(begun.value_or(0), std::move(waiting_.front()));
      waiting_.pop_front();
      if (!begun) lose(begun.error());
    }
  }

  // ---- the connection -------------------------------------------------------------------------

  void open() {
    if (std::exchange(opens_, true)) return;
    const auto made =
        std::make_shared<result<searches>>(fail_transient(error_kind::local, "no worker opened a connection in time"));
    const auto tell = [weak = weak_from_this(), made] {
      if (const auto self = weak.lock()) self->opened(std::move(*made));
    };
    if (!opening_.run([made, open = open_] { *made = open(); }, tell, weak_from_this())) loop_.post(tell);
  }

  void opened(result<searches> made) {
    opens_ = false;
    if (closed_) return;
    if (auto taken = take(std::move(made)); !taken) {
      hang_up();
      taken.error().transient = true;  // to ask each question by itself would be as vain
      return fail_all(std::exchange(waiting_, {}), taken.error());
    }
    heard_at_ = clock::now();
    go_on();
  }

  result<void> take(result<searches> made) {
    S2L_TRY_ASSIGN(at_, std::move(made));
    S2L_TRY_ASSIGN(watch_, loop_.on_readable(at_->descriptor(), [this] { collect(); }));
    return {};
  }

  void hang_up() {
    watch_.reset();
    at_.reset();
  }

  void lose(const error& why) {
    hang_up();
    std::deque<asked> in_vain;
    std::deque<asked> once_more;
    for (auto& [number, one] : std::exchange(under_way_, {})) {
      const bool was_again = std::exchange(one.again, true);
      (was_again ? in_vain : once_more).push_back(std::move(one));
    }
    waiting_.insert(waiting_.begin(), std::make_move_iterator(once_more.begin()),
                    std::make_move_iterator(once_more.end()));
    fail_all(std::move(in_vain), why);
    go_on();
  }

  // ---- answers --------------------------------------------------------------------------------

  void collect() {
    const auto self = shared_from_this();
    auto all = at_->collect();
    if (!all) return lose(all.error());
    heard_at_ = clock::now();
    std::vector<listener> told;
    for (const auto& one : *all) told.push_back(std::move(under_way_.extract(one.number).mapped().told));
    for (std::size_t i = 0; i < told.size(); ++i) told[i](std::move((*all)[i].found));
    go_on();
  }

  static void fail_all(std::deque<asked> which, const error& why) {
    for (const asked& one : which) one.told(tl::make_unexpected(why));
  }

  // One timer for all: the first that was set.
  void look_at(clock::time_point when) {
    if (look_at_ <= when) return;
    look_at_ = when;
    loop_.after(std::chrono::ceil<std::chrono::milliseconds>(when - clock::now()), [weak = weak_from_this(), when] {
      if (const auto self = weak.lock(); self && self->look_at_ == when) self->look();
    });
  }

  void look() {
    const auto now = clock::now();
    error why =
        fail_transient(error_kind::directory, fmt::format("{}: no answer within {} ms",
                                                          at_ ? at_->name() : "the directory", how_.time_max.count()))
            .value();
    why.ldap_code = model::result_code::time_limit_exceeded;
    std::deque<asked> late;
    for (asked& one : std::exchange(waiting_, {})) (one.until > now ? waiting_ : late).push_back(std::move(one));
    bool are_late = false;
    for (auto& [number, one] : std::exchange(under_way_, {})) {
      if (one.until > now) {
        under_way_.emplace(number, std::move(one));
        continue;
      }
      at_->abandon(number);
      late.push_back(std::move(one));
      are_late = true;
    }
    look_at_ = clock::time_point::max();
    for (const asked& one : waiting_) look_at(one.until);
    for (const auto& [number, one] : under_way_) look_at(one.until);
    // Where others are answered they need not be asked again.
    if (are_late && now - heard_at_ >= how_.time_max / 2)
      lose(why);
    else
      go_on();
    fail_all(std::move(late), why);
  }

  event_loop& loop_;
  serve::workers& opening_;
  const opener open_;
  const bounds how_;
  std::deque<asked> waiting_;       // for a connection, or for room on it
  std::map<int, asked> under_way_;  // by their number
  searches at_;                     // may be null
  event_loop::watch watch_;         // of it
  bool opens_ = false;
  bool closed_ = false;
  clock::time_point heard_at_;  // on the connection
  clock::time_point look_at_ = clock::time_point::max();
};

search_client::search_client(event_loop& loop, serve::workers& opening, opener open, bounds how)
    : loop_(loop), body_(std::make_shared<body>(loop, opening, std::move(open), how)) {}

search_client::~search_client() {
  loop_.post([last = std::move(body_)] { last->close(); });
}

search_client::finder search_client::find() const {
  return [weak = std::weak_ptr(body_)](model::search_terms what, listener told) {
    if (const auto here = weak.lock()) here->find(std::move(what), std::move(told));
  };
}

}  // namespace sql2ldap::listen
