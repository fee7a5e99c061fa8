#include <sql2ldap/ldap/detail/write_batch.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/overloaded.hpp>
#include <sql2ldap/ldap/detail/failure.hpp>
#include <sql2ldap/model/dn.hpp>

namespace sql2ldap::ldap::detail {
namespace {

// RFC 5805, 3.3: the server has given up a transaction by itself.
constexpr std::string_view aborted_notice_oid = "1.3.6.1.1.21.4";

// The LDAPMods of one operation; pointers lead into this object and into the change.
class modifications {
 public:
  LDAPMod** of(const model::entry& content) {
    start(content.size(), content.size());
    for (std::size_t i = 0; i < content.size(); ++i) {
      const model::entry::value_ref value = content[i];
      if (i == 0 || !(content[i - 1].name == value.name)) open(LDAP_MOD_ADD, value.name);
      add(value.bytes);
    }
    return finish();
  }

  LDAPMod** of(const std::vector<model::modification>& list) {
    std::size_t values = 0;
    for (const model::modification& one : list) values += one.values.size();
    start(list.size(), values);
    for (const model::modification& one : list) {
      open(operation_of(one.op), one.name);
      for (const std::string& value : one.values) add(value);
    }
    return finish();
  }

 private:
  static int operation_of(model::modification::operation op) {
    switch (op) {
      case model::modification::operation::add:
        return LDAP_MOD_ADD;
      case model::modification::operation::remove:
        return LDAP_MOD_DELETE;
      case model::modification::operation::replace:
        return LDAP_MOD_REPLACE;
    }
    return LDAP_MOD_REPLACE;
  }

  // Room for everything at once: nothing may move afterwards.
  void start(std::size_t attributes, std::size_t values) {
    mods_.clear();
    mods_.reserve(attributes);
    values_.clear();
    values_.reserve(values);
    pointers_.clear();
    pointers_.reserve(values + attributes);
    list_.clear();
  }
  void open(int operation, model::attribute_name name) {
    if (!mods_.empty()) close();
    LDAPMod mod{};
    mod.mod_op = operation | LDAP_MOD_BVALUES;
    mod.mod_type = const_cast<char*>(name.text().c_str());
    mods_.push_back(mod);
    first_ = pointers_.size();
  }
  void add(std::string_view bytes) {
    values_.push_back({.bv_len = bytes.size(), .bv_val = const_cast<char*>(bytes.data())});
    pointers_.push_back(&values_.back());
  }
  // No values at all is said by a null pointer: "the whole attribute".
  void close() {
    if (pointers_.size() == first_) return;
    mods_.back().mod_bvalues = pointers_.data() + first_;
    pointers_.push_back(nullptr);
  }
  LDAPMod** finish() {
    if (!mods_.empty()) close();
    for (LDAPMod& mod : mods_) list_.push_back(&mod);
    list_.push_back(nullptr);
    return list_.data();
  }

  std::vector<LDAPMod> mods_;
  std::vector<berval> values_;
  std::vector<berval*> pointers_;
  std::vector<LDAPMod*> list_;
  std::size_t first_ = 0;
};

std::string doing(const model::change& what) {
  const std::string_view verb = std::visit(overloaded{[](const model::add_entry&) { return "adding"; },
                                                      [](const model::modify_entry&) { return "modifying"; },
                                                      [](const model::rename_entry&) { return "renaming"; },
                                                      [](const model::delete_entry&) { return "deleting"; }},
                                           what.what);
  return fmt::format("{} {}", verb, what.dn());
}

class sender {
 public:
  explicit sender(connection& line, LDAPControl** controls = nullptr) : line_(line), controls_(controls) {}

  // The message id. What libldap does not take at all (an empty value list, for instance) is the
  // fault of the change.
  result<int> send(const model::change& what, std::string_view described) {
    LDAP* handle = line_.handle();
    int id = 0;
    const int code = std::visit(
        overloaded{[&](const model::add_entry& add) {
                     dn_.assign(add.content.dn());
                     return ldap_add_ext(handle, dn_.c_str(), mods_.of(add.content), controls_, nullptr, &id);
                   },
                   [&](const model::modify_entry& modify) {
                     return ldap_modify_ext(handle, modify.dn.c_str(), mods_.of(modify.modifications), controls_,
                                            nullptr, &id);
                   },
                   [&](const model::rename_entry& rename) {
                     return ldap_rename(handle, rename.dn.c_str(), rename.new_rdn.c_str(),
                                        rename.new_superior.empty() ? nullptr : rename.new_superior.c_str(),
                                        rename.delete_old_rdn ? 1 : 0, controls_, nullptr, &id);
                   },
                   [&](const model::delete_entry& remove) {
                     return ldap_delete_ext(handle, remove.dn.c_str(), controls_, nullptr, &id);
                   }},
        what.what);
    S2L_TRY(line_.sent(code, described));
    return id;
  }

 private:
  connection& line_;
  LDAPControl** controls_;
  modifications mods_;
  std::string dn_;
};

// The answer to the change at `index`: done, the server's no, or an error.
outcome judge(connection& line, std::size_t index, std::string_view described, int code, std::string_view diagnostic) {
  switch (verdict_of_write(code, diagnostic)) {
    case verdict::done:
      return std::nullopt;
    case verdict::refused:
      return model::refusal{
          .index = index, .ldap_code = code, .text = fmt::format("{}: {}", described, code_text(code, diagnostic))};
    case verdict::later:
    case verdict::broken:
      break;
  }
  return tl::make_unexpected(line.failed(code, described, diagnostic));
}

bool aborted_by_notice(connection& line) {
  timeval now{};
  LDAPMessage* raw = nullptr;
  if (ldap_result(line.handle(), LDAP_RES_UNSOLICITED, LDAP_MSG_ONE, &now, &raw) <= 0) return false;
  const message_owner notice(raw);
  char* oid = nullptr;
  if (ldap_parse_extended_result(line.handle(), raw, &oid, nullptr, 0) != LDAP_SUCCESS) return false;
  const text_owner owner(oid);
  return oid != nullptr && aborted_notice_oid == oid;
}

// RFC 5805, 4: txnEndRes ::= SEQUENCE { messageID MessageID OPTIONAL, updatesControls ... OPTIONAL }
std::optional<int> failing_message(const std::optional<std::string>& value) {
  if (!value) return std::nullopt;
  berval bytes{.bv_len = value->size(), .bv_val = const_cast<char*>(value->data())};
  const element_owner element(ber_init(&bytes));
  ber_len_t length = 0;
  ber_int_t id = 0;
  if (!element || ber_skip_tag(element.get(), &length) != LBER_SEQUENCE ||
      ber_peek_tag(element.get(), &length) != LBER_INTEGER || ber_get_int(element.get(), &id) == LBER_ERROR)
    return std::nullopt;
  return id;
}

class transaction {
 public:
  transaction(connection& line, std::span<const model::change> batch) : line_(line), batch_(batch) {}

  outcome run(std::size_t in_flight) {
    S2L_TRY(start());
    LDAPControl member{.ldctl_oid = const_cast<char*>(LDAP_CONTROL_TXN_SPEC),
                       .ldctl_value = {.bv_len = id_.size(), .bv_val = id_.data()},
                       .ldctl_iscritical = 1};
    LDAPControl* controls[] = {&member, nullptr};
    sender out(line_, controls);
    messages_.reserve(batch_.size());
    while (answered_ < batch_.size()) {
      if (messages_.size() < batch_.size() && messages_.size() - answered_ < in_flight && next_stands_apart()) {
        auto sent = out.send(next(), doing(next()));
        if (!sent) return tl::make_unexpected(nothing_written(std::move(sent).error()));
        names_in_flight_.insert(model::dn_hash(next().dn()));
        messages_.push_back(*sent);
        continue;
      }
      S2L_TRY_ASSIGN(const answer said, next_answer());
      if (said.code != LDAP_SUCCESS) return given_up(answered_ - 1, said);
    }
    return commit();
  }

 private:
  result<void> start() {
    const std::string_view what = "starting a transaction";
    int message = 0;
    S2L_TRY(line_.sent(ldap_txn_start(line_.handle(), nullptr, nullptr, &message), what));
    S2L_TRY_ASSIGN(extended_answer said, line_.await_extended(message, what));
    if (said.code != LDAP_SUCCESS) return tl::make_unexpected(line_.failed(said.code, what, said.diagnostic));
    if (said.value) id_ = std::move(*said.value);
    return {};
  }

  static error nothing_written(error why) {
    return std::move(why).within("writing a transaction; none of it is written");
  }

  [[nodiscard]] const model::change& next() const { return batch_[messages_.size()]; }

  // slapd may do those that are in flight together in any order.
  [[nodiscard]] bool next_stands_apart() const {
    if (names_in_flight_.empty()) return true;
    if (is_rename(next()) || is_rename(batch_[messages_.size() - 1])) return false;
    return !names_in_flight_.contains(model::dn_hash(next().dn())) &&
           !names_in_flight_.contains(model::dn_hash(model::parent_text(next().dn())));
  }
  static bool is_rename(const model::change& what) { return std::holds_alternative<model::rename_entry>(what.what); }

  result<answer> next_answer() {
    auto said = line_.await_answer(messages_[answered_], doing(batch_[answered_]));
    if (!said) return tl::make_unexpected(nothing_written(std::move(said).error()));
    names_in_flight_.erase(model::dn_hash(batch_[answered_].dn()));
    ++answered_;
    return said;
  }

  // The server refused one operation before the end: the transaction must not stay open, and the
  // connection is dropped when even that fails.
  outcome given_up(std::size_t index, const answer& said) {
    const std::string described = doing(batch_[index]);
    while (answered_ < messages_.size()) S2L_TRY(next_answer());
    if (aborted_by_notice(line_)) {
      error why = line_.failed(LDAP_UNAVAILABLE, described, "the server has given up the transaction");
      return tl::make_unexpected(nothing_written(std::move(why)));
    }
    const outcome verdict = judge(line_, index, described, said.code, said.diagnostic);
    if (!line_.usable()) return verdict;
    const auto ended = end(false);
    if (!ended || ended->code != LDAP_SUCCESS) line_.give_up();
    return verdict;
  }

  outcome commit() {
    auto said = end(true);
    if (!said)
      return tl::make_unexpected(
          std::move(said).error().within("ending a transaction; whether it is written is not known"));
    if (said->code == LDAP_SUCCESS) return std::nullopt;
    const auto message = failing_message(said->value);
    const auto at = message ? std::find(messages_.begin(), messages_.end(), *message) : messages_.end();
    if (at == messages_.end())
      return tl::make_unexpected(nothing_written(line_.failed(said->code, "ending a transaction", said->diagnostic)));
    const auto index = static_cast<std::size_t>(at - messages_.begin());
    return judge(line_, index, doing(batch_[index]), said->code, said->diagnostic);
  }

  result<extended_answer> end(bool commit) {
    const std::string_view what = "ending a transaction";
    std::this_thread::sleep_for(limits::transaction_settle_time);
    berval id{.bv_len = id_.size(), .bv_val = id_.data()};
    int message = 0;
    S2L_TRY(line_.sent(ldap_txn_end(line_.handle(), commit ? 1 : 0, &id, nullptr, nullptr, &message), what));
    return line_.await_extended(message, what);
  }

  connection& line_;
  std::span<const model::change> batch_;
  std::string id_;
  std::vector<int> messages_;  // of what is sent
  std::size_t answered_ = 0;
  std::unordered_set<std::uint64_t> names_in_flight_;  // DN hashes
};

}  // namespace

outcome write_in_order(connection& line, std::span<const model::change> batch) {
  sender out(line);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::string described = doing(batch[i]);
    S2L_TRY_ASSIGN(const int id, out.send(batch[i], described));
    S2L_TRY_ASSIGN(const answer said, line.await_answer(id, described));
    outcome verdict = judge(line, i, described, said.code, said.diagnostic);
    if (!verdict || *verdict) return verdict;
  }
  return std::nullopt;
}

outcome write_as_transaction(connection& line, std::span<const model::change> batch, std::size_t in_flight) {
  if (!std::all_of(batch.begin(), batch.end(), [](const model::change& c) { return c.fits_transaction(); }))
    return fail(error_kind::usage, "deletes and moves do not go into a transaction", "slapd 2.5 would crash");
  return transaction(line, batch).run(in_flight);
}

}  // namespace sql2ldap::ldap::detail
