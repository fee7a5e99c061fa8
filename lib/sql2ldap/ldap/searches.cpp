#include <sql2ldap/ldap/searches.hpp>

#include <unordered_map>
#include <utility>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/ldap/detail/connection.hpp>
#include <sql2ldap/ldap/detail/running_search.hpp>

namespace sql2ldap::ldap {
namespace {

using detail::running_search;

class searches final : public model::concurrent_searches {
 public:
  searches(std::unique_ptr<detail::connection> line, model::search_request what)
      : line_(std::move(line)), what_(std::move(what)) {
    line_->never_wait();
  }

  int descriptor() const noexcept override { return line_->socket(); }
  std::string name() const override { return line_->server(); }

  result<int> begin(const model::search_terms& what) override {
    model::search_request asked = what_;
    asked.filter = what.filter;
    if (!what.attributes.empty()) asked.attributes.assign(what.attributes.begin(), what.attributes.end());
    running_search one(std::move(asked));
    S2L_TRY(one.ask(*line_));
    const int id = one.id();
    under_way_.emplace(id, under_way{std::move(one), {}});
    return id;
  }

  void abandon(int number) override {
    if (under_way_.erase(number) != 0) ldap_abandon_ext(line_->handle(), number, nullptr, nullptr);
  }

  result<std::vector<ended>> collect() override {
    std::vector<ended> out;
    do {
      S2L_TRY_ASSIGN(const detail::message_owner message, line_->take_ready("searching"));
      if (!message) break;
      take(message.get(), out);
    } while (!under_way_.empty());
    return out;
  }

 private:
  struct under_way {
    running_search search;
    std::vector<model::entry> found;
  };

  void take(LDAPMessage* message, std::vector<ended>& out) {
    const auto at = under_way_.find(ldap_msgid(message));
    if (at == under_way_.end()) return;
    auto& [search, found] = at->second;
    model::entry one;
    const auto taken = search.take(*line_, message, decoder_, one);
    if (taken && *taken == running_search::took::nothing) return;
    if (taken && *taken == running_search::took::entry) return found.push_back(std::move(one));
    if (!search.has_ended()) ldap_abandon_ext(line_->handle(), search.id(), nullptr, nullptr);
    out.push_back({at->first, std::move(found)});
    if (!taken) out.back().found = tl::make_unexpected(taken.error());
    under_way_.erase(at);
  }

  std::unique_ptr<detail::connection> line_;
  const model::search_request what_;
  std::unordered_map<int, under_way> under_way_;
  detail::entry_decoder decoder_;
};

}  // namespace

result<std::unique_ptr<model::concurrent_searches>> open_searches(const options& how,
                                                                  const model::search_request& what) {
  S2L_ASSERT(what.entries_max != 0 && what.entries_max <= limits::search_page_entries);
  S2L_TRY_ASSIGN(std::unique_ptr<detail::connection> line, detail::connection::open(how));
  return std::make_unique<searches>(std::move(line), what);
}

}  // namespace sql2ldap::ldap
