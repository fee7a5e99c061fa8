// How those who answer questions of mail servers see a directory: entries by the value of an attribute, asked of a
// server each time or of a mirror of it; and the content with its changes, from which a mirror lives.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/agreement.hpp>
#include <sql2ldap/model/attribute_name.hpp>
#include <sql2ldap/model/entry.hpp>

namespace sql2ldap::model {

// What of an entry is going to be read; who answers may tell more.
enum class entry_part {
  whole,
  login,  // who it is, and whether and how the owner logs in
};

// Has this value under one of the names.
struct value_assertion {
  std::vector<attribute_name> names;
  std::string value;
  entry_part wanted = entry_part::whole;
  friend bool operator==(const value_assertion&, const value_assertion&) = default;
};

class entry_lookup {
 public:
  virtual ~entry_lookup() = default;
  // Every entry below the base with this value, under the attribute's matching rule. An empty list says that there is
  // none; that it cannot be known at the moment is an error. From any thread.
  [[nodiscard]] virtual result<std::vector<entry>> find(attribute_name name, std::string_view value) = 0;
  // The same for each of these, in their order, an entry once for each: one question where that is less work.
  [[nodiscard]] virtual result<std::vector<std::vector<entry>>> find_each(std::span<const value_assertion> asked);
  // These values are about to be asked for: what is slow about finding them may begin. At most expected_max.
  static constexpr std::size_t expected_max = 32;
  virtual void expect(attribute_name /*name*/, std::span<const std::string_view> /*values*/) {}
  // As long as it stays the same, so does every answer; nullopt: not for long enough to build on it.
  [[nodiscard]] virtual std::optional<std::uint64_t> version() const { return std::nullopt; }
};

// The same for who does not wait.
class entry_asker {
 public:
  virtual ~entry_asker() = default;
  using listener = std::function<void(result<std::vector<std::vector<entry>>>)>;
  // `told` the answer as soon as there is one, which may be at once. All in one thread.
  virtual void find_each(std::vector<value_assertion> asked, listener told) = 0;
};

// In which searches of one connection differ.
struct search_terms {
  std::string filter;                            // built with codec/filter.hpp
  std::span<const attribute_name> attributes{};  // they outlive all searches; empty: those of the connection
};

// Searches on one connection, several of them under way at once. Nobody waits in here. After an error of begin() or
// collect() itself the connection is of no more use, and what is under way has no end; a transient one says that
// another may be opened.
class concurrent_searches {
 public:
  virtual ~concurrent_searches() = default;
  // Can be read when there may be something to collect, also when the server has gone.
  [[nodiscard]] virtual int descriptor() const noexcept = 0;
  // Sends it. Its number, which no other has that is under way.
  [[nodiscard]] virtual result<int> begin(const search_terms& what) = 0;
  struct ended {
    int number = 0;
    result<std::vector<entry>> found;
  };
  [[nodiscard]] virtual result<std::vector<ended>> collect() = 0;
  virtual void abandon(int number) = 0;                // has no end, then
  [[nodiscard]] virtual std::string name() const = 0;  // "ldapi:///", no secret
};

// What an RFC 4533 refreshAndPersist search tells.
struct content_event {
  enum class what {
    entry,             // is there with this content: new, changed, or told again by a refresh
    present,           // is there as it was told before
    gone,              // was deleted, or left the search
    refreshed_others,  // end of a refresh: who was neither `entry` nor `present` since it began is gone
    refreshed,         // end of a refresh that told each one that is gone
    begun_anew,        // the server cannot go on from where we were: all is told from its beginning
    heard,             // the server is there and has nothing new
  } kind = what::entry;
  entry_uuid uuid{};  // of the first three
  entry content;      // of `entry`
};

class content_feed {
 public:
  virtual ~content_feed() = default;
  // The next event, or nullopt when none came within `patience`. After an error the feed is of no more use; a
  // transient one says that another may be opened, which goes on where this one was.
  [[nodiscard]] virtual result<std::optional<content_event>> next(std::chrono::milliseconds patience) = 0;
  // From where another feed may go on when the events that next() gave are taken in; "" = from the beginning.
  [[nodiscard]] virtual std::string cookie() const = 0;
  // From any thread: a next() that waits, or else the one that comes, returns at once with nullopt.
  virtual void wake() noexcept = 0;
};

}  // namespace sql2ldap::model
