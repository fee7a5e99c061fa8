// sql2ldap: one file a command; see command_line.hpp for what they share.
#include "command_line.hpp"

int main(int argc, char** argv) {
  using namespace sql2ldap;
  return tools::run_program("sql2ldap", [&] {
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
  });
}
