#include "output.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>

namespace sql2ldap::tools {

namespace {

constexpr std::size_t rejects_shown_max = 20;
constexpr std::size_t key_columns_max = 60;  // of a key in a table for people
constexpr auto terminal_interval = std::chrono::milliseconds(100);
constexpr auto plain_interval = std::chrono::seconds(5);

std::size_t width_of(std::string_view text) {  // code points; wide enough for mail hosts
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string_view name_of(sync::progress::phase phase) {
  switch (phase) {
    case sync::progress::phase::reading_source:
      return "reading SQL";
    case sync::progress::phase::reading_directory:
      return "reading LDAP";
    case sync::progress::phase::comparing:
      return "comparing";
    case sync::progress::phase::writing:
      return "writing LDAP";
  }
  return "";
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  return whole < 90 ? fmt::format("{} s", whole) : fmt::format("{}:{:02} min", whole / 60, whole % 60);
}

// A key may be a whole text; the file of rejects has all of it.
std::string shortened(std::string_view text) {
  std::string out = printable_line(text);
  if (width_of(out) <= key_columns_max) return out;
  std::size_t end = 0;
  for (std::size_t columns = 0;
       columns < key_columns_max - 3 || (static_cast<unsigned char>(out[end]) & 0xC0U) == 0x80U; ++end)
    columns += (static_cast<unsigned char>(out[end]) & 0xC0U) != 0x80U ? 1 : 0;
  out.resize(end);
  return out + "...";
}

std::string as_field(std::string_view text) {  // of a tab-separated line
  std::string field;
  for (const char c : text) {
    if (c == '\t')
      field += "\\t";
    else if (c == '\n')
      field += "\\n";
    else if (c == '\r')
      field += "\\r";
    else if (c == '\\')
      field += "\\\\";
    else
      field += c;
  }
  return field;
}

// JSON leaves as they are what terminals take for controls (DEL, C1) and what ends a line for others (U+2028, U+2029);
// in strings, the only place where they can stand, the escaped form means the same.
std::string json_text(const json& document, int indent) {
  const std::string text = document.dump(indent, ' ', false, json::error_handler_t::replace);
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
    if (byte(i) == 0x7F) {
      out += "\\u007f";
    } else if (byte(i) == 0xC2 && byte(i + 1) < 0xA0) {
      out += fmt::format("\\u{:04x}", byte(++i));
    } else if (byte(i) == 0xE2 && byte(i + 1) == 0x80 && (byte(i + 2) == 0xA8 || byte(i + 2) == 0xA9)) {
      out += byte(i + 2) == 0xA8 ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

tl::unexpected<error> cannot_write(const std::string& path) {
  return fail(error_kind::local, fmt::format("cannot write {}: {}", path, std::strerror(errno)));
}

}  // namespace

void print_json(const json& document) { write_output(json_text(document, 2) + "\n"); }

std::string as_line(const json& document) { return json_text(document, -1); }

std::string text_in(const json& document, const char* name) {
  const auto found = document.find(name);
  return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string as_table(const std::vector<std::vector<std::string>>& rows, std::string_view indent) {
  std::vector<std::vector<std::string>> printable = rows;
  for (auto& row : printable)
    for (std::string& cell : row) cell = printable_line(cell);
  std::vector<std::size_t> widths;
  for (const auto& row : printable) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string out;
  for (const auto& row : printable) {
    std::string line(indent);
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      line.append(widths[i] - width_of(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

std::string count_of(std::uint64_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", thousands(n), n == 1 ? one : many);
}

std::string thousands(std::uint64_t n) {
  std::string digits = std::to_string(n);
  if (digits.size() < 5) return digits;
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ' ');
  return digits;
}

progress_line::progress_line(const options& chosen)
    : terminal_(isatty(STDERR_FILENO) != 0), plain_(!terminal_ && chosen.verbose > 0) {}

progress_line::~progress_line() { clear(); }

void progress_line::show(const sync::progress& now) {
  if (!terminal_ && !plain_) return;
  const auto at = clock::now();
  if (now.now != phase_) {
    phase_ = now.now;
    phase_began_ = at;
    last_ = {};
  }
  if (at - last_ < (terminal_ ? clock::duration(terminal_interval) : clock::duration(plain_interval))) return;
  last_ = at;
  const double seconds = std::chrono::duration<double>(at - phase_began_).count();
  std::string text = fmt::format("{:<12}  {}", name_of(now.now), thousands(now.done));
  if (now.total > 0) text += fmt::format(" of {}", thousands(now.total));
  if (seconds > 0.5 && now.done > 0) {
    const double rate = static_cast<double>(now.done) / seconds;
    text += fmt::format("  {}/s", thousands(static_cast<std::uint64_t>(rate)));
    if (now.total > now.done)
      text += fmt::format("  {} left", duration_text(static_cast<double>(now.total - now.done) / rate));
  }
  if (plain_) {
    print_note("{}\n", text);
    return;
  }
  if (now.total > 0) {
    constexpr std::uint64_t bar_width = 24;
    const auto filled = std::min(bar_width, now.done * bar_width / now.total);
    text = fmt::format("[{:<{}}] {}", std::string(filled, '='), bar_width, text);
  }
  write_note("\r\033[K" + text);
  shown_ = true;
}

void progress_line::clear() {
  if (shown_) write_note("\r\033[K");
  shown_ = false;
}

output_file::output_file(std::string path) : path_(std::move(path)) {}

result<std::unique_ptr<output_file>> output_file::create(const std::string& path, unsigned mode) {
  std::error_code unknown;
  const auto there = std::filesystem::status(path, unknown);
  std::unique_ptr<output_file> file;
  if (std::filesystem::exists(there) && !std::filesystem::is_regular_file(there)) {
    file.reset(new output_file(path));
    file->stream_.open(path, std::ios::binary);
    if (!file->stream_) return cannot_write(path);
    return file;
  }
  // What a symbolic link names is replaced, not the link.
  const auto target = std::filesystem::exists(there) ? std::filesystem::canonical(path, unknown).string() : path;
  file.reset(new output_file(unknown ? path : target));
  file->temporary_ = file->path_ + ".new";
  unlink(file->temporary_.c_str());  // of a run that was killed
  const int handle = open(file->temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (handle < 0) return cannot_write(file->temporary_);
  const bool mode_set = fchmod(handle, mode) == 0;
  close(handle);
  file->stream_.open(file->temporary_, std::ios::binary);
  if (!mode_set || !file->stream_) return cannot_write(file->temporary_);
  return file;
}

output_file::~output_file() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

result<void> output_file::commit() {
  stream_.close();
  if (!stream_) return cannot_write(temporary_.empty() ? path_ : temporary_);
  if (temporary_.empty()) return {};
  const int handle = open(temporary_.c_str(), O_RDONLY | O_CLOEXEC);
  const bool safe = handle >= 0 && fsync(handle) == 0;
  if (handle >= 0) close(handle);
  if (!safe || rename(temporary_.c_str(), path_.c_str()) != 0) return cannot_write(path_);
  temporary_.clear();
  return {};
}

result<std::unique_ptr<reject_list>> reject_list::create(const options& chosen) {
  auto list = std::make_unique<reject_list>();
  if (!chosen.rejects_file.empty()) {
    S2L_TRY_ASSIGN(list->file_, output_file::create(chosen.rejects_file));
    list->file_name_ = chosen.rejects_file;
    list->file_->stream() << "kind\ttable\tkey\tcolumn\tline\tdn\treason\n";
  }
  return list;
}

model::reject_sink reject_list::sink() {
  return [this](model::reject why) {
    ++count_;
    if (file_)
      file_->stream() << fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\n", as_field(why.kind), as_field(why.table),
                                     as_field(why.key), as_field(why.column), why.line, as_field(why.dn),
                                     as_field(why.reason));
    if (kept_.size() < limits::rejects_kept_max) kept_.push_back(std::move(why));
  };
}

result<void> reject_list::finish() {
  if (file_) S2L_TRY(file_->commit());
  return {};
}

std::string reject_list::summary() const {
  if (count_ == 0) return "";
  std::vector<std::vector<std::string>> rows;
  for (const model::reject& why : kept_) {
    if (rows.size() == rejects_shown_max) break;
    rows.push_back({why.table.empty() ? why.kind : why.table, shortened(why.key), why.column, why.reason});
  }
  std::string text = fmt::format("rejected: {}\n{}", thousands(count_), as_table(rows));
  if (count_ > rows.size())
    text += fmt::format("  ... and {} more{}\n", thousands(count_ - rows.size()),
                        file_name_.empty() ? "; --rejects FILE lists all" : ", all in " + file_name_);
  return text;
}

json reject_list::as_json() const {
  json list = json::array();
  for (const model::reject& why : kept_)
    list.push_back({{"kind", why.kind},
                    {"table", why.table},
                    {"key", why.key},
                    {"column", why.column},
                    {"dn", why.dn},
                    {"line", why.line},
                    {"reason", why.reason}});
  return list;
}

json as_json(const sync::counts& counted) {
  return {{"wanted", counted.wanted},     {"present", counted.present},   {"equal", counted.equal},
          {"added", counted.added},       {"modified", counted.modified}, {"renamed", counted.renamed},
          {"disabled", counted.disabled}, {"deleted", counted.deleted},   {"foreign", counted.foreign},
          {"rejected", counted.rejected}, {"stale", counted.stale}};
}

std::string as_sentence(const sync::counts& counted, bool done) {
  const std::pair<std::uint64_t, std::pair<const char*, const char*>> parts[] = {
      {counted.added, {"to add", "added"}},
      {counted.modified, {"to change", "changed"}},
      {counted.renamed, {"to rename", "renamed"}},
      {counted.deleted, {"to delete", "deleted"}},
      {counted.disabled, {"to disable", "disabled"}},
      {counted.equal, {"in step", "in step"}},
      {counted.foreign, {"held by entries of others", "held by entries of others"}},
      {counted.rejected, {"rejected", "rejected"}},
  };
  std::vector<std::string> said;
  for (const auto& [number, words] : parts)
    if (number > 0) said.push_back(fmt::format("{} {}", thousands(number), done ? words.second : words.first));
  return said.empty() ? "nothing to do" : fmt::format("{}", fmt::join(said, ", "));
}

}  // namespace sql2ldap::tools
