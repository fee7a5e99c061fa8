// Ways of doing work beside somebody, for tests that must know when it is done.
#pragma once

#include <functional>
#include <future>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::test {

inline std::future<result<void>> at_once(const std::function<result<void>()>& work) {
  std::promise<result<void>> done;
  done.set_value(work());
  return done.get_future();
}

}  // namespace sql2ldap::test
