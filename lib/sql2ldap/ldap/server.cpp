#include <sql2ldap/ldap/server.hpp>

#include <atomic>
#include <cstddef>
#include <utility>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/ldap/detail/pool.hpp>
#include <sql2ldap/ldap/detail/search_stream.hpp>
#include <sql2ldap/ldap/detail/server_facts.hpp>
#include <sql2ldap/ldap/detail/write_batch.hpp>

namespace sql2ldap::ldap {
namespace {

class server : public model::directory {
 public:
  explicit server(const options& how) : lines_(std::make_shared<detail::pool>(how)) {}

  result<model::directory_facts> describe() override {
    S2L_TRY_ASSIGN(model::directory_facts facts, detail::read_facts(lines_));
    had_two_threads_ = facts.two_threads;
    return facts;
  }

  result<std::unique_ptr<model::entry_stream>> search(const model::search_request& what) override {
    S2L_TRY_ASSIGN(detail::lease line, lines_->take());
    return detail::search_stream::start(std::move(line), what);
  }

  result<std::optional<model::refusal>> write(std::span<const model::change> batch, bool atomic) override {
    if (batch.empty()) return std::nullopt;
    std::size_t in_flight = 1;
    // It may be told to use more while it runs.
    if (atomic && had_two_threads_) {
      S2L_TRY_ASSIGN(const bool has_two, detail::has_two_threads(lines_));
      if (has_two) in_flight = limits::transaction_operations_in_flight;
    }
    S2L_TRY_ASSIGN(const detail::lease line, lines_->take());
    return atomic ? detail::write_as_transaction(*line, batch, in_flight) : detail::write_in_order(*line, batch);
  }

  result<std::optional<model::refusal>> rehearse(const model::change& what) override {
    S2L_TRY_ASSIGN(const detail::lease line, lines_->take());
    return detail::rehearse(*line, what);
  }

  std::string name() const override { return lines_->how().uri; }

  // Binds, so that wrong credentials show at once and not in the first call.
  result<void> try_out() {
    S2L_TRY(lines_->take());
    return {};
  }

 private:
  std::shared_ptr<detail::pool> lines_;
  std::atomic<bool> had_two_threads_ = false;
};

}  // namespace

result<std::unique_ptr<model::directory>> connect(const options& how) {
  auto made = std::make_unique<server>(how);
  S2L_TRY(made->try_out());
  return made;
}

}  // namespace sql2ldap::ldap
