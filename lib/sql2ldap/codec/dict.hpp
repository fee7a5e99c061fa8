// The server's side of dovecot's dict protocol, versions 3 (dovecot 2.3) and 4 (2.4), for lookups only.
//
// Gives: a session: bytes in, lookups and iterations out, which are answered in their order. Promises: writing is taken
// and, when it is to be committed, refused as "read-only"; a client of another version, or one that asks for a dict of
// another name, is hung up on; an answer that is longer than dovecot's client takes becomes a failure.
// The server says nothing first. Leaves to others: what keys mean. A failure lets mail wait, `not_found` does not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <sql2ldap/codec/line_buffer.hpp>
#include <sql2ldap/codec/settled.hpp>

namespace sql2ldap::codec::dict {

struct lookup {
  std::string key;   // "shared/userdb/jane@x.test", "priv/sieve/name/active"
  std::string user;  // for whom; keys of `priv` are this user's
};
struct iterate {
  bool recurse = false;
  bool sort_by_key = false;
  bool sort_by_value = false;
  bool no_value = false;       // rows have an empty value
  bool exact_key = false;      // the key itself, not what is below it
  std::uint32_t rows_max = 0;  // 0 = all
  std::string prefix;          // with which each key of a row must begin: dovecot aborts otherwise
  std::string user;
};
using request = std::variant<lookup, iterate>;

class session {
 public:
  // `names`: of the dicts that are served here; none = any.
  explicit session(std::vector<std::string> names = {});
  void feed(std::string_view bytes) { lines_.feed(bytes); }
  [[nodiscard]] decoded<request> next();
  [[nodiscard]] const std::string& name() const noexcept {
    return name_;
  }  // that the client asks; empty before it says so

  [[nodiscard]] std::string found(std::string_view value) const;
  // Several values for one key; older clients get the first.
  [[nodiscard]] std::string found_all(const std::vector<std::string>& values) const;
  [[nodiscard]] std::string not_found() const;
  [[nodiscard]] std::string failed(std::string_view reason) const;  // also ends an iteration
  // nullopt: longer than the client takes, so that the iteration has to fail, which is all that is said of it then.
  [[nodiscard]] std::optional<std::string> row(std::string_view key, std::string_view value) const;
  [[nodiscard]] std::string rows_end() const;

 private:
  using outcome = tl::expected<request, settled>;
  std::optional<outcome> take(std::string_view line);
  std::optional<outcome> take_hello(std::string_view line);

  line_buffer lines_;
  std::vector<std::string> names_;
  std::string name_;
  bool greeted_ = false;
  bool takes_several_ = false;
  bool closed_ = false;
};

// One segment of a key, made of data: `/` as `\|`, `\` as `\\`.
[[nodiscard]] std::string escaped_segment(std::string_view text);
[[nodiscard]] std::string unescaped_segment(std::string_view segment);

}  // namespace sql2ldap::codec::dict
