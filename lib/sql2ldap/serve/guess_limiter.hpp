// Slows down who guesses passwords: so many wrong ones in a row for a name, and from an address, then none is looked
// at until some time has passed.
//
// Promises: bounded memory, in which who has been quiet for longest is forgotten first; a right password pays for its
// name at that address. A name is only shut to the address that guessed it, so that nobody can shut others out; an
// address where many names are guessed is shut to all. From one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sql2ldap::serve {

class guess_limiter {
 public:
  using clock = std::chrono::steady_clock;
  struct options {
    double wrong_per_name_max = 10;             // from one address; 0 = no limit
    double wrong_per_address_max = 50;          // 0 = no limit
    std::chrono::seconds forgotten_after{600};  // all of it; a part of the time pays for a part
    std::size_t kept_max = 100'000;             // names and addresses
    std::function<clock::time_point()> now = clock::now;
  };
  explicit guess_limiter(options how);

  [[nodiscard]] bool may_try(std::string_view name, std::string_view address);
  void wrong(std::string_view name, std::string_view address);
  void right(std::string_view name, std::string_view address);
  [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }

 private:
  struct tally {
    std::string of;
    double wrong = 0;
    clock::time_point at;
  };
  double now_owed(const std::string& key, double wrong_max);
  void add(std::string key, double wrong_max);

  options how_;
  std::list<tally> tallies_;  // who was wrong last comes first
  std::unordered_map<std::string, std::list<tally>::iterator> places_;
};

}  // namespace sql2ldap::serve
