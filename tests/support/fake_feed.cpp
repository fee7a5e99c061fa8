#include <support/fake_feed.hpp>

#include <algorithm>
#include <utility>

#include <support/fake_directory.hpp>

namespace sql2ldap::test {
namespace {

tl::unexpected<error> lost() { return fail_transient(error_kind::source, "fake: connection lost"); }

}  // namespace

class fake_feed final : public model::feed {
 public:
  fake_feed(fake_capture& of, std::uint64_t from) : of_(of), told_(from), valid_while_(of.feeds_ended_) {}

  result<std::optional<model::committed>> next(std::chrono::milliseconds) override {
    if (is_over() || of_.cut()) return lost();
    for (const model::committed& one : of_.kept_) {
      if (one.position <= told_) continue;
      told_ = one.position;
      return one;
    }
    return std::nullopt;
  }
  result<void> confirm(std::uint64_t position) override {
    if (of_.crash()) throw crashed{};
    if (is_over() || of_.cut()) return lost();
    of_.slot_ = std::max(*of_.slot_, position);
    std::erase_if(of_.kept_, [&](const model::committed& one) { return one.position <= *of_.slot_; });
    if (of_.crash()) throw crashed{};
    return {};
  }

 private:
  [[nodiscard]] bool is_over() const noexcept { return of_.feeds_ended_ != valid_while_; }

  fake_capture& of_;
  std::uint64_t told_;
  int valid_while_;
};

void fake_capture::commit(std::vector<model::row_image> rows, std::chrono::system_clock::time_point when) {
  end_ += 10;
  if (!slot_) return;
  model::committed one;
  one.position = end_;
  one.time = when;
  one.rows = std::move(rows);
  kept_.push_back(std::move(one));
}

void fake_capture::drop() {
  slot_.reset();
  ++feeds_ended_;
}

void fake_capture::fail_over() {
  ++timeline_;
  ++feeds_ended_;
}

void fake_capture::put_back_older_copy() {
  ++feeds_ended_;
  keeps_confirmed_ = true;
  slot_ = *slot_ - 1;
}

void fake_capture::move_on() {
  ++feeds_ended_;
  kept_.clear();
  end_ += 10;
  if (slot_) slot_ = end_;
}

result<model::collected> fake_capture::look() {
  if (cut()) return lost();
  model::collected out;
  out.now = slot_ ? model::collected::state::ready : model::collected::state::missing;
  out.history = "timeline " + std::to_string(timeline_);
  out.confirmed = slot_.value_or(0);
  out.end = end_;
  out.tables = tables;
  out.keeps_confirmed = keeps_confirmed_;
  return out;
}

result<void> fake_capture::begin() {
  if (cut()) return lost();
  kept_.clear();
  slot_ = end_;
  return {};
}

result<std::unique_ptr<model::feed>> fake_capture::follow(std::uint64_t from) {
  if (cut()) return lost();
  if (!slot_) return fail(error_kind::source, "fake: the slot does not exist");
  return std::make_unique<fake_feed>(*this, from);
}

void fake_journal::lose() {
  now_.reset();
  aside_.clear();
  held_.clear();
  agreed_.clear();
}

result<void> fake_journal::write(const std::function<void()>& change) {
  const fault what = on_write();
  if (what == fault::crash_before) throw crashed{};
  if (what == fault::full) return fail_transient(error_kind::local, "fake: disk full");
  change();
  if (what == fault::crash_after) throw crashed{};
  return {};
}

namespace {

template <typename Changes, typename List>
void apply(const Changes& changed, List& to) {
  for (const auto& [origin, value] : changed) {
    if (value)
      to.insert_or_assign(origin, *value);
    else
      to.erase(origin);
  }
}

}  // namespace

result<void> fake_journal::remember(const model::remembered& now, const model::set_aside_list& aside,
                                    const model::agreement_changes& agreed, const model::held_updates& held) {
  return write([&] {
    now_ = now;
    aside_ = aside;
    apply(agreed, agreed_);
    apply(held, held_);
  });
}

result<void> fake_journal::agree(const model::agreement_changes& changed) {
  return write([&] { apply(changed, agreed_); });
}

result<std::optional<model::agreement>> fake_journal::agreed_on(const std::string& origin) {
  const auto found = agreed_.find(origin);
  return found == agreed_.end() ? std::nullopt : std::optional(found->second);
}

result<std::optional<std::string>> fake_journal::origin_with(const model::entry_uuid& uuid) {
  for (const auto& [origin, on] : agreed_)
    if (on.uuid == uuid) return origin;
  return std::nullopt;
}

result<void> fake_journal::forget_agreements(const std::function<bool(std::string_view origin)>& which) {
  return write([&] { std::erase_if(agreed_, [&](const auto& one) { return which(one.first); }); });
}

result<std::vector<std::string>> fake_journal::agreed_without_uuid(std::size_t most) {
  std::vector<std::string> out;
  for (const auto& [origin, on] : agreed_)
    if (!on.uuid && out.size() < most) out.push_back(origin);
  return out;
}

result<void> fake_journal::learn_uuids(const std::map<std::string, model::entry_uuid>& uuids) {
  return write([&] {
    for (const auto& [origin, uuid] : uuids)
      if (const auto found = agreed_.find(origin); found != agreed_.end() && !found->second.uuid)
        found->second.uuid = uuid;
  });
}

}  // namespace sql2ldap::test
