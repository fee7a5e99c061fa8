#include <sql2ldap/sync/beside.hpp>

#include <utility>

#include <sql2ldap/base/blocked_signals.hpp>

namespace sql2ldap::sync {

std::future<result<void>> in_another_thread(std::function<result<void>()> work) {
  const blocked_signals in_the_thread;
  return std::async(std::launch::async, std::move(work));
}

}  // namespace sql2ldap::sync
