#include <sql2ldap/serve/gathered_lookup.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/model/result_code.hpp>

namespace sql2ldap::serve {

namespace {

using questions = std::vector<model::value_assertion>;
using answer = result<std::vector<std::vector<model::entry>>>;

// Also what stands for an answer that is not there yet: nobody sees it who is told one.
tl::unexpected<error> not_in_time() { return fail_transient(error_kind::local, "the directory was not asked in time"); }

}  // namespace

// With what it was told so far.
struct gathered_lookup::piece {
  struct known {
    questions asked;
    answer is;
  };
  std::function<void()> work;
  std::size_t place = 0;
  std::vector<known> told{};
  questions wanted{};  // what it could not be told; empty: it came to its end

  void is_told(answer what) { told.push_back({std::move(wanted), std::move(what)}); }
};

thread_local gathered_lookup::at_work gathered_lookup::this_threads{};

class gathered_lookup::group : public std::enable_shared_from_this<group> {
 public:
  group(gathered_lookup& at, const works& all, works_listener told) : at_(at), listener_(std::move(told)) {
    for (const auto& work : all) together_.push_back({work, together_.size()});
  }

  // Until all wait for an answer. Whoever is told something may let go of us: who calls holds on to us.
  void go_on() {
    std::vector<std::size_t> over;
    std::vector<std::size_t> alone;
    for (piece& one : std::exchange(together_, {})) {
      if (came_to_its_end(one))
        over.push_back(one.place);
      else if (one.told.size() == limits::steps_together_max)
        alone.push_back(one.place);
      else
        together_.push_back(std::move(one));
    }
    if (!together_.empty()) ask();  // first, so that the directory is at work meanwhile
    if (!over.empty()) listener_.ended(over);
    for (const std::size_t place : alone) listener_.goes_alone(place);
  }

 private:
  bool came_to_its_end(piece& one) {
    struct away {
      ~away() { this_threads = {}; }
    } const at_the_end;
    one.wanted.clear();
    this_threads = {&at_, &one};
    one.work();
    return one.wanted.empty();
  }

  void ask() {
    if (at_.now_() - begun_ > limits::work_wait_max) return tell_all(not_in_time());
    questions all;
    for (const piece& one : together_) all.insert(all.end(), one.wanted.begin(), one.wanted.end());
    at_.together_.find_each(std::move(all), [weak = weak_from_this()](answer found) {
      if (const auto self = weak.lock()) self->take(std::move(found));
    });
  }

  void take(answer found) {
    if (!found && together_.size() > 1) return tell_apart(found);
    if (!found) {
      together_.front().is_told(std::move(found));
      return go_on();
    }
    auto next = std::make_move_iterator(found->begin());
    for (piece& one : together_) {
      const auto count = static_cast<std::ptrdiff_t>(one.wanted.size());
      one.is_told(std::vector(next, next + count));
      next += count;
    }
    go_on();
  }

  // What fails for all may do so for one of them: the first is asked alone, and a directory that is away is so for
  // each. One that did not answer in time has used up theirs.
  void tell_apart(const answer& of_all) {
    if (of_all.error().transient && of_all.error().ldap_code == model::result_code::time_limit_exceeded)
      return tell_all(of_all);
    at_.together_.find_each(together_.front().wanted, [weak = weak_from_this()](const answer& of_first) {
      if (const auto self = weak.lock()) self->take_of_first(of_first);
    });
  }
  void take_of_first(const answer& of_first) {
    if (!of_first && of_first.error().transient) return tell_all(of_first);
    together_.front().is_told(of_first);
    std::vector<std::size_t> alone;
    for (auto one = together_.begin() + 1; one != together_.end(); ++one) alone.push_back(one->place);
    together_.resize(1);
    go_on();
    for (const std::size_t place : alone) listener_.goes_alone(place);
  }
  void tell_all(const answer& of_all) {
    for (piece& one : together_) one.is_told(of_all);
    go_on();
  }

  gathered_lookup& at_;
  const clock::time_point begun_ = at_.now_();
  const works_listener listener_;
  std::vector<piece> together_;
};

std::shared_ptr<const void> gathered_lookup::answer_together(const works& all, works_listener told) {
  const auto made = std::make_shared<group>(*this, all, std::move(told));
  made->go_on();
  return made;
}

result<std::vector<model::entry>> gathered_lookup::find(model::attribute_name name, std::string_view value) {
  const model::value_assertion what{{name}, std::string(value)};
  S2L_TRY_ASSIGN(auto found, find_each({&what, 1}));
  return std::move(found.front());
}

result<std::vector<std::vector<model::entry>>> gathered_lookup::find_each(
    std::span<const model::value_assertion> asked) {
  if (this_threads.at != this || asked.empty()) return alone_.find_each(asked);
  piece& one = *this_threads.what;
  for (const piece::known& known : one.told)
    if (std::equal(asked.begin(), asked.end(), known.asked.begin(), known.asked.end())) return known.is;
  // What is asked after a "not yet" is asked again when that is known.
  if (one.wanted.empty()) one.wanted.assign(asked.begin(), asked.end());
  return not_in_time();
}

}  // namespace sql2ldap::serve
