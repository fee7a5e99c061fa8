#include <sql2ldap/audit/answers.hpp>

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <sql2ldap/audit/detail/entry_in_view.hpp>
#include <sql2ldap/base/hash.hpp>
#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/serve/alias.hpp>
#include <sql2ldap/serve/attributes.hpp>

namespace sql2ldap::audit {
namespace {

constexpr std::uint64_t progress_every = 4096;
constexpr std::size_t entries_listed_at_once = 100;

// Mail that nobody has an own address for goes to the catch-all, which cannot be asked for by itself.
constexpr std::string_view catch_all_probe = "sql2ldap-probe";

const model::attribute_name& domain_attribute() {
  static const model::attribute_name name("associatedDomain");
  return name;
}
const model::attribute_name& service_attribute() {
  static const model::attribute_name name("s2lService");
  return name;
}

bool is_looked_up(model::attribute_name name) {
  const auto& names = serve::looked_up_attributes();
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What the lookups read, without passwords.
model::entry without_the_rest(const model::entry& whole) {
  const auto& read = serve::read_attributes();
  model::entry out;
  out.set_dn(whole.dn());
  for (std::size_t i = 0; i < whole.size(); ++i)
    if (!(whole[i].name == model::names::user_password) &&
        std::find(read.begin(), read.end(), whole[i].name) != read.end())
      out.add(whole[i].name, whole[i].bytes);
  return out;
}

// The lookups that fail for one name, by reason.
class failures {
 public:
  void add(std::string_view lookup, std::string reason) {
    const auto known = std::find_if(list_.begin(), list_.end(), [&](const auto& one) { return one.reason == reason; });
    (known == list_.end() ? list_.emplace_back(deferred_name{{}, {}, std::move(reason), {}}) : *known)
        .lookups.emplace_back(lookup);
  }
  [[nodiscard]] std::vector<deferred_name>& list() noexcept { return list_; }

 private:
  std::vector<deferred_name> list_;
};

class auditor {
 public:
  explicit auditor(const answer_audit& options)
      : options_(options), view_(*options.schema), answers_(view_, nullptr, options.answering) {}

  result<answer_counts> run() {
    S2L_TRY(read([&](const model::entry& one) { return collect(one); }));
    find_shared_names();
    S2L_TRY(ask_about_kept([&](const model::entry& one) { return ask_about_domain(one); }));
    S2L_TRY(read([&](const model::entry& one) { return ask_or_keep(one); }));
    S2L_TRY(ask_about_kept([&](const model::entry& one) { return is_asked(one) ? ask_about(one) : result<void>(); }));
    return counts_;
  }

 private:
  using visitor = std::function<result<void>(const model::entry&)>;

  static bool is_asked(const model::entry& one) { return serve::is_account(one) || serve::is_alias(one); }

  result<void> read(const visitor& visit) {
    S2L_TRY_ASSIGN(const auto stream, options_.open());
    for (std::uint64_t done = 0;; ++done) {
      if (done % progress_every == 0) {
        options_.on_progress(done);
        if (options_.is_stopped()) return fail_transient(error_kind::local, "stopped on request");
      }
      S2L_TRY_ASSIGN(const model::entry* const one, stream->next());
      if (one == nullptr) return {};
      S2L_TRY(visit(*one));
    }
  }

  // ---- the first reading: domains, who catches all, and which names are there ---------------------------------

  result<void> collect(const model::entry& one) {
    const bool asked = is_asked(one);
    const bool domain = serve::is_domain(one);
    if (asked || domain) ++counts_.entries;
    if (domain) view_.keep(without_the_rest(one));
    if (!asked) return {};
    if (catches_all(one)) keep(one);
    for (const std::uint64_t name : name_hashes(one)) shared_.push_back(name);
    return {};
  }

  void keep(const model::entry& one) {
    if (kept_++ < options_.entries_kept_max)
      view_.keep(without_the_rest(one));
    else
      ++counts_.not_asked;
  }

  // Such an entry has a part in the routes of others: of those that are off.
  static bool catches_all(const model::entry& one) {
    for (std::size_t i = 0; i < one.size(); ++i)
      if (one[i].bytes.starts_with('@') && is_looked_up(one[i].name)) return true;
    return false;
  }

  // Of logins and addresses, which are one set of names; each once.
  [[nodiscard]] std::vector<std::uint64_t> name_hashes(const model::entry& one) {
    std::vector<std::uint64_t> out;
    for_each_name(one, [&](std::string_view, std::uint64_t hash) { out.push_back(hash); });
    return out;
  }

  template <typename Each>
  void for_each_name(const model::entry& one, Each each) {
    seen_.clear();
    for (std::size_t i = 0; i < one.size(); ++i) {
      if (!is_looked_up(one[i].name) || one[i].name == domain_attribute()) continue;
      normal_.clear();
      model::append_normalized(normal_, options_.schema->equality_of(one[i].name), one[i].bytes);
      const std::uint64_t hash = run_hash64(normal_);
      if (std::find(seen_.begin(), seen_.end(), hash) != seen_.end()) continue;
      seen_.push_back(hash);
      each(one[i].bytes, hash);
    }
  }

  // What is left are the names that several entries have.
  void find_shared_names() {
    std::sort(shared_.begin(), shared_.end());
    std::vector<std::uint64_t> shared;
    for (std::size_t i = 1; i < shared_.size(); ++i)
      if (shared_[i] == shared_[i - 1] && (shared.empty() || shared.back() != shared_[i])) shared.push_back(shared_[i]);
    shared_ = std::move(shared);
  }

  // ---- the second reading: questions -----------------------------------------------------------

  result<void> ask_or_keep(const model::entry& one) {
    if (!is_asked(one) || catches_all(one)) return {};
    const auto names = name_hashes(one);
    if (std::none_of(names.begin(), names.end(), [&](std::uint64_t name) { return is_shared(name); })) {
      const model::entry read = without_the_rest(one);
      view_.show(&read);
      const result<void> asked = ask_about(read);
      view_.show(nullptr);
      return asked;
    }
    keep(one);
    return {};
  }

  result<void> ask_about_kept(const visitor& visit) {
    std::size_t place = 0;
    while (true) {
      S2L_TRY_ASSIGN(const auto some, view_.kept(place, entries_listed_at_once));
      if (some.empty()) return {};
      for (const model::entry& one : some) S2L_TRY(visit(one));
    }
  }

  [[nodiscard]] bool is_shared(std::uint64_t name) const {
    return std::binary_search(shared_.begin(), shared_.end(), name);
  }

  // Entries that share a name are asked about one after the other, and the name once.
  bool is_first(std::uint64_t name, std::string_view space) {
    const std::uint64_t hash = name ^ run_hash64(space);
    const bool may_come_again = is_shared(name) || space == "domain";
    return !may_come_again || asked_.insert(hash).second;
  }

  result<void> ask_about_domain(const model::entry& one) {
    for (const std::string_view name : one.values_of(domain_attribute())) {
      normal_.clear();
      model::append_normalized(normal_, options_.schema->equality_of(domain_attribute()), name);
      if (!is_first(run_hash64(normal_), "domain")) continue;
      ++counts_.names;
      failures found;
      note(found, "domain", answers_.domain(name));
      S2L_TRY(report(name, {domain_attribute()}, found));
    }
    return {};
  }

  result<void> ask_about(const model::entry& one) {
    std::vector<std::string> names;
    for_each_name(one, [&](std::string_view name, std::uint64_t hash) {
      if (is_first(hash, "name")) names.emplace_back(name);
    });
    for (const std::string& name : names) {
      ++counts_.names;
      failures found;
      ask_about_user(one, name, found);
      if (name.find('@') != std::string::npos) ask_for_route(one, name, found);
      S2L_TRY(report(name, serve::looked_up_attributes(), found));
    }
    return {};
  }

  // Under the names of aliases, too: who may send as an address is asked by its login, and an account may share it.
  void ask_about_user(const model::entry& one, std::string_view name, failures& into) {
    // A service that the account may use: others are turned down before its networks are looked at.
    const std::string_view service = one.first_value_of(service_attribute());
    note(into, "login", answers_.account_for_login({.name = name, .service = service, .from = {}}));
    note(into, "userdb", answers_.userdb_of(name));
    note(into, "sieve", answers_.sieve_of(name));
  }

  void ask_for_route(const model::entry& one, const std::string& name, failures& into) {
    const std::string address = (name.front() == '@' ? std::string(catch_all_probe) : std::string()) + name;
    const auto route = answers_.route(address);
    note(into, "route", route);
    if (!route) return;
    if (route->kind == serve::mail_route::what::command)
      into.add("command", std::string(one.dn()) + " wants a program run, which no mail server is ever asked to do");
    note_long_list(one, name, *route);
    const auto is_itself = [&](const std::string& target) { return equal_ignoring_ascii_case(target, address); };
    if (route->kind != serve::mail_route::what::members ||
        std::none_of(route->targets.begin(), route->targets.end(), is_itself))
      return;
    ++counts_.circular;
    options_.on_circular({name, std::string(one.dn())});
  }

  void note_long_list(const model::entry& one, const std::string& name, const serve::mail_route& route) {
    std::size_t bytes = 0;
    for (const std::string& target : route.targets) bytes += target.size() + std::string_view(", ").size();
    if (bytes > sql2ldap::limits::socketmap_reply_bytes_max)
      options_.on_long_list({name, std::string(one.dn()), route.targets.size(), bytes});
  }

  template <typename Answer>
  static void note(failures& into, std::string_view lookup, const result<Answer>& answer) {
    if (!answer) into.add(lookup, answer.error().message);
  }

  result<void> report(std::string_view name, const std::vector<model::attribute_name>& attributes, failures& found) {
    if (found.list().empty()) return {};
    ++counts_.deferred;
    const model::value_assertion named{attributes, std::string(name)};
    S2L_TRY_ASSIGN(const auto holders, view_.find_each(std::span(&named, 1)));
    for (deferred_name& one : found.list()) {
      one.name = name;
      for (const model::entry& holder : holders.front()) one.entry_dns.emplace_back(holder.dn());
      options_.on_deferred(one);
    }
    return {};
  }

  const answer_audit& options_;
  detail::entry_in_view view_;
  serve::entry_answers answers_;
  std::vector<std::uint64_t>
      shared_;  // hashes of names: of all while they are collected, then of those that are shared
  std::unordered_set<std::uint64_t> asked_;  // of names that come again
  std::size_t kept_ = 0;
  std::vector<std::uint64_t> seen_;  // of one entry
  std::string normal_;
  answer_counts counts_;
};

}  // namespace

result<answer_counts> audit_answers(const answer_audit& options) { return auditor(options).run(); }

}  // namespace sql2ldap::audit
