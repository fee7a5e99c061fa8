// sql2ldap-authd: answers what mail servers ask, for as long as it runs.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>

#include <sql2ldap/base/blocked_signals.hpp>
#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/log.hpp>
#include <sql2ldap/control/metrics.hpp>
#include <sql2ldap/control/privileges.hpp>
#include <sql2ldap/control/systemd.hpp>
#include <sql2ldap/listen/event_loop.hpp>
#include <sql2ldap/listen/listening_socket.hpp>
#include <sql2ldap/listen/socket_server.hpp>
#include <sql2ldap/version.hpp>

#include "answer_office.hpp"
#include "answer_source.hpp"
#include "command_line.hpp"

namespace sql2ldap::tools {
namespace {

// Those of systemd, then our own.
result<std::vector<listen::listening_socket>> open_sockets(const config::settings& set) {
  std::vector<listen::listening_socket> out;
  S2L_TRY_ASSIGN(const auto handed_over, control::handed_over_sockets());
  for (const control::handed_over& one : handed_over) {
    S2L_TRY_ASSIGN(const auto what, listen::parse_endpoint_name(one.name));
    S2L_TRY_ASSIGN(auto made, listen::listening_socket::take_over(what, one.descriptor));
    out.push_back(std::move(made));
  }
  for (const std::string& text : set.listen) {
    S2L_TRY_ASSIGN(const auto at, listen::parse_endpoint(text));
    S2L_TRY_ASSIGN(auto made, listen::listening_socket::open(at));
    out.push_back(std::move(made));
  }
  if (out.empty())
    return fail(error_kind::usage, "no socket configured for mail servers",
                "set --listen auth-client:/run/sql2ldap/auth, or hand sockets over by systemd");
  return out;
}

std::size_t provers_of(const config::settings& set) {
  // A bind is waited for, not computed.
  if (set.passwords == "bind") return limits::directory_connections_max;
  return set.workers != 0 ? set.workers : std::max(1U, std::thread::hardware_concurrency());
}

// What cannot change while it runs: sockets, and who we are.
bool same_for_good(const config::settings& a, const config::settings& b) {
  return a.listen == b.listen && a.user == b.user && a.group == b.group && a.metrics == b.metrics &&
         provers_of(a) == provers_of(b);
}

// As many as there are descriptors for.
std::size_t clients_for(std::size_t descriptors) {
  const std::size_t room = descriptors > limits::descriptors_spare ? descriptors - limits::descriptors_spare : 1;
  if (room < limits::clients_max)
    log::event(log::level::warning, "CLIENTS_FEWER",
               fmt::format("{} clients at once rather than {}: raise the limit of open files (LimitNOFILE=) to {}",
                           room, limits::clients_max, limits::clients_max + limits::descriptors_spare));
  return std::min(room, limits::clients_max);
}

// Of limits::answer_stop_wait, for what comes after the last answer.
constexpr std::chrono::milliseconds end_time{500};

// A thread inside crypt(3), or one that waits for a server, cannot be interrupted. Nothing that it does is kept, so the
// process need not wait for it.
void end_at_latest(std::chrono::milliseconds time) {
  const blocked_signals in_the_thread;
  std::thread([=] {
    std::this_thread::sleep_for(time);
    log::event(log::level::info, "ANSWER_STOP", "some work was not over, and is left");
    std::_Exit(static_cast<int>(exit_code::done));
  }).detach();
}

class daemon {
 public:
  daemon(const command_line& line, options chosen) : line_(line), chosen_(std::move(chosen)) {}

  result<exit_code> run() {
    const config::settings& set = chosen_.settings;
    // What comes before the loop runs waits for it.
    for (const int number : {SIGINT, SIGTERM}) loop_.on_signal(number, [this] { stop(); });
    loop_.on_signal(SIGHUP, [this] { reload(); });
    S2L_TRY_ASSIGN(const answer_plan plan, plan_answers(chosen_));
    remember_password(chosen_);
    const std::size_t descriptors = control::raise_descriptor_limit(limits::clients_max + limits::descriptors_spare);
    S2L_TRY_ASSIGN(waiting_, open_sockets(set));
    if (!set.metrics.empty()) {
      S2L_TRY_ASSIGN(metrics_, control::metrics::serve(set.metrics));
    }
    // Nothing was asked of a server so far: on ldapi it would see who we were.
    S2L_TRY(control::become(set.user, set.group));
    log::event(log::level::info, "ANSWER_START", fmt::format("sql2ldap-authd {}", version));
    if (::geteuid() == 0)
      log::event(log::level::warning, "RUNS_AS_ROOT",
                 "answers are given by root: `user` says whom to become, or the unit's User=");
    answer_office office(loop_, provers_of(set), [this] { ready(); });
    office_ = &office;
    listen::socket_server server(
        loop_, office.desk(),
        {.clients_max = clients_for(descriptors), .stop_wait = limits::answer_stop_wait - end_time});
    server_ = &server;
    loop_.every(std::chrono::seconds(1), [this] { tick(); });
    loop_.after(limits::first_fill_patience, [this] { let_in(); });
    office.work_by(plan);
    tick();
    loop_.run();
    log::event(log::level::info, "ANSWER_STOP", "stopped");
    if (trouble_) end_at_latest(end_time / 2);
    S2L_TRY(trouble_);
    return exit_code::done;
  }

 private:
  // At the first time, and after each reload, which may come before it.
  void ready() {
    let_in();
    control::notify_ready();
    log::event(log::level::info, "ANSWER_READY", office_->status());
  }

  // Who comes before there is an answer waits a while, rather than to be told to try later.
  void let_in() {
    if (stopping_) return;
    for (listen::listening_socket& one : std::exchange(waiting_, {})) {
      const std::string name = one.name();
      if (auto served = server_->serve(std::move(one)); !served) {
        trouble_ = tl::make_unexpected(std::move(served).error());
        return loop_.stop();
      }
      log::event(log::level::info, "ANSWER_LISTEN", name);
    }
  }

  void tick() {
    control::notify_alive();
    office_->tick();
    if (std::string now = office_->status(); now != status_) control::notify_status(status_ = std::move(now));
    if (!metrics_) return;
    office_->fill(*metrics_);
    for (const listen::socket_status& one : server_->status()) {
      const control::metrics::label at{"socket", one.name};
      metrics_->gauge("sql2ldap_clients", "Clients that are connected.", static_cast<double>(one.clients), at);
      metrics_->counter("sql2ldap_clients_total", "Clients that were let in.", static_cast<double>(one.accepted), at);
      metrics_->counter("sql2ldap_clients_turned_away_total", "Clients that were too many.",
                        static_cast<double>(one.turned_away), at);
      metrics_->counter("sql2ldap_clients_cut_off_total", "Clients that were idle, or did not read.",
                        static_cast<double>(one.cut_off), at);
    }
  }

  void stop() {
    if (std::exchange(stopping_, true)) return loop_.stop();
    end_at_latest(limits::answer_stop_wait);
    control::notify_stopping();
    waiting_.clear();
    server_->stop([this] { loop_.stop(); });
  }

  // The settings as they are now, when they are good.
  void reload() {
    auto fresh = line_.reload();
    if (fresh) remember_password(*fresh);
    const auto plan = fresh ? plan_answers(with_password(*fresh)) : tl::make_unexpected(fresh.error());
    if (!plan) return log::event(log::level::error, "RELOAD_REFUSED", plan.error().text());
    if (!same_for_good(fresh->settings, chosen_.settings))
      log::event(log::level::warning, "RELOAD_PARTIAL",
                 "listen, user, group, metrics and workers are as they were until the daemon is started again");
    log::event(log::level::info, "RELOAD", "settings and mapping read again");
    office_->work_by(*plan);
  }

  // Which may be for root alone to read, who we are no longer when the settings are read again.
  void remember_password(const options& of) {
    if (auto read = config::read_password(of.settings)) password_ = {of.settings.password_file, *std::move(read)};
  }
  [[nodiscard]] options with_password(options of) const {
    if (of.settings.password_file == password_.first) of.known_password = password_.second;
    return of;
  }

  const command_line& line_;
  const options chosen_;
  listen::event_loop loop_;
  std::pair<std::string, secret> password_;  // by the file that it was read from last
  std::vector<listen::listening_socket> waiting_;
  std::unique_ptr<control::metrics> metrics_;
  answer_office* office_ = nullptr;
  listen::socket_server* server_ = nullptr;
  std::string status_;
  bool stopping_ = false;
  result<void> trouble_;
};

}  // namespace
}  // namespace sql2ldap::tools

int main(int argc, char** argv) {
  using namespace sql2ldap;
  return tools::run_program("sql2ldap-authd", [&] {
    tools::command_line line("sql2ldap-authd",
                             "Answers dovecot's, Postfix's and exim's questions about users, addresses and domains. "
                             "From a mirror of the directory in memory, from the directory itself or from SQL tables. "
                             "Runs in the foreground until SIGTERM; SIGHUP reads the settings and the mapping again.");
    line.set_action({.source = true, .directory = true, .json = false, .answers = true},
                    [&line](const tools::options& chosen) {
                      log::set_level(chosen.verbose > 0 ? log::level::debug : log::level::info);
                      return tools::daemon(line, chosen).run();
                    });
    line.add_setting(line.root(), "metrics");
    return line.run(argc, argv);
  });
}
