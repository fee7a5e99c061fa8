#include "answer_office.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>

namespace sql2ldap::tools {

namespace {

using serve::compared_answers;
constexpr std::chrono::seconds told_again_after{60};
constexpr std::array all_questions = {compared_answers::question::login, compared_answers::question::userdb,
                                      compared_answers::question::sieve, compared_answers::question::route,
                                      compared_answers::question::domain};

}  // namespace

// ---- the way at work --------------------------------------------------------------------------

void way_at_work::set(std::shared_ptr<answer_way> one) {
  const std::lock_guard alone(mutex_);
  one_ = std::move(one);
}

std::shared_ptr<answer_way> way_at_work::get() const {
  const std::lock_guard alone(mutex_);
  return one_;
}

result<std::optional<serve::login_answer>> way_at_work::account_for_login(const serve::login_request& who) {
  return get()->answers().account_for_login(who);
}
result<std::optional<serve::userdb>> way_at_work::userdb_of(std::string_view name) {
  return get()->answers().userdb_of(name);
}
result<std::optional<serve::sieve_script>> way_at_work::sieve_of(std::string_view name) {
  return get()->answers().sieve_of(name);
}
result<serve::mail_route> way_at_work::route(std::string_view address) { return get()->answers().route(address); }
result<std::optional<serve::mail_domain>> way_at_work::domain(std::string_view name) {
  return get()->answers().domain(name);
}
result<void> way_at_work::users(const std::function<bool(std::string_view login)>& tell) {
  return get()->answers().users(tell);
}

bool answer_office::lookup_workers::run(std::function<void()> work, std::function<void()> done) {
  const bool in_memory = from_.get()->first->mirror().has_value();
  return in_memory ? at_once_.run(std::move(work), std::move(done)) : slow_.run(std::move(work), std::move(done));
}

// ---- the office -------------------------------------------------------------------------------

answer_office::answer_office(listen::event_loop& loop, std::size_t workers)
    : loop_(loop),
      asking_(loop, limits::directory_connections_max, limits::lookups_waiting_max),
      listing_(loop, 1, limits::listings_waiting_max),
      proving_(loop, workers, limits::passwords_waiting_max),
      login_check_(
          answers_, lookups_, proving_, guesses_, [this](const auto& who, const auto& how) { told(who, how); },
          [this](const serve::account& whose, const secret& password) -> result<bool> {
            const auto way = answers_.get();
            if (way->needs_passwords && !way->passwords_seen && whose.passwords.empty())
              return fail(error_kind::directory, "no account shows a password");
            return way->prove(whose, password);
          }),
      desk_{answers_, lookups_, listing_, login_check_} {
  desk_.tell = [this](log::level severity, std::string_view id, const std::string& text) { tell(severity, id, text); };
  desk_.count = [this](serve::protocol which, bool known) {
    tally& of = answered_[which];
    ++(known ? of.known : of.later);
  };
  desk_.after = [this](std::chrono::milliseconds time, std::function<void()> what) {
    loop_.after(time, std::move(what));
  };
}

answer_office::~answer_office() = default;

void answer_office::work_by(const answer_plan& plan, std::function<void()> ready) {
  const auto filled = [this] { loop_.post([this] { look(); }); };
  auto made = std::make_shared<answer_way>();
  made->prove = plan.prove;
  made->needs_passwords = plan.needs_passwords;
  made->scram = plan.scram;
  made->first = plan.first(filled);
  if (plan.second) {
    made->second = plan.second([] {});
    made->compared = std::make_unique<serve::compared_answers>(made->first->answers(), made->second->answers());
  }
  if (coming_) retire(std::move(coming_));
  coming_ = std::move(made);
  ready_ = std::move(ready);
  if (!answers_.get()) answers_.set(coming_);
  desk_.scram = answers_.get()->scram;
  look();
}

void answer_office::look() {
  if (!coming_) return;
  const auto mirror = coming_->first->mirror();
  if (!mirror || mirror->is.refreshed) take_over();
}

void answer_office::take_over() {
  const auto before = answers_.get();
  const auto now = std::exchange(coming_, nullptr);
  answers_.set(now);
  desk_.scram = now->scram;
  if (before != now) retire(before);
  if (now->needs_passwords) look_for_passwords(now);
  if (const auto ready = std::exchange(ready_, {})) ready();
}

// Its threads may have to be waited for.
void answer_office::retire(std::shared_ptr<answer_way> one) {
  const auto last = std::make_shared<std::shared_ptr<answer_way>>(std::move(one));
  (void)listing_.run([last] { last->reset(); }, [] {});
}

void answer_office::look_for_passwords(const std::shared_ptr<answer_way>& in) {
  const auto shown = std::make_shared<result<bool>>(true);
  (void)listing_.run([in, shown] { *shown = in->first->shows_passwords(); },
                     [in, shown, this] {
                       if (!*shown) return tell(log::level::warning, "PASSWORDS_UNKNOWN", shown->error().text());
                       in->passwords_seen = **shown;
                       if (**shown) return;
                       tell(log::level::warning, "PASSWORDS_UNSEEN",
                            "no account shows a userPassword: logins are told to try later; let the identity that "
                            "binds read it (olcAccess), or set passwords = \"bind\"");
                     });
}

void answer_office::told(const serve::login_attempt& who, const serve::login_result& how) {
  using what = serve::login_result::what;
  const std::string_view word = serve::word_for(how.now);
  ++logins_[std::string(word)];
  log::event(
      how.now == what::try_later ? log::level::warning : log::level::info, "LOGIN", word,
      {{"name", who.name}, {"user", how.user}, {"service", who.service}, {"from", who.from}, {"cause", how.cause}});
}

// The same trouble is not told for each question.
void answer_office::tell(log::level severity, std::string_view id, const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  if (severity == log::level::error && text == last_told_ && now - last_told_at_ < told_again_after) return;
  if (severity == log::level::error) {
    last_told_ = text;
    last_told_at_ = now;
  }
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
  for (const auto& [word, total] : logins_)
    into.counter("sql2ldap_logins_total", "Logins by their result.", static_cast<double>(total), {"result", word});
  for (const auto& [which, of] : answered_) {
    const control::metrics::label by{"protocol", std::string(serve::word_for(which))};
    into.counter("sql2ldap_answers_total", "Questions that were answered.", static_cast<double>(of.known), by);
    into.counter("sql2ldap_answers_later_total", "Questions that were answered with \"try later\".",
                 static_cast<double>(of.later), by);
  }
  const auto way = answers_.get();
  if (const auto mirror = way->first->mirror()) fill_mirror(into, *mirror, "first");
  if (way->second != nullptr)
    if (const auto mirror = way->second->mirror()) fill_mirror(into, *mirror, "second");
  if (way->compared) fill_comparison(into, *way->compared);
}

void answer_office::tell_differences() {
  const auto way = answers_.get();
  const auto now = std::chrono::steady_clock::now();
  if (!way->compared || (differences_told_ != 0 && now - differences_told_at_ < told_again_after)) return;
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
  const auto mirror = answers_.get()->first->mirror();
  if (!mirror) return "asks the directory each time";
  if (!mirror->is.refreshed)
    return mirror->kept.trouble.empty() ? "reads the entries" : "waits: " + mirror->kept.trouble;
  return fmt::format("{} entries in memory, {}", mirror->is.entries,
                     mirror->is.in_step ? std::string("in step")
                                        : fmt::format("{} s old", static_cast<long long>(seconds(mirror->is.age))));
}

}  // namespace sql2ldap::tools
