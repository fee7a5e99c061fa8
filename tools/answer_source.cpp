#include "answer_source.hpp"

#include <span>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/log.hpp>
#include <sql2ldap/codec/filter.hpp>
#include <sql2ldap/codec/schema_definition.hpp>
#include <sql2ldap/ldap/content.hpp>
#include <sql2ldap/ldap/searches.hpp>
#include <sql2ldap/ldap/server.hpp>
#include <sql2ldap/listen/search_client.hpp>
#include <sql2ldap/model/result_code.hpp>
#include <sql2ldap/serve/attributes.hpp>
#include <sql2ldap/serve/directory_asker.hpp>
#include <sql2ldap/serve/directory_lookup.hpp>
#include <sql2ldap/serve/directory_pool.hpp>
#include <sql2ldap/serve/entry_answers.hpp>
#include <sql2ldap/serve/gathered_lookup.hpp>
#include <sql2ldap/serve/mirror_list.hpp>
#include <sql2ldap/serve/rehash.hpp>
#include <sql2ldap/sync/source_content.hpp>

#include "wiring.hpp"

namespace sql2ldap::tools {

namespace {

using codec::filter;
using serve::mirror_keeper;

filter of_class(std::string_view name) { return filter::equal(model::names::object_class, name); }

filter what_is_read() {
  std::vector<filter> classes;
  for (const std::string_view one : serve::read_classes()) classes.push_back(of_class(one));
  return filter::any_of(classes);
}

using place_opener = std::function<result<serve::directory_pool::place>()>;

place_opener opener_of_place(const options& chosen, const ldap::options& how) {
  return [chosen, how]() -> result<serve::directory_pool::place> {
    S2L_TRY_ASSIGN(auto to, ldap::connect(how));
    S2L_TRY_ASSIGN(auto base, open_base(chosen, to.get()));
    return serve::directory_pool::place{std::move(to), std::move(base)};
  };
}

// Which may have to be asked of the directory.
result<model::dn> base_of(const options& chosen, const ldap::options& how) {
  std::unique_ptr<model::directory> to;
  if (chosen.settings.base.empty()) {
    S2L_TRY_ASSIGN(to, ldap::connect(how));
  }
  return open_base(chosen, to.get());
}

// Who may search by an attribute need not be shown it.
result<bool> has_any(const serve::directory_pool::place& in, const filter& which,
                     model::attribute_name shown = model::names::object_class) {
  S2L_TRY_ASSIGN(
      const auto stream,
      in.at->search({.base = in.base.text(), .filter = which.text(), .attributes = {shown}, .entries_max = 1}));
  S2L_TRY_ASSIGN(const model::entry* const one, stream->next());
  return one != nullptr && one->has(shown);
}

// Of any account; also where there is none.
result<bool> passwords_shown(const place_opener& open) {
  const filter accounts = of_class("s2lMailAccount");
  S2L_TRY_ASSIGN(const auto in, open());
  S2L_TRY_ASSIGN(const bool shown, has_any(in, filter::all_of({accounts, filter::present(model::names::user_password)}),
                                           model::names::user_password));
  if (shown) return true;
  S2L_TRY_ASSIGN(const bool any, has_any(in, accounts));
  return !any;
}

// ---- kept in memory ---------------------------------------------------------------------------

using feed_opener = std::function<result<std::unique_ptr<model::content_feed>>(const std::string& cookie)>;

class kept_source final : public answer_source {
 public:
  // `again`: what is told of later refreshes, of which some sources have one a minute. `passwords_shown`: of who shows
  // them to some alone; entries in memory were shown by older rules.
  kept_source(feed_opener open, std::chrono::milliseconds age_max, serve::answer_options how, log::level again,
              std::function<result<bool>()> passwords_shown, std::function<void()> filled)
      : mirror_({.indexed = serve::looked_up_attributes(), .age_max = age_max}, codec::builtin_schema()),
        answers_(mirror_, &accounts_, std::move(how)),
        again_(again),
        passwords_shown_(std::move(passwords_shown)),
        filled_(std::move(filled)),
        keeper_(mirror_, {.open = std::move(open),
                          .tell = [this](auto severity, auto id, auto text) { tell(severity, id, text); }}) {}

  serve::answers& answers() override { return answers_; }
  result<void> can_answer() override {
    auto can = mirror_.can_answer();
    if (can) return can;
    if (const std::string trouble = keeper_.now().trouble; !trouble.empty())
      return fail_transient(error_kind::directory, trouble);
    return can;
  }
  result<bool> shows_passwords() override {
    if (passwords_shown_) return passwords_shown_();
    std::size_t accounts = 0;
    bool shown = false;
    S2L_TRY(accounts_.for_each([&](const model::entry& one) {
      shown = !one.values_of(model::names::user_password).empty();
      return !shown && ++accounts < limits::password_samples_max;
    }));
    return shown || accounts == 0;
  }
  void read_anew() override { keeper_.read_anew(); }
  bool in_memory() const noexcept override { return true; }
  std::optional<mirrored> mirror() const override { return mirrored{mirror_.status(), keeper_.now()}; }

 private:
  void tell(log::level severity, std::string_view id, std::string_view text) {
    if (severity != log::level::info) return log::event(severity, id, text);
    log::event(std::exchange(filled_once_, true) ? again_ : severity, id, text);
    filled_();
  }

  serve::mirror mirror_;
  serve::mirror_list accounts_{mirror_};
  serve::entry_answers answers_;
  const log::level again_;
  const std::function<result<bool>()> passwords_shown_;
  const std::function<void()> filled_;
  bool filled_once_ = false;
  mirror_keeper keeper_;  // last: its thread uses the others
};

// What source_content needs, with it.
class source_feed final : public model::content_feed {
 public:
  source_feed(both_sides sides, std::chrono::milliseconds read_every)
      : sides_(std::move(sides)),
        content_(sides_.map, *sides_.from,
                 {.base = sides_.base, .read_every = read_every, .schema = &codec::builtin_schema()}) {}
  result<std::optional<model::content_event>> next(std::chrono::milliseconds patience) override {
    return content_.next(patience);
  }
  std::string cookie() const override { return content_.cookie(); }
  void wake() noexcept override { content_.wake(); }

 private:
  both_sides sides_;
  sync::source_content content_;
};

// ---- asked each time --------------------------------------------------------------------------

class asked_source final : public answer_source {
 public:
  asked_source(place_opener open, listen::search_client::opener open_searches, const answer_plan::surroundings& in,
               serve::answer_options how)
      : open_(std::move(open)),
        pool_(open_),
        client_(in.loop == nullptr ? nullptr
                                   : std::make_unique<listen::search_client>(
                                         *in.loop, *in.waiting, std::move(open_searches),
                                         listen::search_client::bounds{.time_max = limits::lookup_answer_time_max,
                                                                       .at_once_max = limits::searches_at_once_max})),
        asker_(client_ ? client_->find() : nullptr),
        answers_(entries_, &pool_, std::move(how)) {}

  serve::answers& answers() override { return answers_; }
  std::shared_ptr<const void> answer_together(const serve::works& all, serve::works_listener told) override {
    return entries_.answer_together(all, std::move(told));
  }
  result<void> can_answer() override {
    S2L_TRY_ASSIGN(const auto in, open_());
    S2L_TRY_ASSIGN(const bool any, has_any(in, what_is_read()));
    return any ? result<void>() : serve::nothing_seen();
  }
  result<bool> shows_passwords() override { return passwords_shown(open_); }
  void read_anew() override {}
  bool in_memory() const noexcept override { return false; }
  std::optional<mirrored> mirror() const override { return std::nullopt; }

 private:
  place_opener open_;
  serve::directory_pool pool_;
  std::unique_ptr<listen::search_client> client_;  // null: nobody asks who does not wait
  serve::directory_asker asker_;
  serve::gathered_lookup entries_{asker_, pool_};
  serve::entry_answers answers_;
};

// ---- as the settings say ----------------------------------------------------------------------

serve::answer_options answer_options_of(const config::settings& set) {
  serve::answer_options how;
  how.separators = set.separators;
  how.sieve.forwards = set.sieve_forwards;
  how.locks_count = set.passwords == "verify";
  return how;
}

answer_plan::opener mirror_of(const options& chosen, const ldap::options& how) {
  return [chosen, how](const answer_plan::surroundings& in) -> std::unique_ptr<answer_source> {
    const auto open = [chosen, how](const std::string& cookie) -> result<std::unique_ptr<model::content_feed>> {
      S2L_TRY_ASSIGN(const model::dn base, base_of(chosen, how));
      return ldap::open_content(
          how, {.base = base.text(), .filter = what_is_read().text(), .attributes = serve::read_attributes()}, cookie);
    };
    return std::make_unique<kept_source>(
        open, chosen.settings.mirror_age_max, answer_options_of(chosen.settings), log::level::info,
        [place = opener_of_place(chosen, how)] { return passwords_shown(place); }, in.filled);
  };
}

answer_plan::opener questions_to(const options& chosen, const ldap::options& how) {
  return [chosen, how](const answer_plan::surroundings& in) -> std::unique_ptr<answer_source> {
    const auto open_searches = [chosen, how]() -> result<std::unique_ptr<model::concurrent_searches>> {
      S2L_TRY_ASSIGN(const model::dn base, base_of(chosen, how));
      return ldap::open_searches(how, serve::lookup_request(base));
    };
    serve::answer_options answering = answer_options_of(chosen.settings);
    // Two sides that are compared would differ by it.
    if (chosen.settings.compare_with.empty()) answering.domain_age_max = chosen.settings.domain_age_max;
    return std::make_unique<asked_source>(opener_of_place(chosen, how), open_searches, in, std::move(answering));
  };
}

answer_plan::opener rows_of(options chosen) {
  chosen.no_directory = true;
  return [chosen](const answer_plan::surroundings& in) -> std::unique_ptr<answer_source> {
    const auto open = [chosen](const std::string&) -> result<std::unique_ptr<model::content_feed>> {
      S2L_TRY_ASSIGN(auto sides, open_both_sides(chosen));
      return std::make_unique<source_feed>(std::move(sides), chosen.settings.read_every);
    };
    return std::make_unique<kept_source>(open, chosen.settings.mirror_age_max, answer_options_of(chosen.settings),
                                         log::level::debug, nullptr, in.filled);
  };
}

// An empty `which` is none.
result<answer_plan::opener> opener_of(const options& chosen, std::string_view which, std::string_view setting) {
  if (which.empty()) return answer_plan::opener();
  if (which == "source") {
    S2L_TRY(open_mapping(chosen));
    if (chosen.settings.source.empty())
      return fail(error_kind::usage, "which database?",
                  "--source sqlite:FILE or --source postgresql://USER@HOST/DATABASE");
    return rows_of(chosen);
  }
  if (which != "directory")
    return fail(error_kind::usage, fmt::format("{} is directory or source, not {}", setting, which));
  S2L_TRY_ASSIGN(ldap::options how, ldap_options_of(chosen));
  how.answer_time_max = limits::lookup_answer_time_max;
  return chosen.settings.mirror ? mirror_of(chosen, how) : questions_to(chosen, how);
}

// A bind as the user: as the directory's own rules say.
result<serve::login_check::prover> bind_prover(const options& chosen) {
  S2L_TRY_ASSIGN(ldap::options how, ldap_options_of(chosen));
  how.answer_time_max = limits::lookup_answer_time_max;
  return [how](const serve::account& whose, const secret& password) -> result<bool> {
    // Without a name or a password anybody may bind (RFC 4513, 5.1).
    if (whose.dn.empty() || password.empty()) return false;
    ldap::options as_user = how;
    as_user.bind_dn = whose.dn;
    as_user.password = password;
    const auto bound = ldap::connect(as_user);
    if (bound) return true;
    if (bound.error().ldap_code == model::result_code::invalid_credentials) return false;
    return tl::make_unexpected(bound.error());
  };
}

// In the directory, where passwords have their master copy then.
result<std::function<void(const serve::account&, const secret&)>> rehasher(const options& chosen) {
  const auto how = codec::hash_scheme_of(chosen.settings.rehash);
  if (!how)
    return fail(error_kind::usage,
                fmt::format("rehash is SHA512-CRYPT, YESCRYPT or ARGON2ID, not {}", chosen.settings.rehash));
  if (chosen.settings.passwords != "verify" || chosen.settings.answer_from != "directory")
    return fail(error_kind::usage, "rehash is for passwords of the directory that are verified here",
                "passwords = \"verify\" and answer-from = \"directory\"");
  S2L_TRY_ASSIGN(const ldap::options to, ldap_options_of(chosen));
  return [to, how = *how](const serve::account& whose, const secret& password) {
    const auto written = [&]() -> result<bool> {
      S2L_TRY_ASSIGN(const auto change, serve::rehashed(whose, password, how));
      if (!change) return false;
      S2L_TRY_ASSIGN(const auto directory, ldap::connect(to));
      S2L_TRY_ASSIGN(const auto refused, directory->write(std::span(&*change, 1), false));
      if (refused) return fail(error_kind::directory, refused->text, "may the identity that binds write userPassword?");
      return true;
    }();
    if (!written)
      log::event(log::level::warning, "REHASH_FAILED", written.error().text(), {{"user", whose.login}});
    else if (*written)
      log::event(log::level::info, "REHASHED", "a password is stored under a better scheme", {{"user", whose.login}});
  };
}

}  // namespace

std::shared_ptr<const void> answer_source::answer_together(const serve::works& all, serve::works_listener told) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i]();
    told.ended({i});
  }
  return nullptr;
}

codec::password_bounds bounds_of(const config::settings& set) {
  constexpr double mib = 1U << 20U;
  return {std::chrono::duration<double>(set.hash_time_max).count(), mib * static_cast<double>(set.hash_memory_max)};
}

result<bool> shows_passwords(const options& chosen) {
  S2L_TRY_ASSIGN(const ldap::options how, ldap_options_of(chosen));
  return passwords_shown(opener_of_place(chosen, how));
}

result<answer_plan> plan_answers(const options& chosen) {
  const config::settings& set = chosen.settings;
  answer_plan out;
  out.scram = set.scram;
  out.bounds = bounds_of(set);
  out.guesses.wrong_per_name_max = static_cast<double>(set.wrong_per_name);
  out.guesses.wrong_per_address_max = static_cast<double>(set.wrong_per_address);
  if (set.scram && set.passwords == "bind")
    return fail(error_kind::usage, "SCRAM needs what is stored, and a bind does not see it",
                "passwords = \"verify\", or no scram");
  if (set.answer_from.empty()) return fail(error_kind::usage, "answer-from is directory or source");
  if (set.compare_with == set.answer_from)
    return fail(error_kind::usage, fmt::format("answers from the {} cannot be compared with it", set.answer_from));
  S2L_TRY_ASSIGN(out.first, opener_of(chosen, set.answer_from, "answer-from"));
  S2L_TRY_ASSIGN(out.second, opener_of(chosen, set.compare_with, "compare-with"));
  if (!set.rehash.empty()) {
    S2L_TRY_ASSIGN(out.rehash, rehasher(chosen));
  }
  if (set.passwords == "verify") {
    out.prove = [bounds = out.bounds](const serve::account& whose, const secret& password) {
      return serve::verify_stored_password(whose, password, bounds);
    };
    return out;
  }
  if (set.passwords != "bind")
    return fail(error_kind::usage, fmt::format("passwords is verify or bind, not {}", set.passwords));
  out.needs_passwords = false;
  S2L_TRY_ASSIGN(out.prove, bind_prover(chosen));
  return out;
}

}  // namespace sql2ldap::tools
