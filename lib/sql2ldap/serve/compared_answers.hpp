// The shadow mode: answers come from one place, and are held against those of another, for instance before a cutover.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <sql2ldap/serve/answers.hpp>

namespace sql2ldap::serve {

struct comparison_counts {
  std::uint64_t same = 0;
  std::uint64_t different = 0;   // both have an answer
  std::uint64_t only_first = 0;  // the second has none
  std::uint64_t only_second = 0;
  std::uint64_t second_failed = 0;  // it can say nothing at the moment, the first can
  std::uint64_t first_failed = 0;
  std::uint64_t left_out = 0;  // more questions than the second could answer in time
};

struct difference {
  std::string question;  // "login", "userdb", "sieve", "route", "domain"
  std::string name;      // as it was asked for
  std::string what;      // "different", "only the first", "only the second"
};

// Each answer is the first one's, as soon as it has it: the second is asked afterwards, by a thread of its own, and
// neither its errors nor its slowness can be seen in the answer. Compared is what a server would be told: DNs
// are not, and the order of addresses is nothing.
class compared_answers : public answers {
 public:
  // Both outlive this.
  compared_answers(answers& first, answers& second);
  ~compared_answers() override;  // what is not compared yet never is

  [[nodiscard]] result<std::optional<login_answer>> account_for_login(const login_request& who) override;
  void expect_logins(std::span<const std::string_view> names) override { first_.expect_logins(names); }
  [[nodiscard]] result<std::optional<userdb>> userdb_of(std::string_view name) override;
  [[nodiscard]] result<std::optional<sieve_script>> sieve_of(std::string_view name) override;
  [[nodiscard]] result<mail_route> route(std::string_view address) override;
  [[nodiscard]] result<std::optional<mail_domain>> domain(std::string_view name) override;
  // Of the first alone, not compared.
  [[nodiscard]] result<void> users(const std::function<bool(std::string_view login)>& tell) override;

  enum class question { login, userdb, sieve, route, domain };
  [[nodiscard]] comparison_counts counts(question of) const;
  [[nodiscard]] std::vector<difference> differences() const;  // the last ones, at most limits::differences_kept_max
  void wait();                                                // until everything that was asked so far is compared

 private:
  enum class outcome { same, different, only_first, only_second, second_failed, first_failed };
  template <typename Answer, typename Ask>
  void compare(question kind, std::string_view name, const result<Answer>& first, Ask ask_second);
  void note(question kind, const std::string& name, outcome how);
  void work();

  answers& first_;
  answers& second_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  bool at_work_ = false;
  bool stopping_ = false;
  std::array<comparison_counts, 5> counts_{};
  std::deque<difference> differences_;
  std::thread thread_;  // last: it uses the others
};

[[nodiscard]] std::string_view word_for(compared_answers::question kind);

}  // namespace sql2ldap::serve
