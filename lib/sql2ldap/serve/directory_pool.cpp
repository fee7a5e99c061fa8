#include <sql2ldap/serve/directory_pool.hpp>

#include <utility>

#include <sql2ldap/serve/directory_lookup.hpp>

namespace sql2ldap::serve {

directory_pool::directory_pool(std::function<result<place>()> open) : open_(std::move(open)) {}

template <typename Ask>
auto directory_pool::with_place(Ask ask) -> decltype(ask(std::declval<place&>())) {
  place taken;
  {
    const std::lock_guard alone(mutex_);
    if (!idle_.empty()) {
      taken = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!taken.at) {
    S2L_TRY_ASSIGN(taken, open_());
  }
  auto answer = ask(taken);
  // Also after an error: a directory connects again when it is asked again.
  const std::lock_guard alone(mutex_);
  idle_.push_back(std::move(taken));
  return answer;
}

result<std::vector<model::entry>> directory_pool::find(model::attribute_name name, std::string_view value) {
  return with_place([&](place& in) { return directory_lookup(*in.at, in.base).find(name, value); });
}

result<std::vector<std::vector<model::entry>>> directory_pool::find_each(
    std::span<const model::value_assertion> asked) {
  return with_place([&](place& in) { return directory_lookup(*in.at, in.base).find_each(asked); });
}

result<void> directory_pool::for_each(const std::function<bool(const model::entry&)>& tell) {
  return with_place([&](place& in) { return directory_lookup(*in.at, in.base).for_each(tell); });
}

}  // namespace sql2ldap::serve
