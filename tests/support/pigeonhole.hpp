// Dovecot's Sieve engine, by its programs sievec and sieve-test: no server, no mailbox of anybody.
#pragma once

#include <string>

#include <support/child_process.hpp>
#include <support/temp_dir.hpp>

namespace sql2ldap::test {

class pigeonhole {
 public:
  pigeonhole();
  // Status 0: the script is one.
  [[nodiscard]] captured compile(const std::string& script) const;
  // What the script does with a message from `sender` to `recipient`, in words, without doing it.
  [[nodiscard]] captured actions(const std::string& script, const std::string& sender, const std::string& recipient,
                                 const std::string& message) const;

 private:
  temp_dir folder_;
};

}  // namespace sql2ldap::test
