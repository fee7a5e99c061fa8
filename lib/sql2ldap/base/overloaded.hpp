// One object of several lambdas, for std::visit.
#pragma once

namespace sql2ldap {

template <class... Cases>
struct overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
overloaded(Cases...) -> overloaded<Cases...>;  // clang 14 does not deduce it by itself

}  // namespace sql2ldap
