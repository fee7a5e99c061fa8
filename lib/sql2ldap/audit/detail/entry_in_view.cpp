#include <sql2ldap/audit/detail/entry_in_view.hpp>

#include <algorithm>
#include <cstring>

#include <sql2ldap/serve/attributes.hpp>

namespace sql2ldap::audit::detail {

using event = model::content_event;

entry_in_view::entry_in_view(const model::schema& schema)
    : schema_(schema), kept_({.indexed = serve::looked_up_attributes()}, schema) {
  kept_.apply({event::what::refreshed_others, {}, {}});
}

void entry_in_view::keep(const model::entry& one) {
  event told{event::what::entry, {}, one};
  ++count_;
  std::memcpy(told.uuid.data(), &count_, sizeof count_);
  kept_.apply(told);
}

void entry_in_view::show(const model::entry* one) {
  shown_ = one;
  names_.clear();
  if (one == nullptr) return;
  const auto& looked_up = serve::looked_up_attributes();
  for (std::size_t i = 0; i < one->size(); ++i)
    if (std::find(looked_up.begin(), looked_up.end(), (*one)[i].name) != looked_up.end())
      names_.emplace_back((*one)[i].name, model::normalized(schema_.equality_of((*one)[i].name), (*one)[i].bytes));
}

result<std::vector<model::entry>> entry_in_view::kept(std::size_t& place, std::size_t entries_max) const {
  if (count_ == 0) return std::vector<model::entry>();
  return kept_.list(place, entries_max);
}

bool entry_in_view::is_shown_by(const model::value_assertion& asked) const {
  return std::any_of(names_.begin(), names_.end(), [&](const auto& held) {
    return std::find(asked.names.begin(), asked.names.end(), held.first) != asked.names.end() &&
           held.second == model::normalized(schema_.equality_of(held.first), asked.value);
  });
}

result<std::vector<model::entry>> entry_in_view::find(model::attribute_name name, std::string_view value) {
  const model::value_assertion asked{{name}, std::string(value)};
  S2L_TRY_ASSIGN(auto found, find_each(std::span(&asked, 1)));
  return std::move(found.front());
}

result<std::vector<std::vector<model::entry>>> entry_in_view::find_each(std::span<const model::value_assertion> asked) {
  std::vector<std::vector<model::entry>> out(asked.size());
  // A mirror without entries takes itself for one that is shown nothing.
  if (count_ > 0) {
    S2L_TRY_ASSIGN(out, kept_.find_each(asked));
  }
  if (shown_ == nullptr) return out;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const bool is_kept =
        std::any_of(out[i].begin(), out[i].end(), [&](const model::entry& one) { return one.dn() == shown_->dn(); });
    if (!is_kept && is_shown_by(asked[i])) out[i].push_back(*shown_);
  }
  return out;
}

}  // namespace sql2ldap::audit::detail
