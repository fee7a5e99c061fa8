#include "answer_office.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/codec/password_verify.hpp>

namespace sql2ldap::tools {

namespace {

using serve::compared_answers;
constexpr std::chrono::seconds told_again_after{60};
constexpr std::array all_questions = {compared_answers::question::login, compared_answers::question::userdb,
                                      compared_answers::question::sieve, compared_answers::question::route,
                                      compared_answers::question::domain};

}  // namespace

bool answer_way::shows_passwords() const {
  const auto mirror = first->mirror();
  return passwords == seen::yes && (!mirror || mirror->is.in_step);
}

// ---- the way at work --------------------------------------------------------------------------

void way_at_work::set(std::shared_ptr<answer_way> one) {
  const std::lock_guard alone(mutex_);
  one_ = std::move(one);
}

thread_local const std::shared_ptr<answer_way>* way_at_work::this_works = nullptr;

std::shared_ptr<answer_way> way_at_work::get() const {
  if (this_works != nullptr) return *this_works;
  const std::lock_guard alone(mutex_);
  return one_;
}

template <typename Ask>
auto way_at_work::ask(Ask what) -> decltype(what(std::declval<serve::answers&>())) {
  const auto way = get();
  if (!way) return fail_transient(error_kind::directory, "there is nothing yet to answer from");
  return what(way->answers());
}

result<std::optional<serve::login_answer>> way_at_work::account_for_login(const serve::login_request& who) {
  return ask([&](serve::answers& from) { return from.account_for_login(who); });
}
void way_at_work::expect_logins(std::span<const std::string_view> names) {
  if (const auto way = get()) way->answers().expect_logins(names);
}
result<std::optional<serve::userdb>> way_at_work::userdb_of(std::string_view name) {
  return ask([&](serve::answers& from) { return from.userdb_of(name); });
}
result<std::optional<serve::sieve_script>> way_at_work::sieve_of(std::string_view name) {
  return ask([&](serve::answers& from) { return from.sieve_of(name); });
}
result<serve::mail_route> way_at_work::route(std::string_view address) {
  return ask([&](serve::answers& from) { return from.route(address); });
}
result<std::optional<serve::mail_domain>> way_at_work::domain(std::string_view name) {
  return ask([&](serve::answers& from) { return from.domain(name); });
}
result<void> way_at_work::users(const std::function<bool(std::string_view login)>& tell) {
  return ask([&](serve::answers& from) { return from.users(tell); });
}

bool answer_office::lookup_workers::run(std::function<void()> work, std::function<void()> done,
                                        const serve::asker& by) {
  const auto way = from_.get();
  if (!way || way->first->in_memory()) {
    const way_at_work::held for_all_steps(way);
    return at_once_.run(std::move(work), std::move(done), by);
  }
  // Where two ways are compared each question counts once.
  return (way->compared ? alone_ : together_).run(std::move(work), std::move(done), by);
}

// ---- the office -------------------------------------------------------------------------------

answer_office::answer_office(listen::event_loop& loop, std::size_t workers, std::function<void()> ready)
    : loop_(loop),
      retiring_(loop, {.threads = 1, .waiting_max = limits::ways_retiring_max}),
      ready_(std::move(ready)),
      login_check_(
          answers_, lookups_, proving_, guesses_, [this](const auto& who, const auto& how) { told(who, how); },
          [this](const serve::account& whose, const secret& password) { return prove(whose, password); },
          [this](const serve::account& whose) {
            return answers_.get()->needs_passwords && codec::is_quickly_verified(whose.passwords);
          }),
      desk_{answers_, lookups_, listing_, login_check_},
      asking_(loop, {.threads = limits::directory_connections_max,
                     .waiting_max = limits::lookups_waiting_max,
                     .patience = limits::work_wait_max}),
      gathering_(loop,
                 {.waiting_max = limits::lookups_waiting_max,
                  .patience = limits::work_wait_max,
                  .at_once_max = limits::lookups_at_once_max,
                  .groups_max = limits::lookup_groups_max},
                 asking_, [this](const auto& all, const auto& told) { return answer_together(all, told); }),
      listing_(loop, {.threads = 1, .waiting_max = limits::listings_waiting_max}),
      looking_around_(loop, {.threads = 1, .waiting_max = limits::listings_waiting_max}),
      rehashing_(loop, {.threads = 1, .waiting_max = limits::listings_waiting_max}),
      proving_(loop,
               {.threads = workers, .waiting_max = limits::passwords_waiting_max, .patience = limits::work_wait_max}) {
  desk_.tell = [this](log::level severity, std::string_view id, const std::string& text) { tell(severity, id, text); };
  desk_.count = [this](serve::protocol which, bool known) {
    tally& of = answered_[which];
    ++(known ? of.known : of.later);
  };
  desk_.after = [this](std::chrono::milliseconds time, std::function<void()> what) {
    loop_.after(time, std::move(what));
  };
}

// By one way from the first step to the last: another may be set meanwhile.
std::shared_ptr<const void> answer_office::answer_together(const serve::works& all, const serve::works_listener& told) {
  const auto way = answers_.get();
  if (way->compared) {
    for (std::size_t i = 0; i < all.size(); ++i) told.goes_alone(i);
    return nullptr;
  }
  serve::works by_it;
  for (const auto& work : all)
    by_it.push_back([way, work] {
      const way_at_work::held for_this(way);
      work();
    });
  return way->first->answer_together(by_it, told);
}

result<bool> answer_office::prove(const serve::account& whose, const secret& password) {
  const auto way = answers_.get();
  if (way->needs_passwords && whose.passwords.empty() && !way->shows_passwords())
    return fail(error_kind::directory, "no account shows a password");
  const auto proved = way->prove(whose, password);
  const bool is_somebody = !whose.login.empty();  // and not who stands in for nobody (login_check)
  if (!proved && is_somebody && way->needs_passwords) report_unverified(whose, proved.error().text());
  if (proved && *proved && is_somebody && way->rehash)
    (void)rehashing_.run([way, whose, password] { way->rehash(whose, password); }, [] {});
  return proved;
}

// Whose password it is decides how much is written: no more than a line in a while for an account.
void answer_office::report_unverified(const serve::account& whose, const std::string& text) {
  if (!unverified_reports_.is_due(whose.login, std::chrono::steady_clock::now())) return;
  log::event(log::level::warning, "PASSWORD_UNVERIFIED", text, {{"user", whose.login}});
}

void answer_office::work_by(const answer_plan& plan) {
  // Whoever lets go of it last does not wait for its end.
  std::shared_ptr<answer_way> made(new answer_way, [this](answer_way* one) {
    (void)retiring_.run([last = std::shared_ptr<answer_way>(one)] {}, [] {});
  });
  const auto filled = [this, whose = std::weak_ptr(made)] {
    if (const auto in = whose.lock()) in->passwords = answer_way::seen::unknown;
    loop_.post([this] {
      look();
      look_for_passwords();
    });
  };
  made->prove = plan.prove;
  made->needs_passwords = plan.needs_passwords;
  made->bounds = plan.bounds;
  made->scram = plan.scram;
  made->rehash = plan.rehash;
  made->first = plan.first({.filled = filled, .loop = &loop_, .waiting = &asking_});
  if (plan.second) {
    made->second = plan.second({});
    made->compared = std::make_unique<serve::compared_answers>(made->first->answers(), made->second->answers());
  }
  guesses_.change(plan.guesses);
  coming_ = std::move(made);
  if (!answers_.get()) {
    desk_.scram = plan.scram;
    desk_.bounds = plan.bounds;
  }
  look();
}

void answer_office::tick() {
  look();
  if (std::chrono::steady_clock::now() - passwords_looked_for_at_ >= told_again_after) look_for_passwords();
  tell_differences();
}

void answer_office::look() {
  if (!coming_ || looking_) return;
  const auto can = std::make_shared<result<void>>();
  looking_ = looking_around_.run([way = coming_, can] { *can = way->first->can_answer(); },
                                 [this, whose = std::weak_ptr(coming_), can] {
                                   looking_ = false;
                                   if (whose.lock() != coming_) return look();
                                   if (*can) return take_over();
                                   const std::string why = can->error().text();
                                   if (why != waits_for_) log::event(log::level::info, "ANSWER_WAITS", why);
                                   waits_for_ = why;
                                 });
}

void answer_office::take_over() {
  desk_.scram = coming_->scram;
  desk_.bounds = coming_->bounds;
  answers_.set(std::exchange(coming_, nullptr));
  waits_for_.clear();
  look_for_passwords();
  ready_();
}

void answer_office::look_for_passwords() {
  using seen = answer_way::seen;
  const auto way = answers_.get();
  if (!way || !way->needs_passwords) return;
  passwords_looked_for_at_ = std::chrono::steady_clock::now();
  const auto shown = std::make_shared<result<bool>>(true);
  (void)looking_around_.run(
      [way, shown] { *shown = way->first->shows_passwords(); },
      [this, whose = std::weak_ptr(way), shown] {
        const auto in = whose.lock();
        if (!in) return;
        if (!*shown) return tell(log::level::warning, "PASSWORDS_UNKNOWN", shown->error().text());
        const bool were_hidden = std::exchange(in->hidden, !**shown);
        // Until they have been read, who had none has none.
        if (**shown && were_hidden) return in->first->read_anew();
        in->passwords = **shown ? seen::yes : seen::no;
        if (**shown || were_hidden) return;
        tell(log::level::warning, "PASSWORDS_UNSEEN",
             "no account shows a userPassword: logins are told to try later; let the identity that "
             "binds read it (olcAccess), or set passwords = \"bind\"");
      });
}

void answer_office::told(const serve::login_attempt& who, const serve::login_result& how) {
  using what = serve::login_result::what;
  const std::string_view word = serve::word_for(how.now);
  ++logins_[how.now];
  log::event(
      how.now == what::try_later ? log::level::warning : log::level::info, "LOGIN", word,
      {{"name", who.name}, {"user", how.user}, {"service", who.service}, {"from", who.from}, {"cause", how.cause}});
}

// The same trouble is not told for each question.
void answer_office::tell(log::level severity, std::string_view id, const std::string& text) {
  if (severity == log::level::error && !error_reports_.is_due(text, std::chrono::steady_clock::now())) return;
  log::event(severity, id, text);
}

// ---- what is counted --------------------------------------------------------------------------

namespace {

double seconds(std::chrono::milliseconds time) { return std::chrono::duration<double>(time).count(); }

void fill_mirror(control::metrics& into, const answer_source::mirrored& of, const std::string& role) {
  const control::metrics::label side{"answers", role};
  into.gauge("sql2ldap_mirror_ready", "Whether it was once filled.", of.is.refreshed ? 1 : 0, side);
  into.gauge("sql2ldap_mirror_in_step", "Whether changes are told as they come.", of.is.in_step ? 1 : 0, side);
  into.gauge("sql2ldap_mirror_age_seconds", "Since it was last known to be in step.", seconds(of.is.age), side);
  into.gauge("sql2ldap_mirror_entries", "Entries in memory.", static_cast<double>(of.is.entries), side);
  into.gauge("sql2ldap_mirror_memory_bytes", "What they take.", static_cast<double>(of.is.memory_bytes), side);
  into.counter("sql2ldap_mirror_events_total", "Told by the directory or the source.",
               static_cast<double>(of.kept.events), side);
}

void fill_comparison(control::metrics& into, const compared_answers& of) {
  constexpr auto help = "Answers that were held against those of the other side.";
  for (const auto kind : all_questions) {
    const serve::comparison_counts now = of.counts(kind);
    const control::metrics::label by{"question", std::string(word_for(kind))};
    const auto add = [&](const char* name, std::uint64_t total) {
      into.counter(fmt::format("sql2ldap_compared_{}_total", name), help, static_cast<double>(total), by);
    };
    add("same", now.same);
    add("different", now.different);
    add("only_first", now.only_first);
    add("only_second", now.only_second);
    add("second_failed", now.second_failed);
    add("first_failed", now.first_failed);
    add("left_out", now.left_out);
  }
}

}  // namespace

void answer_office::fill(control::metrics& into) const {
  for (const auto& [result, total] : logins_)
    into.counter("sql2ldap_logins_total", "Logins by their result.", static_cast<double>(total),
                 {"result", std::string(serve::word_for(result))});
  for (const auto& [which, of] : answered_) {
    const control::metrics::label by{"protocol", std::string(serve::word_for(which))};
    into.counter("sql2ldap_answers_total", "Questions that were answered.", static_cast<double>(of.known), by);
    into.counter("sql2ldap_answers_later_total", "Questions that were answered with \"try later\".",
                 static_cast<double>(of.later), by);
  }
  auto way = answers_.get();
  if (!way) way = coming_;
  if (!way) return;
  if (const auto mirror = way->first->mirror()) fill_mirror(into, *mirror, "first");
  const auto second = way->second != nullptr ? way->second->mirror() : std::nullopt;
  if (second)
    fill_mirror(into, *second, "second");
  else
    into.forget({"answers", "second"});
  if (way->compared) fill_comparison(into, *way->compared);
}

void answer_office::tell_differences() {
  const auto way = answers_.get();
  const auto now = std::chrono::steady_clock::now();
  if (!way || !way->compared || (differences_told_ != 0 && now - differences_told_at_ < told_again_after)) return;
  std::uint64_t total = 0;
  for (const auto kind : all_questions) {
    const serve::comparison_counts counts = way->compared->counts(kind);
    total += counts.different + counts.only_first + counts.only_second;
  }
  const auto last = way->compared->differences();
  if (total <= differences_told_ || last.empty()) {
    differences_told_ = std::min(total, differences_told_);  // compared anew since the settings were read again
    return;
  }
  differences_told_ = total;
  differences_told_at_ = now;
  const serve::difference& one = last.back();
  log::event(log::level::warning, "ANSWERS_DIFFER", fmt::format("{} so far, the last one:", total),
             {{"question", one.question}, {"name", one.name}, {"what", one.what}});
}

std::string answer_office::status() const {
  const auto way = answers_.get();
  if (!way) return waits_for_.empty() ? "begins" : "waits: " + waits_for_;
  const auto mirror = way->first->mirror();
  if (!mirror) return "asks the directory each time";
  return fmt::format("{} entries in memory, {}", mirror->is.entries,
                     mirror->is.in_step ? std::string("in step")
                                        : fmt::format("{} s old", static_cast<long long>(seconds(mirror->is.age))));
}

}  // namespace sql2ldap::tools
