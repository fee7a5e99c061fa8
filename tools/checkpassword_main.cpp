// sql2ldap-checkpassword: a login, or a user, as dovecot 2.3 and other programs that know checkpassword ask for it. It
// asks sql2ldap-authd; what asks the directory itself is a program of its own, since a login waits for this one.
#include <cstdio>
#include <string>

#include <unistd.h>

#include "checkpassword_daemon.hpp"

namespace sql2ldap::tools::checkpassword {
namespace {

// Beside this program, under its name and "-directory"; it reads the same arguments.
int ask_directory(char** argv) {
  std::string path(4096, '\0');
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  path.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  path += "-directory";
  replace_program(path.c_str(), argv);
  std::fprintf(stderr, "sql2ldap-checkpassword: cannot run %s\n", path.c_str());
  return codec::checkpassword::exit_status(purpose::login, codec::checkpassword::outcome::trouble);
}

}  // namespace
}  // namespace sql2ldap::tools::checkpassword

int main(int argc, char** argv) {
  using namespace sql2ldap::tools::checkpassword;
  return start(argc, argv,
               [&](const options& chosen) { return chosen.directory ? ask_directory(argv) : run(chosen, ask_daemon); });
}
