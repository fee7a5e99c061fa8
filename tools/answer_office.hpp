// What all sessions of sql2ldap-authd share, and how it changes under them: where answers come from, workers, the check
// of passwords, what is counted and written into the log.
//
// All of it in the loop's thread, unless it says otherwise.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>

#include <sql2ldap/base/log.hpp>
#include <sql2ldap/base/repeat_filter.hpp>
#include <sql2ldap/control/metrics.hpp>
#include <sql2ldap/listen/event_loop.hpp>
#include <sql2ldap/listen/gathering.hpp>
#include <sql2ldap/listen/worker_pool.hpp>
#include <sql2ldap/serve/compared_answers.hpp>
#include <sql2ldap/serve/session.hpp>

#include "answer_source.hpp"

namespace sql2ldap::tools {

// One set of settings at work.
struct answer_way {
  std::unique_ptr<answer_source> first;
  std::unique_ptr<answer_source> second;              // may be null
  std::unique_ptr<serve::compared_answers> compared;  // with a second; goes away before both
  serve::login_check::prover prove;
  bool needs_passwords = true;
  codec::password_bounds bounds{};
  bool scram = false;
  std::function<void(const serve::account&, const secret&)> rehash;  // may be empty
  enum class seen { unknown, no, yes };
  std::atomic<seen> passwords = seen::unknown;  // of any account, in the entries as they are
  bool hidden = false;                          // when they were looked for last

  [[nodiscard]] serve::answers& answers() { return compared ? *compared : first->answers(); }
  // Who has none has none, then. Not known while entries are told anew, and some may be hidden by now.
  [[nodiscard]] bool shows_passwords() const;
};

// Answers from the way that is at work at the moment; until there is one, "try later". From any thread.
class way_at_work final : public serve::answers {
 public:
  void set(std::shared_ptr<answer_way> one);
  [[nodiscard]] std::shared_ptr<answer_way> get() const;
  // As long as it lives all that this thread asks is asked of this way, which outlives it.
  class held {
   public:
    explicit held(const std::shared_ptr<answer_way>& way) : before_(std::exchange(this_works, &way)) {}
    held(const held&) = delete;
    held& operator=(const held&) = delete;
    ~held() { this_works = before_; }

   private:
    const std::shared_ptr<answer_way>* before_;
  };

  result<std::optional<serve::login_answer>> account_for_login(const serve::login_request& who) override;
  void expect_logins(std::span<const std::string_view> names) override;
  result<std::optional<serve::userdb>> userdb_of(std::string_view name) override;
  result<std::optional<serve::sieve_script>> sieve_of(std::string_view name) override;
  result<serve::mail_route> route(std::string_view address) override;
  result<std::optional<serve::mail_domain>> domain(std::string_view name) override;
  result<void> users(const std::function<bool(std::string_view login)>& tell) override;

 private:
  template <typename Ask>
  auto ask(Ask what) -> decltype(what(std::declval<serve::answers&>()));

  static thread_local const std::shared_ptr<answer_way>* this_works;
  mutable std::mutex mutex_;
  std::shared_ptr<answer_way> one_;
};

class answer_office {
 public:
  // The loop outlives this. `ready`: each time that another plan is at work.
  answer_office(listen::event_loop& loop, std::size_t workers, std::function<void()> ready);

  // From now on by this plan, as soon as it can answer; until then as before.
  void work_by(const answer_plan& plan);
  void tick();  // once a second
  [[nodiscard]] serve::desk_of_answers& desk() noexcept { return desk_; }
  void fill(control::metrics& into) const;
  [[nodiscard]] std::string status() const;  // one line

 private:
  // Where answers from memory are made, and where those are that must be waited for.
  class lookup_workers final : public serve::workers {
   public:
    lookup_workers(serve::workers& together, serve::workers& alone, way_at_work& from)
        : together_(together), alone_(alone), from_(from) {}
    bool run(std::function<void()> work, std::function<void()> done, const serve::asker& by) override;

   private:
    serve::workers& together_;
    serve::workers& alone_;
    way_at_work& from_;
    serve::no_workers at_once_;
  };

  std::shared_ptr<const void> answer_together(const serve::works& all, const serve::works_listener& told);
  // Perhaps in a worker's thread, as the next.
  result<bool> prove(const serve::account& whose, const secret& password);
  void report_unverified(const serve::account& whose, const std::string& text);
  void look();  // whether the one that is to come can answer by now
  void take_over();
  void look_for_passwords();
  // Into the log, when the two that are compared have differed again, once a minute.
  void tell_differences();
  void told(const serve::login_attempt& who, const serve::login_result& how);
  void tell(log::level severity, std::string_view id, const std::string& text);

  listen::event_loop& loop_;
  listen::worker_pool retiring_;  // ends ways, whose threads may have to be waited for
  way_at_work answers_;
  std::shared_ptr<answer_way> coming_;
  bool looking_ = false;   // whether it can answer
  std::string waits_for_;  // why it could not
  const std::function<void()> ready_;
  std::chrono::steady_clock::time_point passwords_looked_for_at_;
  std::map<serve::login_result::what, std::uint64_t> logins_;  // by their result
  struct tally {
    std::uint64_t known = 0;
    std::uint64_t later = 0;
  };
  std::map<serve::protocol, tally> answered_;
  std::uint64_t differences_told_ = 0;
  std::chrono::steady_clock::time_point differences_told_at_;
  repeat_filter unverified_reports_{std::chrono::minutes(10)};  // accounts, by login
  repeat_filter error_reports_{std::chrono::minutes(1)};        // by text
  serve::guess_limiter guesses_{{}};
  lookup_workers lookups_{gathering_, asking_, answers_};
  serve::login_check login_check_;
  serve::desk_of_answers desk_;
  // Last, since their threads use the others.
  listen::worker_pool asking_;  // who waits for the answer
  listen::gathering gathering_;
  listen::worker_pool listing_;
  listen::worker_pool looking_around_;
  listen::worker_pool rehashing_;
  listen::worker_pool proving_;
};

}  // namespace sql2ldap::tools
