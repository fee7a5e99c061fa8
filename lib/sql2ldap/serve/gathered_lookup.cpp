#include <sql2ldap/serve/gathered_lookup.hpp>

#include <cstddef>
#include <iterator>
#include <utility>

#include <sql2ldap/base/limits.hpp>

namespace sql2ldap::serve {

namespace {

using questions = std::vector<model::any_of_these>;
using answer = result<std::vector<std::vector<model::entry>>>;

// One piece of work: what it was told so far, in the order in which it asks.
struct piece {
  const std::function<void()>* work = nullptr;
  std::size_t place = 0;
  std::vector<answer> told{};
  std::size_t next = 0;   // of `told`, while it is done
  questions wanted{};     // what it could not be told; empty: it came to its end
  bool is_alone = false;  // from here on
};

struct at_work {
  const gathered_lookup* at = nullptr;
  piece* what = nullptr;
};
thread_local at_work this_threads{};

bool came_to_its_end(const gathered_lookup& at, piece& one) {
  struct away {
    ~away() { this_threads = {}; }
  } const at_the_end;
  one.next = 0;
  one.wanted.clear();
  this_threads = {&at, &one};
  (*one.work)();
  return one.wanted.empty();
}

// What fails for all may do so for one of them: the first is asked alone, and a directory that is away is so for each.
void tell_apart(model::entry_lookup& from, const std::vector<piece*>& wanting) {
  const answer of_first = from.find_each(wanting.front()->wanted);
  const bool is_away = !of_first && of_first.error().transient;
  for (piece* one : wanting) {
    if (is_away || one == wanting.front())
      one->told.push_back(of_first);
    else
      one->is_alone = true;
  }
}

void ask(model::entry_lookup& from, const std::vector<piece*>& wanting) {
  questions all;
  for (const piece* one : wanting) all.insert(all.end(), one->wanted.begin(), one->wanted.end());
  answer found = from.find_each(all);
  if (!found && wanting.size() > 1) return tell_apart(from, wanting);
  if (!found) return wanting.front()->told.push_back(std::move(found));
  auto next = std::make_move_iterator(found->begin());
  for (piece* one : wanting) {
    const auto count = static_cast<std::ptrdiff_t>(one->wanted.size());
    one->told.emplace_back(std::vector(next, next + count));
    next += count;
  }
}

}  // namespace

void gathered_lookup::answer_together(const works& all, const ended_listener& ended) {
  std::vector<piece> pieces;
  pieces.reserve(all.size());
  std::vector<piece*> together;
  for (const auto& work : all) together.push_back(&pieces.emplace_back(piece{&work, pieces.size()}));
  std::vector<piece*> alone;  // which may take their time
  while (!together.empty()) {
    std::vector<std::size_t> over;
    std::erase_if(together, [&](piece* one) {
      if (!came_to_its_end(*this, *one)) return false;
      over.push_back(one->place);
      return true;
    });
    if (!over.empty()) ended(over);
    if (!together.empty()) ask(from_, together);
    std::erase_if(together, [&](piece* one) {
      if (one->told.size() == limits::steps_together_max) one->is_alone = true;
      if (one->is_alone) alone.push_back(one);
      return one->is_alone;
    });
  }
  for (piece* one : alone) {
    (void)came_to_its_end(*this, *one);  // as it is told whatever it asks for
    ended({one->place});
  }
}

result<std::vector<model::entry>> gathered_lookup::find(model::attribute_name name, std::string_view value) {
  S2L_TRY_ASSIGN(auto found, find_each({{{name, std::string(value)}}}));
  return std::move(found.front());
}

result<std::vector<std::vector<model::entry>>> gathered_lookup::find_each(
    const std::vector<model::any_of_these>& asked) {
  if (this_threads.at != this || asked.empty()) return from_.find_each(asked);
  piece& one = *this_threads.what;
  if (one.next < one.told.size()) return one.told[one.next++];
  if (one.is_alone) return from_.find_each(asked);
  // What is asked after a "not yet" is asked again when that is known.
  if (one.wanted.empty()) one.wanted = asked;
  return fail_transient(error_kind::local, "asked together with others");
}

}  // namespace sql2ldap::serve
