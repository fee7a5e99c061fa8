#include <sql2ldap/ldap/server.hpp>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>

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

  result<model::write_session*> session() override {
    const std::lock_guard lock(writing_);
    S2L_TRY(connect_writer());
    return &session_;
  }

  result<std::optional<model::refusal>> write(std::span<const model::change> batch, bool atomic) override {
    if (batch.empty()) return std::nullopt;
    std::size_t in_flight = 1;
    // It may be told to use more while it runs.
    if (atomic && had_two_threads_) {
      S2L_TRY_ASSIGN(const bool has_two, detail::has_two_threads(lines_));
      if (has_two) in_flight = limits::transaction_operations_in_flight;
    }
    const std::lock_guard lock(writing_);
    S2L_TRY_ASSIGN(const bool is_new, connect_writer());
    if (!atomic) return detail::write_in_order(**writer_, batch);
    if (is_new)
      return fail_transient(error_kind::directory,
                            lines_->how().uri + ": the connection was lost before a transaction; nothing is written");
    S2L_TRY(check_in_use(batch));
    return detail::write_as_transaction(**writer_, batch, in_flight);
  }

  std::string name() const override { return lines_->how().uri; }

  // Binds, so that wrong credentials show at once and not in the first call.
  result<void> try_out() {
    S2L_TRY(lines_->take());
    return {};
  }

 private:
  // All writes go by one connection. Answers whether it was opened for this call.
  result<bool> connect_writer() {
    if (writer_ && (*writer_)->usable() && (*writer_)->quiet()) return false;
    if (writer_) (*writer_)->give_up();
    writer_.reset();
    session_ = {.in_use = {}, .number = session_.number + 1};
    S2L_TRY_ASSIGN(detail::lease line, lines_->take());
    writer_.emplace(std::move(line));
    return true;
  }

  [[nodiscard]] result<void> check_in_use(std::span<const model::change> batch) const {
    for (const model::change& one : batch)
      for (const model::attribute_name name : one.attributes())
        if (!session_.in_use.contains(name))
          return fail(error_kind::usage, fmt::format("the attribute {} was not brought into use", name.text()),
                      "slapd may lose its number when the transaction is refused (docs/decisions/0007)");
    return {};
  }

  std::shared_ptr<detail::pool> lines_;
  std::atomic<bool> had_two_threads_ = false;
  std::mutex writing_;
  std::optional<detail::lease> writer_;
  model::write_session session_;
};

}  // namespace

result<std::unique_ptr<model::directory>> connect(const options& how) {
  auto made = std::make_unique<server>(how);
  S2L_TRY(made->try_out());
  return made;
}

}  // namespace sql2ldap::ldap
