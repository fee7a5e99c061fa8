#include <sql2ldap/serve/directory_asker.hpp>

#include <cstddef>
#include <memory>
#include <optional>

#include <sql2ldap/serve/attributes.hpp>
#include <sql2ldap/serve/detail/joint_search.hpp>

namespace sql2ldap::serve {

// Kept by what is told to it.
class directory_asker::question : public std::enable_shared_from_this<question> {
 public:
  question(const finder& find, std::vector<model::value_assertion> asked, listener told)
      : find_(find), asked_(std::move(asked)), told_(std::move(told)) {}

  void begin() {
    if (asked_.size() == 1) {
      shares_.resize(1);
      return ask_alone({0});
    }
    joint_.emplace(asked_);
    search(joint_->all(), [self = shared_from_this()](result<std::vector<model::entry>> found) {
      if (!found) return self->end(tl::make_unexpected(std::move(found).error()));
      auto [shares, to_ask_alone] = self->joint_->share_out(*found);
      self->shares_ = std::move(shares);
      self->ask_alone(to_ask_alone);
    });
  }

 private:
  void ask_alone(const std::vector<std::size_t>& which) {
    open_ = which.size();
    if (open_ == 0) return end(std::move(shares_));
    for (const std::size_t i : which)
      search({&asked_[i], 1}, [self = shared_from_this(), i](result<std::vector<model::entry>> found) {
        --self->open_;
        if (!found) return self->end(tl::make_unexpected(std::move(found).error()));
        self->shares_[i] = *std::move(found);
        if (self->open_ == 0) self->end(std::move(self->shares_));
      });
  }
  // `what` is ours.
  void search(std::span<const model::value_assertion> what,
              std::function<void(result<std::vector<model::entry>>)> then) {
    std::string filter = detail::filter_for(what);
    if (filter.empty()) return then(std::vector<model::entry>());
    find_({std::move(filter), attributes_of(detail::part_for(what))},
          [what, then = std::move(then)](result<std::vector<model::entry>> found) {
            then(detail::answer_to(what, std::move(found)));
          });
  }
  // Once: of several errors the first is told.
  void end(result<std::vector<std::vector<model::entry>>> how) {
    if (const listener told = std::exchange(told_, nullptr)) told(std::move(how));
  }

  const finder find_;
  const std::vector<model::value_assertion> asked_;
  listener told_;
  std::optional<detail::joint_search> joint_;  // of several
  std::vector<std::vector<model::entry>> shares_;
  std::size_t open_ = 0;  // searches of their own
};

void directory_asker::find_each(std::vector<model::value_assertion> asked, listener told) {
  std::make_shared<question>(find_, std::move(asked), std::move(told))->begin();
}

}  // namespace sql2ldap::serve
