// Everything that would go wrong, before the first write.
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/filter.hpp>
#include <sql2ldap/codec/password.hpp>
#include <sql2ldap/codec/schema_definition.hpp>
#include <sql2ldap/model/result_code.hpp>
#include <sql2ldap/sync/detail/containers.hpp>
#include <sql2ldap/sync/detail/slapd_rules.hpp>
#include <sql2ldap/sync/dirty_keys.hpp>
#include <sql2ldap/sync/sync.hpp>
#include <sql2ldap/sync/trial_entry.hpp>
#include <sql2ldap/sync/wanted.hpp>

namespace sql2ldap::sync {
namespace {

using severity = finding::severity;

// What dovecot, exim and postfix look up.
constexpr std::string_view searched_attributes[] = {"associatedDomain", "mail",         "mailLocalAddress",
                                                    "rfc822MailMember", "s2lForwardTo", "uid"};

constexpr std::size_t names_shown_max = 10;

class checker {
 public:
  checker(const mapping::mapping& map, model::source& from, model::directory* to, const model::dn& base,
          const check_options& options)
      : map_(map), from_(from), to_(to), base_(base), options_(options) {}

  result<std::vector<finding>> run() {
    add(map_.warnings(), "mapping");
    S2L_TRY_ASSIGN(const model::catalog tables, from_.describe());
    add(map_.check_tables(tables), "source");
    check_encoding(tables);
    check_old_rows(tables);
    model::schema schema = codec::builtin_schema();
    if (to_ != nullptr) {
      S2L_TRY_ASSIGN(const model::directory_facts facts, to_->describe());
      S2L_TRY(check_directory(facts));
      schema = facts.schema;
    }
    add(map_.check_schema(schema), "schema");
    // Tables that do not fit cannot be read by these queries.
    const bool readable = std::none_of(
        out_.begin(), out_.end(), [](const finding& f) { return f.where == "source" && f.level == severity::error; });
    if (readable) S2L_TRY(check_rows(schema));
    return std::move(out_);
  }

 private:
  using scheme_users = std::map<std::string, std::pair<std::uint64_t, codec::password_facts>>;

  void add(severity level, std::string where, std::string message, std::string hint = {}) {
    out_.push_back({level, std::move(where), std::move(message), std::move(hint)});
  }
  void add(const mapping::diagnostics& list, const std::string& where) {
    for (const mapping::diagnostic& d : list)
      add(d.level == mapping::diagnostic::severity::error ? severity::error : severity::warning, where, d.message,
          d.hint);
  }

  void check_encoding(const model::catalog& tables) {
    if (tables.engine != "PostgreSQL" || tables.encoding == "UTF8") return;
    add(severity::warning, "source", "the database has the encoding " + tables.encoding,
        "text that is not UTF-8 is rejected; `decode(latin1)` in the mapping reads it");
  }

  void check_old_rows(const model::catalog& tables) {
    std::set<std::string> told;
    for (const mapping::table_use& use : map_.tables()) {
      const model::table_info* table = tables.find(use.schema, use.table);
      if (table == nullptr || table->tells_old_rows || !told.insert(table->name).second) continue;
      if (needs_old_rows(map_, *table))
        add(severity::note, table->name, "of a changed or deleted row its log tells only the key, not what joins need",
            fmt::format(
                "`sql2ldap capture install` sets it, or sql2ldap-syncd --capture wal when it begins; by hand: ALTER "
                "TABLE {}.{} REPLICA IDENTITY FULL",
                table->schema, table->name));
    }
  }

  result<void> check_directory(const model::directory_facts& facts) {
    modules_ = facts.modules;
    if (facts.authorization_id.empty())
      add(severity::error, "directory", "the connection is anonymous: it cannot write",
          "give --bind-dn with --password-file, or use ldapi:///");
    if (facts.schema.find_attribute(model::names::origin) == nullptr)
      add(severity::error, "schema", "the directory does not know s2lOrigin",
          "load the schema that comes with sql2ldap");
    if (facts.transactions)
      add(severity::note, "directory", "transactions are used");
    else
      add(severity::note, "directory", "the server offers no transactions: each change is written by itself",
          "a load is about four times slower, an interrupted run is simply run again");
    check_indexes(facts);
    S2L_TRY(check_base(facts));
    if (!facts.authorization_id.empty()) S2L_TRY(check_access(facts));
    return probe_limits();
  }

  // Those that we ask for, and of those that mail servers ask for what the mapping fills.
  void check_indexes(const model::directory_facts& facts) {
    const model::database_indexes* database = database_of(facts, base_);
    if (database == nullptr) return;
    std::set<std::string> wanted = {"entryCSN", "entryUUID", "objectClass", "s2lOrigin"};
    for (const mapping::kind_info& kind : map_.kinds())
      for (const model::attribute_name name : kind.attributes)
        for (const std::string_view searched : searched_attributes)
          if (name == model::attribute_name(searched)) wanted.emplace(searched);
    for (const std::string& name : database->equality)
      std::erase_if(wanted, [&](const std::string& w) {
        const auto* indexed = facts.schema.find_attribute(model::attribute_name(name));
        return indexed != nullptr && indexed == facts.schema.find_attribute(model::attribute_name(w));
      });
    if (!wanted.empty())
      add(severity::warning, "directory", fmt::format("no equality index for {}", fmt::join(wanted, ", ")),
          fmt::format("olcDbIndex: {} eq", fmt::join(wanted, ",")));
  }

  // What a server lets an identity write is known by writing only: nothing is sent that it would roll back
  // (docs/decisions/0007), so without --write-test nothing is written and nothing is known.
  result<void> check_access(const model::directory_facts& facts) {
    const model::database_indexes* database = database_of(facts, base_);
    if (database != nullptr && database->read_only)
      add(severity::error, "directory", "the directory is read-only", "olcReadOnly: FALSE");
    if (!options_.write_test)
      add(severity::note, "directory", "write access: not tested",
          "`sql2ldap check --write-test` writes an entry and removes it");
    else if (!base_there_)
      add(severity::note, "directory", "write access: not tested, since the base does not exist yet");
    else
      S2L_TRY(test_writing(facts));
    return {};
  }

  // Where entries are added: below each container, and below the base where one is missing, or a kind stands there.
  result<std::vector<model::dn>> parents_of_entries() {
    std::vector<model::dn> out;
    bool below_base = std::any_of(map_.kinds().begin(), map_.kinds().end(), [](const mapping::kind_info& kind) {
      return !kind.parent && kind.container.empty();
    });
    S2L_TRY_ASSIGN(const auto containers, container_entries(map_, base_, false));
    for (const model::entry& container : containers) {
      S2L_TRY_ASSIGN(model::dn name, model::dn::parse(container.dn()));
      S2L_TRY_ASSIGN(const bool there, is_there(name));
      if (there)
        out.push_back(std::move(name));
      else
        below_base = true;
    }
    if (below_base) out.push_back(base_);
    return out;
  }

  result<void> test_writing(const model::directory_facts& facts) {
    S2L_TRY_ASSIGN(const std::vector<model::dn> parents, parents_of_entries());
    for (const model::dn& parent : parents) {
      trial_entry trial(*to_, parent, facts.schema);
      auto no = trial.write(attributes_written(map_), {}, groups_of(map_, facts.schema));
      if (!no && (no.error().transient || no.error().kind != error_kind::directory))
        return tl::make_unexpected(std::move(no).error());
      if (!no)
        add(severity::error, "directory", no.error().message, no.error().hint);
      else if (*no)
        add(severity::error, "directory", "the server does not take a test entry: " + (*no)->text,
            (*no)->ldap_code == model::result_code::insufficient_access_rights
                ? "let this identity write here and below, userPassword included (olcAccess)"
                : "");
      else
        add(severity::note, "directory", "an entry below " + parent.text() + " was written and removed");
      if (trial.left_behind())
        add(severity::error, "directory", "the test entry could not be removed: " + trial.dn(), "delete it by hand");
    }
    return {};
  }

  result<bool> is_there(const model::dn& name) {
    S2L_TRY_ASSIGN(
        auto found,
        to_->search({name.text(), model::search_scope::base, "(objectClass=*)", {model::names::object_class}, 0}));
    S2L_TRY_ASSIGN(const model::entry* there, found->next());
    return there != nullptr;
  }

  result<void> check_base(const model::directory_facts& facts) {
    S2L_TRY_ASSIGN(base_there_, is_there(base_));
    if (base_there_) return {};
    const bool below_context =
        std::any_of(facts.naming_contexts.begin(), facts.naming_contexts.end(), [&](const std::string& text) {
          const result<model::dn> context = model::dn::parse(text);
          return context && (*context == base_ || base_.is_below(*context));
        });
    if (!below_context) {
      add(severity::error, "directory", "the base " + base_.text() + " is in no database of the server");
    } else if (!container_entry(base_)) {
      add(severity::error, "directory", "the base " + base_.text() + " does not exist and cannot be made",
          "create it by hand, or use a base that begins with dc=, o=, ou= or cn=");
    } else {
      add(severity::note, "directory", "the base " + base_.text() + " does not exist yet: migrate makes it");
    }
    return {};
  }

  // Reads what a run would read, names only, to see whether the server lets all of it through.
  result<void> probe_limits() {
    if (!base_there_) return {};
    const auto filter = codec::filter::equal(model::names::object_class, "s2lManaged");
    std::uint64_t seen = 0;
    const auto read = [&]() -> result<void> {
      S2L_TRY_ASSIGN(
          auto all,
          to_->search({base_.text(), model::search_scope::subtree, filter.text(), {model::attribute_name("1.1")}, 0}));
      for (;; ++seen) {
        S2L_TRY_ASSIGN(const model::entry* e, all->next());
        if (e == nullptr) return {};
      }
    };
    const result<void> complete = read();
    if (complete) {
      add(severity::note, "directory", fmt::format("{} managed entries are there", seen));
      return {};
    }
    if (complete.error().transient || complete.error().ldap_code == 0) return complete;
    add(severity::error, "directory",
        fmt::format("the server stops a search after {} entries: {}", seen, complete.error().message),
        "raise olcLimits for this identity: size=unlimited time=unlimited");
    return {};
  }

  result<void> check_rows(const model::schema& schema) {
    struct reason_count {
      std::uint64_t rows = 0;
      model::reject first;
    };
    std::map<std::string, reason_count> rejects;  // by table, column and reason
    scheme_users schemes;
    std::uint64_t long_names = 0;
    std::string first_long_name;
    S2L_TRY_ASSIGN(const auto snapshot, from_.open_snapshot());
    wanted_options options;
    options.base = base_;
    options.containers = false;
    options.schema = &schema;
    wanted_entries all(map_, *snapshot, std::move(options), [&](model::reject r) {
      // Reasons name the row at hand; what they have in common stands before the first colon.
      const std::string about = r.reason.substr(0, r.reason.find(':'));
      reason_count& count = rejects[r.table + "\n" + r.column + "\n" + about];
      if (count.rows++ == 0) count.first = std::move(r);
    });
    while (true) {
      S2L_TRY_ASSIGN(const auto next, all.next());
      if (!next) break;
      if (!rdn_fits_slapd(next->content->dn()) && long_names++ == 0) first_long_name = next->content->dn();
      for (const std::string_view password : next->content->values_of(model::names::user_password)) {
        codec::password_facts facts = codec::facts_about(password);
        auto& [users, known] = schemes[facts.scheme];
        if (facts.scheme == "locked") note_locked(*next->content, all.explain_last());
        if (users++ == 0) known = std::move(facts);
      }
    }
    for (const auto& [name, count] : rejects) {
      const model::reject& r = count.first;
      add(severity::warning, place_of(r),
          count.rows == 1 ? fmt::format("the row {} is rejected: {}", r.key, r.reason)
                          : fmt::format("{} rows are rejected, for instance {}: {}", count.rows, r.key, r.reason),
          "the other rows go on; the rejects report lists all");
    }
    if (long_names > 0)
      add(severity::warning, "directory",
          fmt::format("{} cannot be stored by slapd, for instance {}: {}",
                      long_names == 1 ? "one entry" : fmt::format("{} entries", long_names),
                      quoted_for_message(first_long_name, 60), long_rdn_text(first_long_name)),
          "the other rows go on; the rejects report lists all");
    check_schemes(schemes);
    return {};
  }

  // Column and scheme of what the table holds.
  static std::string stored_in(const std::vector<mapping::trace>& traces) {
    std::string out;
    for (const mapping::trace& trace : traces) {
      if (!equal_ignoring_ascii_case(trace.attribute, model::names::user_password.text())) continue;
      for (const auto& [column, value] : trace.inputs) {
        constexpr std::string_view mark = "(secret, ";
        if (!value.starts_with(mark)) continue;
        out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", column,
                           value.substr(mark.size(), value.size() - mark.size() - 1));
      }
    }
    return out;
  }

  void note_locked(const model::entry& content, const std::vector<mapping::trace>& traces) {
    const std::string_view login = content.first_value_of(model::attribute_name("uid"));
    const locked_account found{std::string(login.empty() ? content.dn() : login), std::string(content.dn()),
                               stored_in(traces)};
    if (locked_.size() < names_shown_max) locked_.push_back(fmt::format("{} ({})", found.name, found.stored));
    options_.on_locked(found);
  }

  // A column has its table with it where it is that of a joined row.
  static std::string place_of(const model::reject& r) {
    if (r.column.empty()) return r.table;
    return r.column.find('.') != std::string::npos ? r.column : r.table + "." + r.column;
  }

  // "3 passwords (SHA256 1, SSHA256 2)" of the schemes that `wanted` names, "" when there are none.
  template <class Wanted>
  static std::string passwords_of(const scheme_users& schemes, Wanted wanted) {
    std::uint64_t users = 0;
    std::string list;
    for (const auto& [scheme, known] : schemes) {
      const auto& [count, facts] = known;
      if (scheme == "locked" || scheme == "CLEARTEXT" || !wanted(facts)) continue;
      users += count;
      list += fmt::format("{}{} {}", list.empty() ? "" : ", ", scheme, count);
    }
    return users == 0 ? "" : fmt::format("{} {} ({})", users, users == 1 ? "password" : "passwords", list);
  }

  void check_schemes(const scheme_users& schemes) {
    using facts = codec::password_facts;
    if (const auto clear = schemes.find("CLEARTEXT"); clear != schemes.end())
      add(severity::note, "userPassword", fmt::format("clear-text passwords will be hashed: {}", clear->second.first));
    if (const auto locked = schemes.find("locked"); locked != schemes.end())
      add(severity::warning, "userPassword",
          fmt::format("accounts that get a lock instead of a password: {}: {}{}", locked->second.first,
                      fmt::join(locked_, ", "), locked->second.first > locked_.size() ? ", ..." : ""),
          "these users cannot log in until they have a new password; `sql2ldap check --list locked` lists all");
    const std::string lost = passwords_of(schemes, [](const facts& f) { return !f.slapd_verifies; });
    if (!lost.empty()) add(severity::warning, "userPassword", lost + ": slapd cannot verify them");
    check_modules(schemes);
    const std::string weak = passwords_of(schemes, [](const facts& f) { return !f.dovecot_24_accepts; });
    if (!weak.empty())
      add(severity::warning, "userPassword", weak + ": dovecot 2.4 refuses them when it reads them itself",
          "let dovecot bind (auth_bind), or set auth_allow_weak_schemes");
  }

  void check_modules(const scheme_users& schemes) {
    if (to_ == nullptr) return;
    std::set<std::string> needed;
    for (const auto& [scheme, known] : schemes) needed.insert(known.second.slapd_module);
    needed.erase("");
    for (const std::string& module : needed) {
      if (modules_ && std::find(modules_->begin(), modules_->end(), module) != modules_->end()) continue;
      const std::string who = passwords_of(schemes, [&](const auto& f) { return f.slapd_module == module; });
      add(severity::warning, "userPassword",
          fmt::format("{}: slapd needs its module {}, {}", who, module,
                      modules_ ? "which is not loaded" : "and we may not see whether it is loaded"),
          "olcModuleLoad: " + module);
    }
  }

  const mapping::mapping& map_;
  model::source& from_;
  model::directory* to_;
  const model::dn& base_;
  const check_options& options_;
  std::vector<std::string> locked_;  // the first of them
  bool base_there_ = false;
  std::optional<std::vector<std::string>> modules_;  // of slapd, as far as we may see them
  std::vector<finding> out_;
};

}  // namespace

result<std::vector<finding>> check(const mapping::mapping& map, model::source& from, model::directory* to,
                                   const model::dn& base, const check_options& options) {
  return checker(map, from, to, base, options).run();
}

}  // namespace sql2ldap::sync
