#include <sql2ldap/sync/journal_beside.hpp>

#include <chrono>
#include <utility>

namespace sql2ldap::sync {

void journal_beside::begin(record what) {
  what_ = std::move(what);
  going_on_ = how_([this] { return real_.remember(what_.now, what_.aside, what_.agreed, what_.held); });
}

std::optional<journal_beside::outcome> journal_beside::take(bool wait) {
  if (going_on_.valid() && (wait || going_on_.wait_for(std::chrono::seconds(0)) == std::future_status::ready))
    ended_ = going_on_.get();
  if (!ended_) return std::nullopt;
  outcome out{std::exchange(what_, {}), *std::move(ended_)};
  ended_.reset();
  return out;
}

result<void> journal_beside::wait() {
  if (going_on_.valid()) ended_ = going_on_.get();
  return ended_.value_or(result<void>());
}

result<std::optional<model::remembered>> journal_beside::recall() {
  S2L_TRY(wait());
  return real_.recall();
}

result<model::set_aside_list> journal_beside::recall_aside() {
  S2L_TRY(wait());
  return real_.recall_aside();
}

result<model::held_list> journal_beside::recall_held() {
  S2L_TRY(wait());
  return real_.recall_held();
}

result<void> journal_beside::remember(const model::remembered& now, const model::set_aside_list& aside,
                                      const model::agreement_changes& agreed, const model::held_updates& held) {
  S2L_TRY(wait());
  return real_.remember(now, aside, agreed, held);
}

result<void> journal_beside::agree(const model::agreement_changes& changed) {
  S2L_TRY(wait());
  return real_.agree(changed);
}

result<std::optional<model::agreement>> journal_beside::agreed_on(const std::string& origin) {
  S2L_TRY(wait());
  return real_.agreed_on(origin);
}

result<std::optional<std::string>> journal_beside::origin_with(const model::entry_uuid& uuid) {
  S2L_TRY(wait());
  return real_.origin_with(uuid);
}

result<void> journal_beside::forget_agreements(const std::function<bool(std::string_view origin)>& which) {
  S2L_TRY(wait());
  return real_.forget_agreements(which);
}

result<std::vector<std::string>> journal_beside::agreed_without_uuid(std::size_t most) {
  S2L_TRY(wait());
  return real_.agreed_without_uuid(most);
}

result<void> journal_beside::learn_uuids(const std::map<std::string, model::entry_uuid>& uuids) {
  S2L_TRY(wait());
  return real_.learn_uuids(uuids);
}

}  // namespace sql2ldap::sync
