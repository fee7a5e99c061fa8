// One refreshAndPersist search on a connection of its own, and another connection that asks whether the server is
// there: slapd lets a connection have half of its threads, and to it the search is one that never ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/codec/sync_control.hpp>
#include <sql2ldap/ldap/content.hpp>
#include <sql2ldap/ldap/detail/connection.hpp>
#include <sql2ldap/ldap/detail/entry_decoder.hpp>

namespace sql2ldap::ldap::detail {

class content_stream : public model::content_feed {
 public:
  [[nodiscard]] static result<std::unique_ptr<model::content_feed>> start(std::unique_ptr<connection> line,
                                                                          std::unique_ptr<connection> asker,
                                                                          std::chrono::milliseconds answer_time_max,
                                                                          const content_request& what,
                                                                          const std::string& cookie);
  content_stream(const content_stream&) = delete;
  content_stream& operator=(const content_stream&) = delete;
  ~content_stream() override;

  result<std::optional<model::content_event>> next(std::chrono::milliseconds patience) override;
  std::string cookie() const override { return cookie_; }
  void wake() noexcept override;

 private:
  using clock = std::chrono::steady_clock;

  content_stream(std::unique_ptr<connection> line, std::unique_ptr<connection> asker,
                 std::chrono::milliseconds answer_time_max, const content_request& what, const std::string& cookie);
  result<void> ask();
  result<std::optional<model::content_event>> next_until(clock::time_point until);
  model::content_event give();
  result<void> take(LDAPMessage* message);
  result<void> take_entry(LDAPMessage* message);
  result<void> take_info(LDAPMessage* message);
  result<void> take_end(LDAPMessage* message);
  void note(model::content_event::what kind, const model::entry_uuid& uuid = {});
  void note_cookie(const codec::sync_control::cookie& then);
  void end_refresh();
  result<void> begin_anew();
  result<bool> wait(clock::time_point until);  // true: woken
  result<void> keep_in_touch(clock::time_point now);
  result<void> hear_answer();
  [[nodiscard]] tl::unexpected<error> garbled(error why);

  std::unique_ptr<connection> line_;
  std::unique_ptr<connection> asker_;
  std::chrono::milliseconds answer_time_max_;
  content_request what_;
  std::string doing_;
  std::vector<char*> attributes_;  // NULL at the end, as libldap wants them
  int wake_ = -1;                  // eventfd
  int id_ = 0;
  entry_decoder decoder_;

  std::deque<model::content_event> events_;  // of the last message
  std::string asked_with_;                   // the cookie of this search
  std::string cookie_;                       // of what was given
  std::string latest_;                       // of what was taken
  bool refreshed_ = false;
  bool present_phase_ = false;  // of this refresh

  clock::time_point heard_ = clock::now();
  std::optional<clock::time_point> asked_;  // whether the server is there; not answered yet
  std::optional<error> failure_;
};

}  // namespace sql2ldap::ldap::detail
