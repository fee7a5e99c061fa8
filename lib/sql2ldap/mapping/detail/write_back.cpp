#include <sql2ldap/mapping/detail/write_back.hpp>

#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <unordered_set>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/password.hpp>
#include <sql2ldap/mapping/detail/builder.hpp>
#include <sql2ldap/model/dn.hpp>
#include <sql2ldap/model/matching.hpp>

namespace sql2ldap::mapping::detail {

namespace {

bool same_password(std::string_view made, std::string_view wanted) {
  if (!made.starts_with(codec::clear_text_marker)) return false;
  made.remove_prefix(codec::clear_text_marker.size());
  return codec::password_matches(wanted, made);
}

// Equal as sets; a clear-text password equals its hash.
bool same_attribute(const list& made, const list& wanted, bool secret) {
  if (same_values(made, wanted)) return true;
  return secret && made.size() == 1 && wanted.size() == 1 && same_password(made.front(), wanted.front());
}

void drop_empty(list& values) {
  std::erase_if(values, [](std::string_view v) { return v.empty(); });
}

bool has_default(const expression& e) {
  return std::any_of(e.parts.begin(), e.parts.end(), [](const pipeline& p) {
    return std::any_of(p.stages.begin(), p.stages.end(),
                       [](const stage& s) { return s.kind == stage_kind::otherwise; });
  });
}

// A partition with the values of its list as they are now.
struct taken_values {
  list tokens;
  std::vector<std::size_t> branch;  // of each token; past the end when nobody took it
};

class returning {
 public:
  returning(engine& e, std::size_t kind, const row_set& old, const model::entry& wanted)
      : engine_(e),
        kind_(kind),
        k_(e.checked->kinds[kind]),
        old_(old),
        wanted_(wanted),
        row_(old.main.begin(), old.main.end()) {
    engine_.r.begin(k_, row_, old.many);
    new_row_ = std::all_of(old.main.begin(), old.main.end(), [](const model::field& f) { return f.null; });
  }

  result<std::vector<column_write>> run_back() {
    S2L_TRY(put_name());
    // A default may rest on columns that other attributes and `on insert` fill first. Two rounds:
    // what one attribute writes may be what another one needed.
    constexpr int rounds = 2;
    for (int round = 0; round < rounds; ++round) {
      for (const bool with_default : {false, true}) {
        for (const step& s : k_.steps) {
          if (const auto* const a = std::get_if<assignment_rule>(&s)) {
            if (has_default(a->value) == with_default) attempt(*a);
          } else if (!with_default) {
            attempt(std::get<partition_rule>(s));
          }
        }
        if (new_row_) S2L_TRY(fill_inserts());
      }
    }
    return finish();
  }

 private:
  [[nodiscard]] tl::unexpected<error> refused(std::string_view attribute, std::string_view reason) const {
    return fail(error_kind::mapping,
                fmt::format("{} of {} cannot be written back: {}", attribute,
                            wanted_.dn().empty() ? k_.info.name : std::string(wanted_.dn()), reason));
  }

  // Tries; when it does not work the row stays as it was, and the reason is kept for the end: the
  // attribute may come right by what others write.
  template <typename F>
  void attempt(const std::string& attribute, bool secret, F&& body) {
    run& r = engine_.r;
    const std::vector<model::field> before = row_;
    r.secret = secret;
    r.column = no_column;
    r.values.clear();
    if (body()) {
      failures_.erase(attribute);
      return;
    }
    std::copy(before.begin(), before.end(), row_.begin());
    failures_[attribute] = r.reason;
  }

  void attempt(const assignment_rule& a) {
    for (const model::attribute_name name : a.names) {
      list values = wanted_.values_of(name);
      attempt(name.text(), a.secret, [&] {
        run& r = engine_.r;
        const auto rdn =
            std::find_if(k_.rdn.begin(), k_.rdn.end(), [&](const auto& n) { return n.names.front() == name; });
        list made;
        const bool readable = values_of(r, a.value, made);
        if (rdn != k_.rdn.end()) {
          // The RDN gives one of the values; here only the others count.
          list own;
          if (values_of(r, rdn->value, own)) {
            std::erase_if(values, [&](auto v) {
              return std::find(own.begin(), own.end(), v) != own.end() &&
                     std::find(made.begin(), made.end(), v) == made.end();
            });
          }
        }
        drop_empty(made);
        if (readable && same_attribute(made, values, a.secret)) return true;
        // What was left out on an error is not wanted either: the column keeps what cannot be read.
        if (!readable && values.empty() && a.on_error == error_policy::omit) return true;
        if (!a.way.two_way) return r.object(a.way.reason);
        return put(r, row_, a.value, values);
      });
    }
  }

  // ---- partitions ----

  void attempt(const partition_rule& p) {
    run& r = engine_.r;
    r.secret = false;
    taken_values now;
    bool changed = !values_of(r, p.value, now.tokens);  // an unreadable list is made anew
    for (const std::string_view token : now.tokens) {
      std::size_t branch = 0;
      if (!branch_of(r, p, token, branch)) branch = p.branches.size();
      now.branch.push_back(branch);
    }
    std::vector<list> target(p.branches.size());
    for (std::size_t b = 0; b < p.branches.size(); ++b) {
      const model::attribute_name name = p.branches[b].name;
      std::vector<std::size_t> mine;
      for (std::size_t other = 0; other < p.branches.size(); ++other) {
        if (p.branches[other].name == name) mine.push_back(other);
      }
      if (mine.front() != b) continue;
      for (const std::size_t other : mine) target[other] = tokens_of(now, other);
      attempt(name.text(), false, [&] {
        const list values = wanted_.values_of(name);
        list made;
        const bool readable = images(p, mine, target, made);
        drop_empty(made);
        if (readable && same_values(made, values)) return true;
        for (const std::size_t other : mine) {
          if (!p.way.two_way) return r.object(p.way.reason);
          if (mine.size() == 1 && !p.branches[other].way.two_way && values.size() > made.size()) {
            return r.object(p.branches[other].way.reason);
          }
        }
        const std::vector<list> before = target;
        const bool good = mine.size() == 1 ? new_tokens(p, b, values, target[b]) : spread(p, mine, values, target);
        if (!good) target = before;
        changed = changed || good;
        return good;
      });
    }
    if (!changed) return;
    const list tokens = rebuilt(p, now, target);
    attempt(k_.info.name, false, [&] { return put(r, row_, p.value, tokens); });
    if (const auto failed = failures_.find(k_.info.name); failed != failures_.end()) {
      for (const partition_branch& b : p.branches) failures_[b.name.text()] = failed->second;
    }
  }

  static list tokens_of(const taken_values& now, std::size_t branch) {
    list out;
    for (std::size_t i = 0; i < now.tokens.size(); ++i) {
      if (now.branch[i] == branch) out.push_back(now.tokens[i]);
    }
    return out;
  }

  bool image(const partition_branch& b, const list& tokens, list& out) {
    run& r = engine_.r;
    const std::size_t first = r.values.size();
    r.values.insert(r.values.end(), tokens.begin(), tokens.end());
    const bool good = get(r, b.stages, first);
    out.assign(r.values.begin() + static_cast<std::ptrdiff_t>(first), r.values.end());
    r.values.resize(first);
    return good;
  }

  bool images(const partition_rule& p, const std::vector<std::size_t>& branches, const std::vector<list>& tokens,
              list& out) {
    for (const std::size_t b : branches) {
      list one;
      if (!image(p.branches[b], tokens[b], one)) return false;
      out.insert(out.end(), one.begin(), one.end());
    }
    return true;
  }

  bool lands_in(const partition_rule& p, std::size_t b, std::string_view token) {
    std::size_t branch = 0;
    return branch_of(engine_.r, p, token, branch) && branch == b;
  }

  // The tokens of a branch that owns its attribute alone.
  bool new_tokens(const partition_rule& p, std::size_t b, const list& values, list& tokens) {
    run& r = engine_.r;
    const partition_branch& branch = p.branches[b];
    const list old = tokens;
    if (!branch.stages.empty() && branch.stages.front().kind == stage_kind::present) {
      const std::vector<stage> rest(branch.stages.begin() + 1, branch.stages.end());
      const list presence = old.empty() ? list() : list{"TRUE"};
      list wanted_presence;
      if (!put_stages(r, rest, values, presence, wanted_presence)) return false;
      if (wanted_presence.empty()) {
        tokens.clear();
        return true;
      }
      if (wanted_presence != list{"TRUE"}) return r.object("only TRUE or no value can stand here");
      return !old.empty() || written_token(branch, tokens);
    }
    list source;
    if (!put_stages(r, branch.stages, values, old, source)) return false;
    tokens = std::move(source);
    const bool all = std::all_of(tokens.begin(), tokens.end(), [&](auto t) { return lands_in(p, b, t); });
    return all || r.object("another rule of the partition would take that value");
  }

  // The text that a rule writes for its attribute to appear.
  bool written_token(const partition_branch& branch, list& tokens) {
    run& r = engine_.r;
    if (!branch.written && (branch.pattern.glob || branch.pattern.remaining)) return r.object(branch.way.reason);
    list values;
    if (!values_of(r, branch.written ? *branch.written : branch.pattern.segments.front(), values)) return false;
    if (values.size() != 1) return r.object("the text to write has no single value");
    tokens = values;
    return true;
  }

  // Several rules with one attribute: value by value, to the first rule that would take it.
  bool spread(const partition_rule& p, const std::vector<std::size_t>& branches, const list& values,
              std::vector<list>& tokens) {
    run& r = engine_.r;
    const std::unordered_set<std::string_view> wanted(values.begin(), values.end());
    std::unordered_set<std::string_view> kept;
    for (const std::size_t b : branches) {
      list stay;
      for (const std::string_view token : tokens[b]) {
        list one;
        if (!image(p.branches[b], {token}, one)) continue;
        if (!std::all_of(one.begin(), one.end(), [&](auto v) { return wanted.contains(v); })) continue;
        kept.insert(one.begin(), one.end());
        stay.push_back(token);
      }
      tokens[b] = std::move(stay);
    }
    for (const std::string_view value : values) {
      if (!kept.insert(value).second) continue;
      const bool placed = std::any_of(branches.begin(), branches.end(), [&](std::size_t b) {
        list source;
        list again;
        if (!put_stages(r, p.branches[b].stages, {value}, {}, source) || source.size() != 1) return false;
        if (!lands_in(p, b, source.front()) || !image(p.branches[b], source, again) || again != list{value})
          return false;
        tokens[b].push_back(source.front());
        return true;
      });
      if (!placed) return r.object(fmt::format("no rule of the partition would give {}", r.shown(value)));
    }
    return true;
  }

  // All tokens again: old ones in their order, without those that went, then the new ones.
  static list rebuilt(const partition_rule& p, const taken_values& now, const std::vector<list>& target) {
    list out;
    std::vector<std::unordered_set<std::string_view>> open;
    for (const list& t : target) open.emplace_back(t.begin(), t.end());
    std::unordered_set<std::string_view> there;
    for (std::size_t i = 0; i < now.tokens.size(); ++i) {
      const std::size_t b = now.branch[i];
      if (b < p.branches.size() && !open[b].contains(now.tokens[i])) continue;
      out.push_back(now.tokens[i]);
      there.insert(now.tokens[i]);
    }
    for (const list& t : target) {
      for (const std::string_view token : t) {
        if (there.insert(token).second) out.push_back(token);
      }
    }
    return out;
  }

  // ---- the DN ----

  result<void> put_name() {
    if (wanted_.dn().empty()) {
      for (const assignment_rule& a : k_.rdn) {
        const list values = wanted_.values_of(a.names.front());
        if (values.size() == 1) put_part(a.names.front().text(), a.value, values.front());
      }
      return {};
    }
    S2L_TRY_ASSIGN(const model::dn name, model::dn::parse(wanted_.dn()));
    const std::vector<model::rdn> levels = name.rdns();
    model::dn rest = name;
    for (std::size_t i = 0; i < k_.name.levels.size(); ++i) rest = rest.parent();
    S2L_TRY_ASSIGN(const model::dn container, model::dn::parse(k_.name.container));
    S2L_TRY_ASSIGN(const model::dn base, model::dn::parse(engine_.base));
    if (levels.size() < k_.name.levels.size() || rest != container.below(base)) {
      return refused("the DN", "it is not where the mapping puts such entries");
    }
    for (std::size_t i = 0; i < k_.name.levels.size(); ++i) {
      for (const name_part& part : k_.name.levels[i]) {
        const auto ava = std::find_if(levels[i].begin(), levels[i].end(), [&](const model::ava& a) {
          return equal_ignoring_ascii_case(a.type, part.type);
        });
        if (ava == levels[i].end())
          return refused("the DN", fmt::format("it has no {} where the mapping has one", part.type));
        put_part(part.type, part.value.front(), ava->value);
      }
    }
    return {};
  }

  void put_part(const std::string& attribute, const expression& e, const std::string_view value) {
    attempt(attribute, false, [&] {
      run& r = engine_.r;
      list now;
      // In a DN letter case has no meaning: a name that only looks different is the same name.
      const bool same = values_of(r, e, now) && now.size() == 1 &&
                        model::values_match(model::matching_rule::case_ignore, now.front(), value);
      return same || put(r, row_, e, {r.memory.copy(value)});
    });
  }

  // ---- new rows and the end ----

  result<void> fill_inserts() {
    run& r = engine_.r;
    others_.clear();
    for (const insert_rule& rule : k_.inserts) {
      column_write write{rule.alias, rule.column, std::nullopt, !rule.value};
      if (rule.value) {
        list values;
        r.secret = is_secret(*rule.value);
        if (!values_of(r, *rule.value, values)) return refused(rule.column, r.reason);
        if (values.size() > 1) return refused(rule.column, "several values for one column");
        if (values.empty()) continue;
        write.value = std::string(values.front());
      }
      if (rule.slot == no_column || write.now) {
        others_.push_back(std::move(write));
        continue;
      }
      model::field& f = row_[k_.columns[rule.slot].index];
      if (f.null) f = {r.memory.copy(*write.value), false, false};
    }
    return {};
  }

  result<std::vector<column_write>> finish() {
    std::vector<column_write> writes;
    // Running the mapping on the new row gives the memory of this one back.
    std::vector<std::optional<std::string>> owned;
    for (const model::field& f : row_) owned.push_back(f.null ? std::nullopt : std::optional(std::string(f.bytes)));
    for (std::size_t i = 0; i < row_.size(); ++i) {
      row_[i].bytes = owned[i] ? std::string_view(*owned[i]) : std::string_view();
    }
    for (const column_use& c : k_.columns) {
      if (c.source != 0) continue;
      const model::field& before = old_.main[c.index];
      const model::field& after = row_[c.index];
      if (before.null == after.null && before.bytes == after.bytes) continue;
      writes.push_back({c.alias, c.column, owned[c.index], false});
    }
    model::entry made;
    model::reject why;
    if (!engine_.make(kind_, row_, old_.many, made, why)) {
      for (const attribute_failure& f : engine_.failures)
        if (!is_optional(f)) return refused("the entry", why.reason);
    }
    S2L_TRY(compare(made));
    writes.insert(writes.end(), others_.begin(), others_.end());
    return writes;
  }

  // `on error omit` for all that it concerns.
  [[nodiscard]] bool is_optional(const attribute_failure& f) const {
    const auto& optional = k_.info.optional;
    return !f.name && std::all_of(f.attributes.begin(), f.attributes.end(), [&](model::attribute_name name) {
      return std::find(optional.begin(), optional.end(), name) != optional.end();
    });
  }

  [[nodiscard]] bool has_failed(model::attribute_name name) const {
    return std::any_of(engine_.failures.begin(), engine_.failures.end(), [&](const attribute_failure& f) {
      return std::find(f.attributes.begin(), f.attributes.end(), name) != f.attributes.end();
    });
  }

  result<void> compare(const model::entry& made) {
    const auto check = [&](model::attribute_name name, bool secret, const direction& way) -> result<void> {
      if (has_failed(name) && wanted_.values_of(name).empty()) return {};
      if (same_attribute(made.values_of(name), wanted_.values_of(name), secret)) return {};
      const auto failed = failures_.find(name.text());
      if (failed != failures_.end()) return refused(name.text(), failed->second);
      return refused(name.text(), way.two_way ? "other attributes come from the same column" : way.reason);
    };
    for (const step& s : k_.steps) {
      if (const auto* const a = std::get_if<assignment_rule>(&s)) {
        for (const model::attribute_name name : a->names) S2L_TRY(check(name, a->secret, a->way));
        continue;
      }
      for (const partition_branch& b : std::get<partition_rule>(s).branches) S2L_TRY(check(b.name, false, b.way));
    }
    for (const assignment_rule& a : k_.rdn) S2L_TRY(check(a.names.front(), a.secret, a.way));
    if (wanted_.dn().empty()) return {};
    S2L_TRY_ASSIGN(const model::dn made_name, model::dn::parse(made.dn()));
    S2L_TRY_ASSIGN(const model::dn wanted_name, model::dn::parse(wanted_.dn()));
    if (made_name == wanted_name) return {};
    return refused("the DN", failures_.empty() ? std::string("it would read back as ") + made_name.text()
                                               : failures_.begin()->second);
  }

  engine& engine_;
  std::size_t kind_;
  const kind_program& k_;
  const row_set& old_;
  const model::entry& wanted_;
  std::vector<model::field> row_;
  bool new_row_ = false;
  std::map<std::string, std::string> failures_;  // attribute -> why
  std::vector<column_write> others_;             // of `on insert`, columns that nothing reads
};

}  // namespace

result<std::vector<column_write>> write_back(engine& e, std::size_t kind, const row_set& old,
                                             const model::entry& wanted) {
  return returning(e, kind, old, wanted).run_back();
}

}  // namespace sql2ldap::mapping::detail
