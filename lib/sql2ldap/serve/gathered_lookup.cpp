#include <sql2ldap/serve/gathered_lookup.hpp>

#include <iterator>
#include <optional>
#include <utility>

namespace sql2ldap::serve {

namespace {

using questions = std::vector<model::any_of_these>;
using answer = result<std::vector<std::vector<model::entry>>>;

// One piece of work: what it was told so far, in the order in which it asks.
struct piece {
  const std::function<void()>* work = nullptr;
  std::vector<answer> told{};
  std::size_t next = 0;  // of `told`, while it is done
  questions wanted{};    // what it could not be told; empty: it came to its end
};

struct desk {
  const gathered_lookup* of = nullptr;
  piece* at_work = nullptr;
};
thread_local desk this_threads{};

// In one question, or each alone where that has no answer which the others could share.
void ask(model::entry_lookup& from, const std::vector<piece*>& wanting) {
  questions all;
  for (const piece* one : wanting) all.insert(all.end(), one->wanted.begin(), one->wanted.end());
  answer found = from.find_each(all);
  const bool alone = !found && !found.error().transient && wanting.size() > 1;
  auto next = found ? found->begin() : std::vector<std::vector<model::entry>>::iterator();
  for (piece* one : wanting) {
    const auto count = static_cast<std::ptrdiff_t>(one->wanted.size());
    if (found) {
      one->told.emplace_back(std::vector(std::make_move_iterator(next), std::make_move_iterator(next + count)));
      next += count;
    } else {
      one->told.push_back(alone ? from.find_each(one->wanted) : found);
    }
  }
}

}  // namespace

void gathered_lookup::answer_together(const std::vector<std::function<void()>>& works) {
  std::vector<piece> pieces;
  pieces.reserve(works.size());
  std::vector<piece*> left;
  for (const auto& work : works) left.push_back(&pieces.emplace_back(piece{&work}));
  while (!left.empty()) {
    for (piece* one : left) {
      one->next = 0;
      one->wanted.clear();
      this_threads = {this, one};
      (*one->work)();
      this_threads = {};
    }
    std::erase_if(left, [](const piece* one) { return one->wanted.empty(); });
    if (!left.empty()) ask(from_, left);
  }
}

result<std::vector<model::entry>> gathered_lookup::find(model::attribute_name name, std::string_view value) {
  S2L_TRY_ASSIGN(auto found, find_each({{{name, std::string(value)}}}));
  return std::move(found.front());
}

result<std::vector<std::vector<model::entry>>> gathered_lookup::find_each(
    const std::vector<model::any_of_these>& asked) {
  if (this_threads.of != this || asked.empty()) return from_.find_each(asked);
  piece& one = *this_threads.at_work;
  if (one.next < one.told.size()) return one.told[one.next++];
  // What is asked after a "not yet" is asked again when that is known.
  if (one.wanted.empty()) one.wanted = asked;
  return fail_transient(error_kind::local, "asked together with others");
}

}  // namespace sql2ldap::serve
