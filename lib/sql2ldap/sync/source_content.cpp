#include <sql2ldap/sync/source_content.hpp>

#include <sodium.h>

#include <algorithm>

namespace sql2ldap::sync {
namespace {

model::entry_uuid uuid_of(std::string_view origin) {
  model::entry_uuid made{};
  crypto_generichash(made.data(), made.size(), reinterpret_cast<const unsigned char*>(origin.data()), origin.size(),
                     nullptr, 0);
  return made;
}

// Of everything that is told; the mapping makes values in one order.
digest128 digest_of(const model::entry& content) {
  digest128 sum = run_hash128(content.dn());
  for (std::size_t i = 0; i < content.size(); ++i) sum += run_hash128(content[i].bytes, content[i].name.id() + 1);
  return sum;
}

}  // namespace

source_content::source_content(const mapping::mapping& map, model::source& from, options how)
    : map_(map), from_(from), how_(std::move(how)) {}

void source_content::wake() noexcept {
  {
    const std::lock_guard lock(mutex_);
    wake_ = true;
  }
  woken_.notify_all();
}

bool source_content::wait_until_due(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  const auto until = std::min(due_, clock::now() + patience);
  const bool woken = woken_.wait_until(lock, until, [this] { return wake_; });
  wake_ = false;
  return !woken && clock::now() >= due_;
}

result<void> source_content::begin() {
  auto fresh = std::make_unique<reading>();
  S2L_TRY_ASSIGN(fresh->rows, from_.open_snapshot());
  wanted_options what;
  what.base = how_.base;
  what.containers = false;
  what.schema = how_.schema;
  fresh->entries = std::make_unique<wanted_entries>(
      map_, *fresh->rows, std::move(what),
      [&unmapped = fresh->unmapped](const model::reject& r) { unmapped.insert(uuid_of(r.origin)); });
  now_ = std::move(fresh);
  return {};
}

// nullopt at the end of the rows.
result<std::optional<model::content_event>> source_content::changed_entry() {
  while (true) {
    S2L_TRY_ASSIGN(const auto wanted, now_->entries->next());
    if (!wanted) return std::nullopt;
    const std::string_view origin = wanted->content->first_value_of(model::names::origin);
    if (origin.empty()) continue;
    const model::entry_uuid uuid = uuid_of(origin);
    const digest128 digest = digest_of(*wanted->content);
    now_->seen.emplace(uuid, digest);
    const auto before = told_.find(uuid);
    if (before != told_.end() && before->second == digest) continue;
    return model::content_event{model::content_event::what::entry, uuid, *wanted->content};
  }
}

model::content_event source_content::gone_or_end() {
  for (auto at = told_.begin(); at != told_.end(); at = told_.erase(at))
    if (now_->unmapped.contains(at->first)) {
      now_->seen.emplace(*at);
    } else if (!now_->seen.contains(at->first)) {
      const model::entry_uuid uuid = at->first;
      told_.erase(at);
      return {model::content_event::what::gone, uuid, {}};
    }
  told_ = std::move(now_->seen);
  now_.reset();
  due_ = clock::now() + how_.read_every;
  // Who takes this in may know entries of a feed before us.
  const bool first = !std::exchange(told_once_, true);
  return {first ? model::content_event::what::refreshed_others : model::content_event::what::refreshed, {}, {}};
}

result<std::optional<model::content_event>> source_content::next(std::chrono::milliseconds patience) {
  if (!now_) {
    if (!wait_until_due(patience)) return std::nullopt;
    S2L_TRY(begin());
  }
  if (now_->entries) {
    S2L_TRY_ASSIGN(auto changed, changed_entry());
    if (changed) return changed;
    now_->entries.reset();  // and the snapshot with it: what is left needs no rows
    now_->rows.reset();
  }
  return gone_or_end();
}

}  // namespace sql2ldap::sync
