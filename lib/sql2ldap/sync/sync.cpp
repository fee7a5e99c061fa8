#include <sql2ldap/sync/sync.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>

#include <fmt/format.h>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/ldif.hpp>
#include <sql2ldap/sync/apply.hpp>
#include <sql2ldap/sync/detail/run.hpp>
#include <sql2ldap/sync/plan_text.hpp>
#include <sql2ldap/sync/steps.hpp>

namespace sql2ldap::sync {
namespace {

// ---- a plan, read again ---------------------------------------------------------------------

class plan_reader {
 public:
  static result<std::unique_ptr<plan_reader>> open(const std::string& file) {
    auto out = std::unique_ptr<plan_reader>(new plan_reader(file));
    if (!out->in_) return fail(error_kind::usage, "cannot read the plan " + file);
    S2L_TRY(out->fill());
    return out;
  }
  [[nodiscard]] const plan_header& header() const noexcept { return header_; }

  // nullopt after the last one; an error when the end line is missing.
  result<std::optional<model::change>> next() {
    if (ahead_.empty()) {
      if (!ended_) return fail(error_kind::input, "the plan " + file_ + " has no last line; it was cut off");
      return std::nullopt;
    }
    model::change out = std::move(ahead_.front());
    ahead_.erase(ahead_.begin());
    if (ahead_.empty()) S2L_TRY(fill());
    return out;
  }

 private:
  explicit plan_reader(const std::string& file) : file_(file), in_(file, std::ios::binary) {}

  result<void> fill() {
    S2L_TRY_ASSIGN(std::optional<codec::ldif_reader::record> record, reader_.next());
    if (!record) return {};
    if (auto* changes = std::get_if<std::vector<model::change>>(&*record)) {
      ahead_ = std::move(*changes);
      return {};
    }
    return fail(error_kind::input,
                fmt::format("{}:{}: a record without changetype; this is no plan", file_, reader_.line()));
  }
  void comment(std::string_view text) {
    if (!header_.take(text) && text == plan_end_line.substr(1)) ended_ = true;
  }

  std::string file_;
  std::ifstream in_;
  codec::ldif_reader reader_{in_, [this](std::string_view text) { comment(text); }};
  plan_header header_;
  bool ended_ = false;
  std::vector<model::change> ahead_;
};

result<void> expect_same_parties(const plan_header& planned, const parties& who, const std::string& file) {
  const auto changed = [&](std::string_view what, std::string_view was, std::string_view is) {
    return fail(error_kind::changed,
                fmt::format("the plan {} was made for another {}: {}, now {}", file, what, was, is),
                "make the plan again");
  };
  if (planned.fingerprint.empty() || planned.nonce.empty())
    return fail(error_kind::input, "the file " + file + " is no plan of this program: it has no header");
  if (planned.fingerprint != who.map.fingerprint())
    return changed("mapping", planned.fingerprint, who.map.fingerprint());
  if (planned.base != who.base.text()) return changed("base", planned.base, who.base.text());
  return {};
}

// The first line that the plan and the present state do not share; passwords are not shown.
std::string first_difference(const std::string& planned, const std::string& now) {
  std::size_t line = 0;
  const std::vector<std::string_view> a = split(planned, '\n');
  const std::vector<std::string_view> b = split(now, '\n');
  while (line < a.size() && line < b.size() && a[line] == b[line]) ++line;
  const auto shown = [&](const std::vector<std::string_view>& lines) {
    if (line >= lines.size() || lines[line].empty()) return std::string("nothing");
    const std::string_view text = lines[line];
    if (equal_ignoring_ascii_case(text.substr(0, model::names::user_password.text().size()), "userPassword"))
      return std::string("another password");
    return quoted_for_message(text, 200);
  };
  return "the plan has " + shown(a) + ", now it would be " + shown(b);
}

// Walks through the plan beside the steps of this run.
class plan_follower {
 public:
  explicit plan_follower(plan_reader& plan) : plan_(plan) {}

  result<void> compare(step& s) {
    for (model::change& c : s.changes) {
      S2L_TRY_ASSIGN(const std::optional<model::change> planned, plan_.next());
      if (!planned) return changed("there is more to change than the plan says: " + std::string(c.dn()));
      if (plan_.header().secrets) take_planned_hashes(c, *planned);
      std::string was;
      std::string is;
      codec::append_ldif(was, *planned);
      if (plan_.header().secrets) {
        codec::append_ldif(is, c);
      } else {
        S2L_TRY_ASSIGN(const model::change hidden, redacted(c, plan_.header().nonce));
        codec::append_ldif(is, hidden);
      }
      if (was != is) return changed(std::string(c.dn()) + ": " + first_difference(was, is));
    }
    return {};
  }
  result<void> expect_end() {
    S2L_TRY_ASSIGN(const std::optional<model::change> planned, plan_.next());
    if (planned) return changed("the plan changes " + std::string(planned->dn()) + ", which needs no change any more");
    return {};
  }

 private:
  static tl::unexpected<error> changed(const std::string& what) {
    return fail(error_kind::changed, what, "the tables or the directory have changed since; make the plan again");
  }
  plan_reader& plan_;
};

result<void> no_watch(step& /*unused*/) { return {}; }
}  // namespace

result<counts> plan(const parties& who, const run_options& how, std::ostream& ldif) {
  S2L_TRY_ASSIGN(const auto r, run::begin(who, how));
  plan_header header = header_of(who, how.show_secrets);
  header.prune = how.prune;
  ldif << header_text(header);
  counts sums;
  std::uint64_t updated = 0;
  std::string text;
  const step_sink show = [&](step s) -> result<void> {
    count_step(sums, s);
    updated += s.kind == step::what::update ? 1 : 0;
    text.clear();
    if (how.show_secrets) S2L_TRY(hash_clear_text(s));
    for (const model::change& c : s.changes) {
      if (how.show_secrets) {
        codec::append_ldif(text, c);
      } else {
        S2L_TRY_ASSIGN(const model::change hidden, redacted(c, header.nonce));
        codec::append_ldif(text, hidden);
      }
    }
    if (!ldif.write(text.data(), static_cast<std::streamsize>(text.size())))
      return fail(error_kind::local, "cannot write the plan");
    return {};
  };
  S2L_TRY(r->each_step(show));
  sums = r->totals(sums, updated);
  ldif << closing_text(sums);
  if (!ldif.flush()) return fail(error_kind::local, "cannot write the plan");
  return sums;
}

result<counts> migrate(const parties& who, const run_options& how) {
  S2L_TRY_ASSIGN(const auto r, run::begin(who, how));
  S2L_TRY(r->check_limits());
  return r->apply(no_watch);
}

// Twice through the plan: first to see that all of it still holds, then to write it.
result<counts> migrate_plan(const parties& who, const run_options& options, const std::string& ldif_file) {
  S2L_TRY_ASSIGN(auto plan_file, plan_reader::open(ldif_file));
  run_options how = options;
  how.prune = how.prune || plan_file->header().prune;
  S2L_TRY(expect_same_parties(plan_file->header(), who, ldif_file));
  S2L_TRY_ASSIGN(const auto r, run::begin(who, how));
  S2L_TRY(r->check_limits());
  {
    plan_follower follower(*plan_file);
    S2L_TRY(r->each_step([&](step s) { return follower.compare(s); }));
    S2L_TRY(follower.expect_end());
  }
  S2L_TRY_ASSIGN(plan_file, plan_reader::open(ldif_file));
  plan_follower follower(*plan_file);
  return r->apply([&](step& s) { return follower.compare(s); });
}

namespace {

difference difference_of_step(const step& s) {
  difference out;
  out.dn = s.dn;
  out.origin = s.origin;
  out.attributes = s.attributes();
  switch (s.kind) {
    case step::what::container:
    case step::what::add:
      out.kind = difference::what::missing;
      break;
    case step::what::remove:
    case step::what::disable:
      out.kind = difference::what::surplus;
      break;
    case step::what::make_way:
    case step::what::update:
      out.kind = s.renamed ? difference::what::renamed : difference::what::differs;
      break;
  }
  return out;
}

}  // namespace

result<counts> verify(const parties& who, const run_options& options, bool repair,
                      const std::function<void(const difference&)>& each) {
  std::uint64_t stale = 0;
  run_options how = options;
  how.on_stale = [&](std::string_view dn, std::string_view origin, const std::vector<std::string>& attributes) {
    ++stale;
    each({difference::what::stale, std::string(dn), std::string(origin), attributes});
  };
  S2L_TRY_ASSIGN(const auto r, run::begin(who, how));
  const auto show = [&](const step& s) {
    if (s.kind != step::what::make_way) each(difference_of_step(s));
  };
  const auto show_problem = [&](const step_problem& p) {
    each({p.foreign ? difference::what::foreign
          : p.stale ? difference::what::surplus
                    : difference::what::differs,
          p.dn,
          p.origin,
          {}});
  };
  if (repair) {
    S2L_TRY(r->check_limits());
    S2L_TRY_ASSIGN(counts repaired, r->apply(
                                        [&](step& s) -> result<void> {
                                          show(s);
                                          return {};
                                        },
                                        show_problem));
    repaired.stale = stale;
    return repaired;
  }
  counts sums;
  std::uint64_t updated = 0;
  S2L_TRY(r->each_step(
      [&](step s) -> result<void> {
        count_step(sums, s);
        updated += s.kind == step::what::update ? 1 : 0;
        show(s);
        return {};
      },
      show_problem));
  sums = r->totals(sums, updated);
  sums.stale = stale;
  return sums;
}

}  // namespace sql2ldap::sync
