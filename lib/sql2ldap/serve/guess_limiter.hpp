// Slows down who guesses passwords: so many wrong ones in a row for a name, and from an address, then none is looked
// at until some time has passed.
//
// Promises: bounded memory, in which who has been quiet for longest is forgotten first; a right password pays for its
// name at that address. A name is only shut to the address that guessed it, so that nobody can shut others out; an
// address where many names are guessed is shut to all. A login counts under each name that it is guessed by, and one
// that is guessed from everywhere is told so that its answers can wait. Addresses count as network_of_client() has
// them, names in any spelling as one. From any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sql2ldap::serve {

namespace detail {
struct login_name;
}

// What a guess counts under.
class guess {
 public:
  // `name` as it was given; `login`: whose name it is, empty: nobody's, or not known yet; `from`: IP address, empty =
  // unknown.
  guess(std::string_view name, std::string_view login, std::string_view from);
  // The same of a name that login_name_in() (detail/address.hpp) has read already, whose login is not known yet.
  [[nodiscard]] static guess of_name(std::string_view name, const std::optional<detail::login_name>& as_read,
                                     std::string_view from);
  void is_of(std::string_view login);  // once that is known

 private:
  friend class guess_limiter;
  guess() = default;
  template <typename Each>
  void for_each_name(Each each) const;
  std::string where_;
  std::string name_;           // as it was given, with the network that it comes from
  std::string name_of_login_;  // the same of the login, where that is another
  std::string network_;        // empty: unknown
  std::string login_;          // from everywhere; empty: nobody's, or not known yet
};

class guess_limiter {
 public:
  using clock = std::chrono::steady_clock;
  struct options {
    double wrong_per_name_max = 10;             // from one address; 0 = no limit
    double wrong_per_address_max = 50;          // 0 = no limit
    double wrong_per_login_max = 100;           // from everywhere: above it is_guessed(); 0 = never
    std::chrono::seconds forgotten_after{600};  // all of it; a part of the time pays for a part
    std::size_t kept_max = 100'000;             // names, addresses and logins
    std::function<clock::time_point()> now = clock::now;
  };
  explicit guess_limiter(options how);
  void change(options how);  // from now on

  [[nodiscard]] bool may_try(const guess& what) const;
  void wrong(const guess& what);
  void right(const guess& what);
  [[nodiscard]] bool is_guessed(const guess& what) const;  // the login, if it is known
  [[nodiscard]] std::size_t size() const;

 private:
  struct tally {
    std::string of;
    double wrong = 0;
    clock::time_point at;
  };
  struct account {
    const std::string& key;
    double wrong_max;
  };
  template <typename Each>
  void for_each_account(const guess& what, Each each) const;  // from one address
  [[nodiscard]] bool is_full(const account& one) const;
  [[nodiscard]] double now_owed(const account& one) const;
  void add(const account& to);

  mutable std::mutex mutex_;
  options how_;
  std::list<tally> tallies_;  // who was wrong last comes first
  std::unordered_map<std::string, std::list<tally>::iterator> places_;
};

}  // namespace sql2ldap::serve
