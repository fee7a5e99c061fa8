// A directory in memory that refuses what slapd refuses, and breaks on demand.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <sql2ldap/model/ports.hpp>

namespace sql2ldap::test {

struct crashed {};  // thrown: the program ends here, whatever it had in mind

class fake_directory : public model::directory {
 public:
  enum class fault { none, lost_before, lost_after, lost_between, crash_before, crash_after, crash_between };

  explicit fake_directory(std::string suffix, bool transactions = true);

  std::function<fault()> on_write = [] { return fault::none; };
  std::function<bool()> cut = [] { return false; };  // before each entry of a search
  std::optional<std::size_t> size_limit;             // entries of one search
  std::set<std::string> refused;                     // normal forms of DNs that nobody may write
  std::set<std::string> refused_classes;             // of entries that it does not take
  // Normal forms of DNs that access rules hide: searches pass over these entries, and changes of them are answered as
  // if they were not there, as slapd does without the right to disclose. Adding one says that it exists.
  std::set<std::string> hidden;
  std::set<model::attribute_name> hidden_attributes;  // that no search shows or finds an entry by
  // As in slapd (docs/decisions/0007): an attribute got its number in a transaction that was refused, and nothing that
  // is written with it can be read any more.
  bool broken = false;
  std::uint64_t writes = 0;   // calls
  std::uint64_t changes = 0;  // applied

  // For the test itself, without faults. Text of LDIF content records.
  void load(const std::string& ldif);
  [[nodiscard]] std::optional<std::string> try_change(const model::change& what);  // the refusal
  [[nodiscard]] const model::entry* find(std::string_view dn) const;
  [[nodiscard]] std::vector<const model::entry*> all() const;  // parents first
  [[nodiscard]] std::string dump() const;                      // LDIF, sorted: equal states, equal text

  [[nodiscard]] result<model::directory_facts> describe() override;
  [[nodiscard]] result<std::unique_ptr<model::entry_stream>> search(const model::search_request& what) override;
  [[nodiscard]] result<std::optional<model::refusal>> write(std::span<const model::change> batch, bool atomic) override;
  [[nodiscard]] result<model::write_session*> session() override { return &session_; }
  [[nodiscard]] std::string name() const override { return "fake:directory"; }

 private:
  // By the normal forms of the RDNs, root first: a subtree is one range.
  using path = std::vector<std::string>;
  using tree = std::map<path, model::entry>;
  struct no {
    int code = 0;
    std::string text;
  };
  [[nodiscard]] static path path_of(std::string_view dn);
  [[nodiscard]] model::entry shown(const model::entry& e) const;
  [[nodiscard]] bool is_hidden(std::string_view dn) const;
  [[nodiscard]] std::optional<no> apply(tree& to, const model::change& what) const;
  [[nodiscard]] std::optional<no> add(tree& to, const model::entry& content) const;
  [[nodiscard]] std::optional<no> modify(tree& to, const model::modify_entry& what) const;
  [[nodiscard]] std::optional<no> rename(tree& to, const model::rename_entry& what) const;
  [[nodiscard]] std::optional<no> acceptable(const model::entry& content) const;

  path suffix_;
  std::string suffix_text_;
  bool transactions_;
  void number(const model::change& what);
  [[nodiscard]] bool all_numbered(std::span<const model::change> of) const;
  void reconnect();

  tree tree_;
  std::set<model::attribute_name> numbered_;  // that a committed write has used
  model::write_session session_;
  mutable std::uint64_t added_ = 0;  // ever: makes entryUUIDs
};

}  // namespace sql2ldap::test
