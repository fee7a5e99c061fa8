// dovecot's auth-client: logins by SASL. Requests of one connection go on side by side.
#include <array>
#include <chrono>
#include <map>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include <sodium.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/overloaded.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/dovecot_auth.hpp>
#include <sql2ldap/codec/sasl.hpp>
#include <sql2ldap/model/lookup.hpp>
#include <sql2ldap/serve/detail/in_order_session.hpp>

namespace sql2ldap::serve::detail {

namespace {

namespace wire = codec::dovecot_auth;
namespace sasl = codec::sasl;

// The client has the password's bytes in hand: postfix keeps such mechanisms from connections in clear text.
constexpr std::string_view plaintext_flag = "plaintext";
constexpr std::string_view scram_flag = "mutual-auth";  // as dovecot has it
constexpr std::size_t nonce_bytes = 18;
constexpr std::size_t cookie_bytes = 16;

std::string random_bytes(std::size_t count) {
  std::string out(count, '\0');
  randombytes_buf(out.data(), out.size());
  return out;
}

bool is_scram(std::string_view mechanism) { return mechanism.starts_with("SCRAM-"); }
std::string new_nonce() { return codec::base64(random_bytes(nonce_bytes)); }

class auth_session final : public session, public std::enable_shared_from_this<auth_session> {
 public:
  auth_session(desk_of_answers& desk, const session_options& how, client_door& to)
      : desk_(desk), how_(how), to_(to), codec_(sasl::mechanisms(desk.scram)), scram_(desk.scram) {}

  void open() override {
    std::vector<wire::mechanism> offered;
    for (std::string& name : sasl::mechanisms(scram_)) {
      const std::string_view flag = is_scram(name) ? scram_flag : plaintext_flag;
      offered.push_back({std::move(name), {std::string(flag)}});
    }
    to_.send(wire::greeting(offered, how_.process, how_.connection, random_bytes(cookie_bytes)));
    to_.ready();
  }

  void feed(std::string_view bytes) override {
    codec_.feed(bytes);
    take_requests();
  }

  // No client shuts its side down and still wants to know.
  void end() override { settle({{}, true, {}}); }
  [[nodiscard]] bool at_work() const override { return !closed_ && verifying_ > 0; }

 private:
  using clock = std::chrono::steady_clock;
  struct attempt {
    login_attempt who;
    bool delayed = true;  // when it is refused
    clock::time_point begun;
  };
  struct running {
    attempt by;
    std::unique_ptr<sasl::exchange> exchange;
    login_check::scram_login scram{};  // once it is known
  };
  struct ready_login {  // to be verified
    wire::ticket of;
    attempt by;
    sasl::credentials given;
  };
  static constexpr std::size_t gathered_max = 16;
  static_assert(gathered_max <= model::entry_lookup::expected_max);

  // As many as may be verified at once; who has asked for more is read from again when some are answered.
  void take_requests() {
    waits_for_room_ = false;  // who is answered at once has made none
    taken_at_ = clock::now();
    while (!closed_ && !is_full()) {
      auto next = codec_.next();
      if (!next) break;
      if (*next) {
        std::visit([this](auto& what) { take(what); }, **next);
      } else {
        verify_gathered();
        settle(std::move(next->error()));
      }
      if (gathered_.size() == gathered_max || is_full()) verify_gathered();
    }
    verify_gathered();
    waits_for_room_ = is_full();
    if (!closed_ && !waits_for_room_) to_.ready();
  }
  [[nodiscard]] bool is_full() const { return verifying_ + gathered_.size() >= limits::auth_requests_max; }

  void verify_gathered() {
    std::array<std::string_view, gathered_max> names;
    for (std::size_t i = 0; i < gathered_.size(); ++i) names[i] = gathered_[i].given.user;
    if (gathered_.size() > 1) desk_.from.expect_logins(std::span(names).first(gathered_.size()));
    for (ready_login& one : gathered_)
      if (!closed_) verify(one.of, std::move(one.by), std::move(one.given));
    gathered_.clear();
  }

  void take(wire::authenticate& asked) {
    attempt by{
        {{}, std::move(asked.service), std::move(asked.remote_ip), weak_from_this()}, !asked.no_penalty, taken_at_};
    auto exchange = sasl::start(asked.mechanism, is_scram(asked.mechanism) ? new_nonce() : std::string());
    S2L_ASSERT(exchange != nullptr);  // only what was offered comes here
    const auto& first = asked.initial_response;
    sasl::step step = exchange->take(first ? std::optional(first->reveal()) : std::nullopt);
    if (auto* const given = std::get_if<sasl::credentials>(&step)) {
      gathered_.push_back({asked.of, std::move(by), std::move(*given)});
      return;
    }
    running_[asked.of.serial] = {std::move(by), std::move(exchange)};
    go_on(asked.of, std::move(step));
  }

  void take(const wire::continuation& asked) {
    const auto found = running_.find(asked.of.serial);
    if (found != running_.end()) go_on(asked.of, found->second.exchange->take(asked.response.reveal()));
  }

  // What is verified at the moment is verified to its end; the codec keeps the answer back.
  void take(const wire::cancel& asked) { running_.erase(asked.of.serial); }

  void go_on(wire::ticket of, sasl::step step) {
    std::visit(overloaded{
                   [&](const sasl::challenge& next) { settle(codec_.challenge(of, next.bytes)); },
                   [&](sasl::credentials& given) { verify(of, forgotten(of).by, std::move(given)); },
                   [&](const sasl::secret_wanted& wanted) { look_up(of, wanted); },
                   [&](const sasl::success& proved) { conclude(of, proved.user, true, proved.final_data); },
                   [&](const sasl::failure& failed) { refuse(of, failed); },
               },
               step);
  }

  void look_up(wire::ticket of, const sasl::secret_wanted& wanted) {
    running& asked = running_.at(of.serial);
    asked.by.who.name = wanted.user;
    ++verifying_;
    desk_.logins.begin_scram(asked.by.who, wanted.hash,
                             [of, weak = weak_from_this()](const login_check::scram_login& is) {
                               const auto self = weak.lock();
                               if (!self) return;
                               --self->verifying_;
                               if (!self->closed_) self->looked_up(of, is);
                               if (self->waits_for_room_) self->take_requests();
                             });
  }

  void looked_up(wire::ticket of, const login_check::scram_login& is) {
    const auto found = running_.find(of.serial);
    if (found == running_.end()) return;
    if (!is.account) return try_later(of);
    found->second.scram = is;
    go_on(of, found->second.exchange->give(is.secret));
  }

  void try_later(wire::ticket of) {
    const std::string name = running_.at(of.serial).by.who.name;
    running_.erase(of.serial);
    settle(codec_.refuse(of, wire::failure::temporary, name));
  }

  void conclude(wire::ticket of, const std::string& name, bool proved, const std::string& final_data) {
    const auto [by, exchange, scram] = forgotten(of);
    ++verifying_;
    verified(of, name, desk_.logins.end_scram(by.who, scram, proved), by.delayed, by.begun, final_data);
  }

  running forgotten(wire::ticket of) {
    running asked = std::move(running_.at(of.serial));
    running_.erase(of.serial);
    return asked;
  }

  void verify(wire::ticket of, attempt&& by, sasl::credentials&& given) {
    ++verifying_;
    by.who.name = std::move(given.user);
    desk_.logins.verify(std::move(by.who), std::move(given.password),
                        [of, delayed = by.delayed, begun = by.begun, weak = weak_from_this()](const login_attempt& who,
                                                                                              const login_result& how) {
                          if (const auto self = weak.lock()) self->verified(of, who.name, how, delayed, begun);
                        });
  }

  // What is no success is told at a moment that does not depend on the work that it took.
  static std::chrono::milliseconds wait_of(const login_result& how, clock::time_point begun) {
    if (!how.guessed && how.now == login_result::what::accepted) return {};
    const std::chrono::milliseconds step = how.guessed ? limits::guessed_login_delay : limits::wrong_password_delay;
    const auto passed = std::chrono::ceil<std::chrono::milliseconds>(clock::now() - begun);
    return step - passed % step;
  }

  void verified(wire::ticket of, const std::string& asked, const login_result& how, bool delayed,
                clock::time_point begun, const std::string& final_data = {}) {
    const std::chrono::milliseconds wait = delayed && !closed_ ? wait_of(how, begun) : std::chrono::milliseconds(0);
    if (wait.count() == 0) return answer(of, asked, how, final_data);
    desk_.after(wait, [of, asked, how, final_data, weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->answer(of, asked, how, final_data);
    });
  }

  void answer(wire::ticket of, const std::string& asked, const login_result& how, const std::string& final_data) {
    --verifying_;
    if (closed_) return;
    tell(of, asked, how, final_data);
    if (waits_for_room_) take_requests();
  }

  void tell(wire::ticket of, const std::string& asked, const login_result& how, const std::string& final_data) {
    switch (how.now) {
      case login_result::what::accepted:
        return settle(codec_.success(of, how.user, final_data, asked));
      case login_result::what::wrong_password:
        return settle(codec_.refuse(of, wire::failure::wrong_password, asked));
      case login_result::what::disabled:
        return settle(codec_.refuse(of, wire::failure::user_disabled, asked));
      case login_result::what::not_from_here:
        return settle(codec_.refuse(of, wire::failure::not_authorized, asked));
      case login_result::what::try_later:
        return settle(codec_.refuse(of, wire::failure::temporary, asked));
    }
  }

  void refuse(wire::ticket of, const sasl::failure& failed) {
    const auto found = running_.find(of.serial);
    if (found != running_.end() && found->second.scram.account) return conclude(of, failed.user, false, {});
    running_.erase(of.serial);
    const bool other = failed.why == sasl::failure::what::other_authorization;
    settle(codec_.refuse(of, other ? wire::failure::not_authorized : wire::failure::wrong_password, failed.user));
  }

  void settle(codec::settled what) {
    if (closed_) return;
    if (!what.why.empty()) desk_.tell(log::level::debug, "CLIENT_ODD", "auth-client: " + what.why);
    if (!what.answer.empty()) to_.send(std::move(what.answer));
    if (!what.close) return;
    closed_ = true;
    running_.clear();
    to_.close();
  }

  desk_of_answers& desk_;
  const session_options how_;
  client_door& to_;
  wire::session codec_;
  const bool scram_;
  std::map<std::uint64_t, running> running_;  // by serial: those that the client is to say something for
  clock::time_point taken_at_;
  std::vector<ready_login> gathered_;  // of one piece of what the client wrote
  std::size_t verifying_ = 0;          // answers to come, which may be delayed
  bool waits_for_room_ = false;        // with requests that have been fed
  bool closed_ = false;
};

}  // namespace

session_ptr start_auth(desk_of_answers& desk, const session_options& how, client_door& to) {
  return std::make_shared<auth_session>(desk, how, to);
}

}  // namespace sql2ldap::serve::detail
