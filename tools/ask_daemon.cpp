#include "ask_daemon.hpp"

#include <filesystem>

#include <sql2ldap/control/control_socket.hpp>

namespace sql2ldap::tools {

result<json> ask_daemon(const options& chosen, const json& request) {
  if (chosen.settings.state.empty())
    return fail(error_kind::usage, "no state directory of a daemon configured", "set --state DIR as the daemon has it");
  S2L_TRY_ASSIGN(const std::string reply,
                 control::ask(std::filesystem::path(chosen.settings.state) / "control", request.dump()));
  json answer = json::parse(reply, nullptr, false);
  if (!answer.is_object()) return fail(error_kind::local, "the daemon's answer is no JSON");
  if (answer.contains("error")) return fail(error_kind::usage, answer["error"].get<std::string>());
  return answer;
}

}  // namespace sql2ldap::tools
