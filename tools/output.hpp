// What commands show: tables, JSON, the progress line, rejects, files that appear whole or not at all.
#pragma once

#include <chrono>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/model/reject.hpp>
#include <sql2ldap/sync/sync.hpp>

#include "command_line.hpp"
#include "standard_output.hpp"

namespace sql2ldap::tools {

using json = nlohmann::ordered_json;
void print_json(const json& document);  // one line a member, to standard output
// On one line; bytes that are not UTF-8 are replaced, since they come from servers and tables.
[[nodiscard]] std::string as_line(const json& document);
// A member of what somebody else has written; "" when it is not there or no text.
[[nodiscard]] std::string text_in(const json& document, const char* name);

// Columns as wide as their widest cell, two blanks between them, no blanks at the end. Each row is one line, whatever
// its cells hold.
[[nodiscard]] std::string as_table(const std::vector<std::vector<std::string>>& rows, std::string_view indent = "  ");
[[nodiscard]] std::string count_of(std::uint64_t n, std::string_view one, std::string_view many);  // "1 row", "2 rows"
[[nodiscard]] std::string thousands(std::uint64_t n);                                              // "1 234 567"

// On a terminal one line that is written over; elsewhere, with --verbose, a line every few seconds.
class progress_line {
 public:
  explicit progress_line(const options& chosen);
  ~progress_line();
  void show(const sync::progress& now);
  void clear();  // before other output

 private:
  using clock = std::chrono::steady_clock;
  bool terminal_;
  bool plain_;
  bool shown_ = false;
  sync::progress::phase phase_ = sync::progress::phase::reading_source;
  clock::time_point phase_began_ = clock::now();
  clock::time_point last_ = {};
};

// A file readable by its owner alone that is there when complete, and not before. What is there
// already and no regular file (a pipe, a device) is written to as it is; a symbolic link stays.
class output_file {
 public:
  [[nodiscard]] static result<std::unique_ptr<output_file>> create(const std::string& path, unsigned mode = 0600);
  ~output_file();
  [[nodiscard]] std::ostream& stream() noexcept { return stream_; }
  [[nodiscard]] result<void> commit();

 private:
  explicit output_file(std::string path);
  std::string path_;
  std::string temporary_;
  std::ofstream stream_;
};

// Collects rejects: the first for people, as many as limits allow for JSON, all for --rejects.
class reject_list {
 public:
  [[nodiscard]] static result<std::unique_ptr<reject_list>> create(const options& chosen);
  [[nodiscard]] model::reject_sink sink();
  [[nodiscard]] result<void> finish();        // completes the file
  [[nodiscard]] std::string summary() const;  // table for people, "" when there are none
  [[nodiscard]] json as_json() const;

 private:
  std::vector<model::reject> kept_;
  std::uint64_t count_ = 0;
  std::unique_ptr<output_file> file_;
  std::string file_name_;
};

[[nodiscard]] json as_json(const sync::counts& counted);
// "12 to add, 1 to change" with the tense of a plan, or "12 added, 1 changed".
[[nodiscard]] std::string as_sentence(const sync::counts& counted, bool done);

}  // namespace sql2ldap::tools
