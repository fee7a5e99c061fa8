#include <sql2ldap/ldap/detail/pool.hpp>

#include <utility>

namespace sql2ldap::ldap::detail {

lease::~lease() {
  if (connection_) owner_->give_back(std::move(connection_));
}

result<lease> pool::take() {
  while (!idle_.empty()) {
    std::unique_ptr<connection> one = std::move(idle_.back());
    idle_.pop_back();
    if (one->quiet()) return lease(shared_from_this(), std::move(one));
  }
  S2L_TRY_ASSIGN(std::unique_ptr<connection> fresh, connection::open(how_));
  return lease(shared_from_this(), std::move(fresh));
}

void pool::give_back(std::unique_ptr<connection> one) {
  if (one->usable()) idle_.push_back(std::move(one));
}

}  // namespace sql2ldap::ldap::detail
