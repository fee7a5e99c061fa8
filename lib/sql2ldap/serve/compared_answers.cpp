#include <sql2ldap/serve/compared_answers.hpp>

#include <algorithm>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/password.hpp>

namespace sql2ldap::serve {

namespace {

// What servers are told of an answer, as texts in an order of our own.
using told = std::vector<std::string>;

void add(told& to, std::string_view label, std::vector<std::string> values) {
  std::sort(values.begin(), values.end());
  to.emplace_back(label);
  to.insert(to.end(), values.begin(), values.end());
}

told told_by(const mail_route& way) {
  told out = {std::to_string(static_cast<int>(way.kind)),
              way.user,
              way.text,
              way.transport,
              std::to_string(way.keep_copy),
              std::to_string(way.members_only),
              std::to_string(way.message_bytes_max.value_or(0))};
  add(out, "targets", way.targets);
  return out;
}

told told_by(const userdb& who) {
  told out = {who.user};
  for (const auto& [name, value] : fields_of_dovecot_23(who)) out.push_back(name + "=" + value);
  return out;
}

// The writer hashes clear text with a salt of its own: the two say the same and cannot be compared.
bool has_clear_text(const account& who) {
  return std::any_of(who.passwords.begin(), who.passwords.end(),
                     [](const secret& one) { return one.reveal().starts_with(codec::clear_text_marker); });
}

told told_by(const login_answer& one) { return {std::to_string(static_cast<int>(one.now)), one.who->login}; }
told told_by(const sieve_script& script) { return {script.text}; }
told told_by(const mail_domain& of) {
  return {std::to_string(static_cast<int>(of.kind)), of.target, of.transport,
          std::to_string(of.message_bytes_max.value_or(0))};
}

template <typename Answer>
bool say_the_same(const Answer& a, const Answer& b) {
  return told_by(a) == told_by(b);
}

bool say_the_same(const login_answer& a, const login_answer& b) {
  if (told_by(a) != told_by(b)) return false;
  if (has_clear_text(*a.who) || has_clear_text(*b.who)) return a.who->passwords.size() == b.who->passwords.size();
  return std::is_permutation(a.who->passwords.begin(), a.who->passwords.end(), b.who->passwords.begin(),
                             b.who->passwords.end(),
                             [](const secret& x, const secret& y) { return x.reveal() == y.reveal(); });
}

// A route is always there; the others may be nullopt.
template <typename Answer>
const Answer* there(const std::optional<Answer>& one) {
  return one ? &*one : nullptr;
}
const mail_route* there(const mail_route& one) { return &one; }

constexpr std::array<std::string_view, 5> question_words = {"login", "userdb", "sieve", "route", "domain"};

}  // namespace

std::string_view word_for(compared_answers::question kind) { return question_words[static_cast<std::size_t>(kind)]; }

compared_answers::compared_answers(answers& first, answers& second)
    : first_(first), second_(second), thread_([this] { work(); }) {}

compared_answers::~compared_answers() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void compared_answers::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    const auto next = std::move(waiting_.front());
    waiting_.pop_front();
    at_work_ = true;
    lock.unlock();
    next();
    lock.lock();
    at_work_ = false;
    changed_.notify_all();
  }
}

void compared_answers::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.empty() && !at_work_; });
}

void compared_answers::note(question kind, const std::string& name, outcome how) {
  const std::lock_guard lock(mutex_);
  comparison_counts& sums = counts_[static_cast<std::size_t>(kind)];
  const auto keep = [&](const char* what) {
    differences_.push_back({std::string(word_for(kind)), name, what});
    if (differences_.size() > limits::differences_kept_max) differences_.pop_front();
  };
  switch (how) {
    case outcome::same:
      ++sums.same;
      break;
    case outcome::different:
      ++sums.different;
      keep("different");
      break;
    case outcome::only_first:
      ++sums.only_first;
      keep("only the first");
      break;
    case outcome::only_second:
      ++sums.only_second;
      keep("only the second");
      break;
    case outcome::second_failed:
      ++sums.second_failed;
      break;
    case outcome::first_failed:
      ++sums.first_failed;
      break;
  }
}

template <typename Answer, typename Ask>
void compared_answers::compare(question kind, std::string_view name, const result<Answer>& first, Ask ask_second) {
  // A client may send any length.
  std::string kept(name.substr(0, limits::user_name_bytes_max));
  if (!first) return note(kind, kept, outcome::first_failed);
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= limits::comparisons_waiting_max) {
    ++counts_[static_cast<std::size_t>(kind)].left_out;
    return;
  }
  waiting_.emplace_back([this, kind, kept = std::move(kept), answer = *first, ask_second] {
    const result<Answer> second = ask_second(second_);
    if (!second) return note(kind, kept, outcome::second_failed);
    const auto* const a = there(answer);
    const auto* const b = there(*second);
    if (a == nullptr && b == nullptr) return note(kind, kept, outcome::same);
    if (a == nullptr || b == nullptr)
      return note(kind, kept, b == nullptr ? outcome::only_first : outcome::only_second);
    note(kind, kept, say_the_same(*a, *b) ? outcome::same : outcome::different);
  });
  changed_.notify_all();
}

result<std::optional<login_answer>> compared_answers::account_for_login(const login_request& who) {
  auto answer = first_.account_for_login(who);
  compare(question::login, who.name, answer,
          [name = std::string(who.name), service = std::string(who.service), from = std::string(who.from),
           began = who.login_began](answers& second) {
            return second.account_for_login({name, service, from, nullptr, began});
          });
  return answer;
}

result<std::optional<userdb>> compared_answers::userdb_of(std::string_view name) {
  auto answer = first_.userdb_of(name);
  compare(question::userdb, name, answer,
          [name = std::string(name)](answers& second) { return second.userdb_of(name); });
  return answer;
}

result<std::optional<sieve_script>> compared_answers::sieve_of(std::string_view name) {
  auto answer = first_.sieve_of(name);
  compare(question::sieve, name, answer, [name = std::string(name)](answers& second) { return second.sieve_of(name); });
  return answer;
}

result<mail_route> compared_answers::route(std::string_view address) {
  auto answer = first_.route(address);
  compare(question::route, address, answer,
          [address = std::string(address)](answers& second) { return second.route(address); });
  return answer;
}

result<std::optional<mail_domain>> compared_answers::domain(std::string_view name) {
  auto answer = first_.domain(name);
  compare(question::domain, name, answer, [name = std::string(name)](answers& second) { return second.domain(name); });
  return answer;
}

result<void> compared_answers::users(const std::function<bool(std::string_view login)>& tell) {
  return first_.users(tell);
}

comparison_counts compared_answers::counts(question of) const {
  const std::lock_guard lock(mutex_);
  return counts_[static_cast<std::size_t>(of)];
}

std::vector<difference> compared_answers::differences() const {
  const std::lock_guard lock(mutex_);
  return {differences_.begin(), differences_.end()};
}

}  // namespace sql2ldap::serve
