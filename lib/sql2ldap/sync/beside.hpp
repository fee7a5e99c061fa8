// Work that goes on beside the caller.
#pragma once

#include <functional>
#include <future>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::sync {

// Does the work now, later, or in another thread; the work is done at the latest when somebody waits for the future.
using beside = std::function<std::future<result<void>>(std::function<result<void>()> work)>;

// In a thread of its own, which leaves signals to the others.
[[nodiscard]] std::future<result<void>> in_another_thread(std::function<result<void>()> work);

}  // namespace sql2ldap::sync
