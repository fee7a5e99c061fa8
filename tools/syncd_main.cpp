// sql2ldap-syncd: keeps the directory in step with the tables, for as long as it runs.
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/log.hpp>
#include <sql2ldap/control/control_socket.hpp>
#include <sql2ldap/control/metrics.hpp>
#include <sql2ldap/control/systemd.hpp>
#include <sql2ldap/hooks/command.hpp>
#include <sql2ldap/state/state_folder.hpp>
#include <sql2ldap/sync/keep.hpp>
#include <sql2ldap/sync/steps.hpp>
#include <sql2ldap/version.hpp>

#include "command_line.hpp"
#include "desk.hpp"
#include "hook_office.hpp"
#include "wiring.hpp"

namespace sql2ldap::tools {
namespace {

volatile std::sig_atomic_t stop_asked = 0;
volatile std::sig_atomic_t reload_asked = 0;

void listen_for_signals() {
  struct sigaction what {};
  what.sa_handler = [](int number) { (number == SIGHUP ? reload_asked : stop_asked) = 1; };
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaction(number, &what, nullptr);
}

// All that one set of settings opens.
struct post {
  both_sides sides;
  std::unique_ptr<model::capture> capture;
};

result<post> open_post(const options& chosen) {
  S2L_TRY_ASSIGN(auto sides, open_both_sides(chosen));
  S2L_TRY_ASSIGN(auto capture, open_capture(chosen, sides));
  return post{std::move(sides), std::move(capture)};
}

std::string audit_line(const sync::step& done, std::string_view cause) {
  using what = sync::step::what;
  const std::string_view action = done.kind == what::remove        ? "delete"
                                  : done.kind == what::disable     ? "disable"
                                  : done.kind == what::make_way    ? "rename"
                                  : done.kind != what::update      ? "add"
                                  : done.renamed && !done.modified ? "rename"
                                                                   : "update";
  std::string out = fmt::format("{} {} ({})", action, done.dn, done.origin);
  if (const auto attributes = done.attributes(); !attributes.empty())
    out += fmt::format(": {}", fmt::join(attributes, ", "));
  return out + fmt::format("; {}", cause);
}

class daemon {
 public:
  daemon(const command_line& line, options chosen) : line_(line), chosen_(std::move(chosen)) {}

  result<exit_code> run() {
    if (chosen_.settings.state.empty())
      return fail(error_kind::usage, "no state directory configured", "set --state DIR");
    listen_for_signals();
    S2L_TRY_ASSIGN(state_, state::open_state(chosen_.settings.state));
    if (!state_.warning.empty()) log::event(log::level::warning, "STATE_DAMAGED", state_.warning);
    if (!chosen_.settings.metrics.empty()) {
      S2L_TRY_ASSIGN(metrics_, control::metrics::serve(chosen_.settings.metrics));
    }
    S2L_TRY_ASSIGN(const auto socket,
                   control::control_server::listen(std::filesystem::path(chosen_.settings.state) / "control",
                                                   [this](const std::string& request) { return answer(request); }));
    log::event(log::level::info, "SYNC_START", fmt::format("sql2ldap-syncd {}", version));
    while (stop_asked == 0) {
      S2L_TRY(open_hooks());
      S2L_TRY_ASSIGN(const std::optional<post> at, open_patiently());
      if (at) S2L_TRY(keep(*at));
    }
    control::notify_stopping();
    if (hooks_) hooks_->close();
    log::event(log::level::info, "SYNC_STOP", "stopped; what was told is applied or will be told again");
    return exit_code::done;
  }

 private:
  // Servers that are not there yet are waited for; nullopt: until the daemon was stopped, or has other settings.
  result<std::optional<post>> open_patiently() {
    std::string told;
    while (true) {
      auto opened = open_post(chosen_);
      if (opened) return std::optional<post>(*std::move(opened));
      if (stop_asked != 0) return std::optional<post>();
      if (!opened.error().transient) return tl::make_unexpected(std::move(opened).error());
      control::notify_ready();
      if (told != opened.error().text()) log::event(log::level::error, "SYNC_TROUBLE", told = opened.error().text());
      idle(limits::trouble_wait_longest);
      if (wants_reload()) return std::optional<post>();
    }
  }

  // As the settings are now.
  result<void> open_hooks() {
    if (hooks_ && hooks_->is_of(chosen_.settings)) return {};
    if (hooks_) hooks_->close();
    set_desk(nullptr);  // which may have the old ones
    hooks_.reset();
    if (chosen_.settings.hook.empty()) return {};
    S2L_TRY_ASSIGN(hooks_, hook_office::open(chosen_.settings));
    return {};
  }

  result<void> keep(const post& at) {
    json facts{{"mapping", at.sides.map.name()},
               {"source", at.sides.from->name()},
               {"directory", at.sides.to->name()},
               {"base", at.sides.base.text()},
               {"capture", chosen_.settings.capture}};
    auto board = std::make_shared<desk>(std::move(facts), hooks_);
    set_desk(board);
    sync::run_options how;
    how.limits = daemon_limits_of(chosen_);
    how.grace = chosen_.settings.soft_delete;
    if (chosen_.settings.log_changes)
      how.audit = [](const sync::step& done, std::string_view cause) {
        log::event(log::level::info, "SYNC_CHANGE", audit_line(done, cause));
      };
    how.stop = [] { return stop_asked != 0; };
    how.report = [](const sync::progress&) { control::notify_alive(); };
    how.wait = [](std::chrono::milliseconds time) { idle(time); };
    how.warn = [](const std::string& message, const std::string& hint) {
      log::event(log::level::warning, "SYNC_TRIAL_REFUSED", hint.empty() ? message : message + "\nhint: " + hint);
    };
    std::optional<hooks::teller> teller;
    if (hooks_) teller.emplace(hooks_->teller_for(at.sides.map)).listen(how);
    sync::keep_options options;
    options.tell = [](log::level severity, std::string_view id, const std::string& text) {
      log::event(severity, id, text);
    };
    sync::keeper* keeper_at_work = nullptr;
    sync::background_verify beside;
    options.watch = [&](const sync::keep_status& now) {
      if (now.now != phase_) {
        phase_ = now.now;
        control::notify_status(std::string(word_for(now.now)));
      }
      control::notify_alive();
      if (teller) hooks_->settle(*teller, is_in_step(now));
      board->lay_out(now);
      if (keeper_at_work != nullptr && now.now != sync::keep_status::phase::reconciling) {
        verify_beside(beside, *keeper_at_work, at.sides);
        board->visit(*keeper_at_work);
      }
      count(*board);
    };
    const sync::parties who = at.sides.parties();
    sync::keeper keeper(who, how, *at.capture, *state_.journal, options);
    keeper_at_work = &keeper;
    control::notify_ready();
    const auto stop = [this] { return stop_asked != 0 || wants_reload(); };
    return keeper.run(stop, [](std::chrono::milliseconds time) { idle(time); });
  }

  // With connections of its own, from time to time, while the keeper follows.
  void verify_beside(sync::background_verify& beside, sync::keeper& keeper, const both_sides& sides) {
    const auto now = std::chrono::system_clock::now();
    if (auto ended = beside.take()) {
      if (*ended)
        keeper.check(std::move(**ended));
      else
        log::event(log::level::warning, "VERIFY_FAILED", ended->error().text());
    }
    const auto every = chosen_.settings.verify_every;
    const sync::keep_status& status = keeper.status();
    if (every.count() == 0 || beside.is_running() || status.now != sync::keep_status::phase::following) return;
    if (now < std::max(status.proven_at.value_or(sync::time_point()), verified_last_) + every) return;
    verified_last_ = now;
    // Only the mapping and the base are the keeper's: a file may have changed that is not read again yet.
    beside.start([chosen = chosen_, &sides](sync::run_options how, const auto& each) -> result<sync::counts> {
      S2L_TRY_ASSIGN(const auto from, open_source(chosen));
      S2L_TRY_ASSIGN(const auto to, open_directory(chosen));
      how.grace = chosen.settings.soft_delete;
      return sync::verify({sides.map, *from, *to, sides.base}, how, false, each);
    });
  }

  static bool is_in_step(const sync::keep_status& now) {
    return now.now == sync::keep_status::phase::following || now.now == sync::keep_status::phase::held;
  }

  // The settings as they are now, when they are good.
  bool wants_reload() {
    if (reload_asked == 0) return false;
    reload_asked = 0;
    auto fresh = line_.reload();
    if (fresh) {
      if (auto tried = try_out(*fresh); !tried) fresh = tl::make_unexpected(std::move(tried).error());
    }
    if (!fresh) {
      log::event(log::level::error, "RELOAD_REFUSED", fresh.error().text());
      return false;
    }
    log::event(log::level::info, "RELOAD", "settings and mapping read again");
    for (std::string config::settings::*until_restart : {&config::settings::state, &config::settings::metrics}) {
      if (fresh->settings.*until_restart != chosen_.settings.*until_restart)
        log::event(log::level::warning, "RELOAD_PARTIAL",
                   chosen_.settings.*until_restart + " stays until a restart, not " + fresh->settings.*until_restart);
      fresh->settings.*until_restart = chosen_.settings.*until_restart;
    }
    chosen_ = *std::move(fresh);
    return true;
  }

  // Servers that are away are waited for later; all else must be right now, while the old settings still work.
  static result<void> try_out(const options& fresh) {
    if (!fresh.settings.hook.empty()) S2L_TRY(hooks::parse_command(fresh.settings.hook));
    auto opened = open_post(fresh);
    if (!opened && !opened.error().transient) return tl::make_unexpected(std::move(opened).error());
    return {};
  }

  static void idle(std::chrono::milliseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    while (stop_asked == 0 && reload_asked == 0) {
      const auto left = until - std::chrono::steady_clock::now();
      if (left <= left.zero()) return;
      control::notify_alive();
      std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, std::chrono::milliseconds(200)));
    }
  }

  void count(desk& board) {
    const auto now = std::chrono::steady_clock::now();
    if (!metrics_ || now < next_count_) return;
    next_count_ = now + std::chrono::seconds(1);
    board.fill(*metrics_);
  }

  std::string answer(const std::string& request) {
    const std::shared_ptr<desk> board = desk_at_work();
    return board ? board->answer(request) : R"({"state": "starting"})";
  }
  void set_desk(std::shared_ptr<desk> board) {
    const std::lock_guard only(mutex_);
    desk_ = std::move(board);
  }
  std::shared_ptr<desk> desk_at_work() {
    const std::lock_guard only(mutex_);
    return desk_;
  }

  const command_line& line_;
  options chosen_;
  state::opened state_;
  std::unique_ptr<control::metrics> metrics_;
  std::shared_ptr<hook_office> hooks_;  // nullptr: no hook is set
  std::chrono::steady_clock::time_point next_count_;
  sync::time_point verified_last_;
  sync::keep_status::phase phase_ = sync::keep_status::phase::starting;
  std::mutex mutex_;
  std::shared_ptr<desk> desk_;
};

}  // namespace
}  // namespace sql2ldap::tools

int main(int argc, char** argv) {
  using namespace sql2ldap;
  return tools::run_program("sql2ldap-syncd", [&] {
    tools::command_line line("sql2ldap-syncd",
                             "Keeps an OpenLDAP directory in step with SQL tables, change by change. Runs in the "
                             "foreground until SIGTERM; SIGHUP reads the settings and the mapping again.");
    line.set_action({.source = true, .directory = true, .limits = true, .json = false, .daemon = true},
                    [&line](const tools::options& chosen) {
                      log::set_level(chosen.verbose > 0 ? log::level::debug : log::level::info);
                      return tools::daemon(line, chosen).run();
                    });
    return line.run(argc, argv);
  });
}
