// One bound connection. Whatever goes wrong on the wire, or takes too long, makes it useless for
// good: usable() is false from then on, and its owner drops it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/codec/certificate.hpp>
#include <sql2ldap/ldap/detail/libldap.hpp>
#include <sql2ldap/ldap/server.hpp>

namespace sql2ldap::ldap::detail {

struct answer {
  int code = 0;
  std::string diagnostic;
  controls_owner controls;
};

struct extended_answer {
  int code = 0;
  std::string diagnostic;
  std::optional<std::string> value;
};

class connection {
 public:
  [[nodiscard]] static result<std::unique_ptr<connection>> open(const options& how);

  [[nodiscard]] LDAP* handle() const noexcept { return handle_.get(); }
  [[nodiscard]] const std::string& server() const noexcept { return how_.uri; }
  [[nodiscard]] bool usable() const noexcept { return usable_; }
  // For a connection on which nothing is asked: bytes or an end that wait to be read mean that
  // the server has gone.
  [[nodiscard]] bool quiet() const noexcept;
  void give_up() noexcept { usable_ = false; }

  // What a call of libldap that sends something has returned.
  [[nodiscard]] result<void> sent(int code, std::string_view doing);
  // The next message of operation `id`.
  [[nodiscard]] result<message_owner> await(int id, std::string_view doing);
  [[nodiscard]] result<answer> await_answer(int id, std::string_view doing);
  [[nodiscard]] result<answer> read_answer(LDAPMessage* message, std::string_view doing);
  [[nodiscard]] result<extended_answer> await_extended(int id, std::string_view doing);
  // The next message of any operation, as far as it has come; null when none has. Without waiting, once
  // never_wait() was called; else half a TLS record may hold it.
  [[nodiscard]] result<message_owner> take_ready(std::string_view doing);
  // Nor for room to send: what is asked for at once has it.
  void never_wait() noexcept;
  [[nodiscard]] int socket() const noexcept;
  [[nodiscard]] error failed(int code, std::string_view doing, std::string_view diagnostic);

 private:
  explicit connection(const options& how) : how_(how), time_max_(how.connect_time_max) {}
  result<void> create();
  result<void> connect();
  result<void> start_tls();
  result<void> secure();
  [[nodiscard]] codec::certificate_objection find_objection() const;
  result<void> bind();
  result<void> set(int option, const void* value, std::string_view name);
  [[nodiscard]] error lost(std::string_view doing);
  [[nodiscard]] Sockbuf* buffer() const noexcept;
  [[nodiscard]] bool has_buffered() const noexcept;
  void set_patience() noexcept;
  [[nodiscard]] std::string library_words() const;

  options how_;
  std::chrono::milliseconds time_max_;  // for one answer
  handle_owner handle_;
  bool usable_ = true;
};

}  // namespace sql2ldap::ldap::detail
