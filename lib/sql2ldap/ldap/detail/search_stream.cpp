#include <sql2ldap/ldap/detail/search_stream.hpp>

#include <utility>

namespace sql2ldap::ldap::detail {

result<std::unique_ptr<search_stream>> search_stream::start(lease line, const model::search_request& what) {
  std::unique_ptr<search_stream> stream(new search_stream(std::move(line), what));
  S2L_TRY(stream->search_.ask(*stream->line_));
  return stream;
}

search_stream::~search_stream() {
  // The rest of a base search is one message; the rest of a tree may be a million entries.
  while (!done_ && search_.what().scope == model::search_scope::base && next()) {
  }
  if (!done_) end();
}

void search_stream::end() {
  done_ = true;
  if (!search_.has_ended()) line_->give_up();
}

result<const model::entry*> search_stream::next() {
  if (failure_) return tl::make_unexpected(*failure_);
  while (!done_) {
    auto taken = take_next();
    if (taken && *taken == running_search::took::nothing) continue;
    if (taken && *taken == running_search::took::entry) return &current_;
    end();
    if (taken) break;
    failure_ = std::move(taken).error();
    return tl::make_unexpected(*failure_);
  }
  return nullptr;
}

result<running_search::took> search_stream::take_next() {
  S2L_TRY_ASSIGN(const message_owner message, line_->await(search_.id(), search_.doing()));
  return search_.take(*line_, message.get(), decoder_, current_);
}

}  // namespace sql2ldap::ldap::detail
