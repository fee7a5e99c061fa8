#include <sql2ldap/listen/gathering.hpp>

#include <utility>

namespace sql2ldap::listen {

gathering::gathering(event_loop& loop, bounds how, serve::workers& alone, beginner begin)
    : loop_(loop), how_(how), alone_(alone), begin_(std::move(begin)), line_(how.waiting_max, how.patience) {}

bool gathering::run(std::function<void()> work, std::function<void()> done, const serve::asker& by) {
  if (!line_.add({std::move(work), std::move(done), by})) return false;
  begin_soon();
  overdue_.start();
  return true;
}

std::optional<std::chrono::milliseconds> gathering::expire() {
  for (serve::waiting_line::job& job : line_.take_overdue()) job.done();
  return line_.next_overdue_in();
}

void gathering::begin_soon() {
  if (std::exchange(begins_, true)) return;
  loop_.post([this] {
    begins_ = false;
    begin_some();
  });
}

void gathering::begin_some() {
  while (!line_.empty() && groups_.size() < how_.groups_max)
    if (const auto one = next_group(); one->open != 0) begin(one);
}

std::shared_ptr<gathering::group> gathering::next_group() {
  const auto out = std::make_shared<group>();
  while (!line_.empty() && out->jobs.size() < how_.at_once_max) {
    auto next = line_.take();
    if (!next) break;
    if (line_.is_in_vain(*next))
      next->done();
    else
      out->jobs.push_back(std::move(*next));
  }
  out->open = out->jobs.size();
  return out;
}

void gathering::begin(const std::shared_ptr<group>& one) {
  groups_.push_back(one);
  serve::works all;
  for (const auto& job : one->jobs) all.push_back(job.work);
  auto under_way = begin_(all, {.ended =
                                    [this, one = one.get()](const std::vector<std::size_t>& places) {
                                      for (const std::size_t i : places) std::exchange(one->jobs[i].done, nullptr)();
                                      told_of(*one, places.size());
                                    },
                                .goes_alone =
                                    [this, one = one.get()](std::size_t i) {
                                      serve::waiting_line::job job = std::move(one->jobs[i]);
                                      if (!alone_.run(std::move(job.work), job.done, job.by)) job.done();
                                      told_of(*one, 1);
                                    }});
  if (one->open != 0) one->under_way = std::move(under_way);
}

void gathering::told_of(group& one, std::size_t count) {
  one.open -= count;
  if (one.open != 0) return;
  std::erase_if(groups_, [&](const auto& other) { return other.get() == &one; });
  if (!line_.empty()) begin_soon();
}

}  // namespace sql2ldap::listen
