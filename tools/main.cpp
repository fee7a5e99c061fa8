// sql2ldap: one file a command; see command_line.hpp for what they share.
#include <exception>
#include <ios>

#include "command_line.hpp"

int main(int argc, char** argv) {
  using namespace sql2ldap;
  std::ios::sync_with_stdio(false);
  try {
    tools::command_line line("sql2ldap", "Moves a mail host's SQL tables into OpenLDAP and shows what would change.");
    tools::add_inspect(line);
    tools::add_check(line);
    tools::add_plan(line);
    tools::add_migrate(line);
    tools::add_verify(line);
    tools::add_why(line);
    tools::add_lookup(line);
    tools::add_mapping(line);
    tools::add_capture(line);
    tools::add_status(line);
    tools::add_release(line);
    tools::add_rejects(line);
    tools::add_hooks(line);
    return line.run(argc, argv);
  } catch (const std::exception& problem) {  // out of memory and the like
    return static_cast<int>(tools::report(fail(error_kind::local, problem.what()).value(), false));
  }
}
