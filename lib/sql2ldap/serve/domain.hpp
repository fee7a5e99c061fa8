// A mail domain, as an entry of the class s2lMailDomain or s2lDomainAlias says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/entry.hpp>

namespace sql2ldap::serve {

struct mail_domain {
  enum class what {
    local,  // mailboxes and aliases of its own; with a `target`, others lead there
    alias,  // nothing of its own: every address leads to `target`
    relay,  // accepted, and handed on to another host
  } kind = what::local;
  std::string name;
  bool enabled = false;
  std::string target;     // lower-case A-labels, or empty
  std::string transport;  // in the mail server's words, "relay:[mx.example.net]:2525", or empty
  std::optional<std::uint64_t> message_bytes_max;
  std::optional<std::uint32_t> uid;  // of accounts that do not say
  std::optional<std::uint32_t> gid;

  // The host that the transport names, as Postfix writes it: "[mx.example.net]:2525"; empty: none, so where DNS says.
  [[nodiscard]] std::string_view next_hop() const;

  friend bool operator==(const mail_domain&, const mail_domain&) = default;
};

[[nodiscard]] bool is_domain(const model::entry& of);
// `name`: under which it was found. A transport called `relay` or `smtp` leads to another host; any other is how the
// mail server hands over to mailboxes that are here (`lmtp:unix:...`).
[[nodiscard]] result<mail_domain> read_domain(const model::entry& from, std::string name);

}  // namespace sql2ldap::serve
