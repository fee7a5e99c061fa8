// A shared mutex on which readers that overlap for ever do not keep a writer out.
#pragma once

#include <pthread.h>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::serve::detail {

class writers_first_mutex {
 public:
  writers_first_mutex() {
    pthread_rwlockattr_t how;
    S2L_ASSERT(pthread_rwlockattr_init(&how) == 0);
    S2L_ASSERT(pthread_rwlockattr_setkind_np(&how, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) == 0);
    S2L_ASSERT(pthread_rwlock_init(&lock_, &how) == 0);
    pthread_rwlockattr_destroy(&how);
  }
  writers_first_mutex(const writers_first_mutex&) = delete;
  writers_first_mutex& operator=(const writers_first_mutex&) = delete;
  ~writers_first_mutex() { pthread_rwlock_destroy(&lock_); }

  void lock() { S2L_ASSERT(pthread_rwlock_wrlock(&lock_) == 0); }
  void unlock() { pthread_rwlock_unlock(&lock_); }
  void lock_shared() { S2L_ASSERT(pthread_rwlock_rdlock(&lock_) == 0); }
  void unlock_shared() { pthread_rwlock_unlock(&lock_); }

 private:
  pthread_rwlock_t lock_;
};

}  // namespace sql2ldap::serve::detail
