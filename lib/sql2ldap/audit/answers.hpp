// The component `audit`: which lookups of mail servers a content leaves without an answer ("try later").
//
// Gives: audit_answers(). Promises: the lookups themselves decide (serve::entry_answers), each asked under every name
// that an entry has; memory is bounded: 8 bytes a name (24 while the list grows), all mail domains (some 250 bytes
// each), and the entries that catch all mail of a domain or share a name with another one, at most
// limits::entries_kept_max. Leaves to others: where
// the entries come from (a directory, the rows of a source), and the output.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/entry.hpp>
#include <sql2ldap/model/ports.hpp>
#include <sql2ldap/model/schema.hpp>
#include <sql2ldap/serve/entry_answers.hpp>

namespace sql2ldap::audit {

namespace limits {
// Entries that share names with others, in memory at once: some 50 MB. More are counted and not asked.
inline constexpr std::size_t entries_kept_max = 100'000;
}  // namespace limits

// A name that mail servers would be put off with.
struct deferred_name {
  std::string name;  // an address, a login, a domain; "@example.org" is a catch-all
  // Those that end so: login, userdb, sieve, route, domain. And `command`: a route that is found, to a program that no
  // server is asked to run.
  std::vector<std::string> lookups;
  std::string reason;                  // the same for all of them
  std::vector<std::string> entry_dns;  // entries that have the name
};

// An alias among whose targets is its own address, which has no mailbox: mail goes in a circle, or is lost.
struct circular_alias {
  std::string address;
  std::string dn;
};

// An alias whose targets are more text than Postfix takes through a socketmap: it is told to try later each time.
struct long_list {
  std::string address;
  std::string dn;
  std::size_t targets = 0;
  std::size_t bytes = 0;  // of the answer
};

struct answer_counts {
  std::uint64_t entries = 0;  // accounts, aliases, groups, domains
  std::uint64_t names = 0;    // asked for
  std::uint64_t deferred = 0;
  std::uint64_t circular = 0;
  std::uint64_t not_asked = 0;  // entries beyond limits::entries_kept_max
};

struct answer_audit {
  // Opens the content from its beginning. Called twice; entries of other classes are passed over.
  std::function<result<std::unique_ptr<model::entry_stream>>()> open;
  const model::schema* schema = nullptr;  // its matching rules decide which values are one name
  serve::answer_options answering{};
  std::function<void(const deferred_name&)> on_deferred = [](const deferred_name&) {};
  std::function<void(const circular_alias&)> on_circular = [](const circular_alias&) {};
  std::function<void(const long_list&)> on_long_list = [](const long_list&) {};
  std::function<void(std::uint64_t entries)> on_progress = [](std::uint64_t) {};
  std::function<bool()> is_stopped = [] { return false; };
  std::size_t entries_kept_max = limits::entries_kept_max;
};

// Passwords are not read. An entry that changes between the two readings may be reported wrongly.
[[nodiscard]] result<answer_counts> audit_answers(const answer_audit& options);

}  // namespace sql2ldap::audit
