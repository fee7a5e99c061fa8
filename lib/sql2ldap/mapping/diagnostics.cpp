#include <sql2ldap/mapping/diagnostics.hpp>

#include <algorithm>

#include <fmt/format.h>
#include <utf8proc.h>

namespace sql2ldap::mapping {
namespace {

// Of a longer line only the surroundings of the fault are shown.
constexpr std::size_t shown_bytes_before_max = 100;
constexpr std::size_t shown_bytes_after_max = 60;

bool continues_code_point(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// A line as a terminal shows it: text, and how many columns each part takes.
struct screen_text {
  std::string text;
  std::string blanks;  // of the same width; tabs stay tabs, so both lines jump alike
  std::size_t width = 0;
};

screen_text for_screen(std::string_view bytes) {
  screen_text shown;
  for (std::size_t at = 0; at < bytes.size();) {
    utf8proc_int32_t code_point = 0;
    const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(bytes.data() + at),
                                         static_cast<utf8proc_ssize_t>(bytes.size() - at), &code_point);
    if (length > 0 && code_point == '\t') {
      shown.text += '\t';
      shown.blanks += '\t';
      ++shown.width;
    } else if (length <= 0 || utf8proc_category(code_point) == UTF8PROC_CATEGORY_CC) {
      // Neither broken bytes nor control sequences reach the terminal.
      shown.text += '?';
      shown.blanks += ' ';
      ++shown.width;
    } else {
      const auto columns = static_cast<std::size_t>(std::max(utf8proc_charwidth(code_point), 0));
      shown.text += bytes.substr(at, static_cast<std::size_t>(length));
      shown.blanks.append(columns, ' ');
      shown.width += columns;
    }
    at += length > 0 ? static_cast<std::size_t>(length) : 1;
  }
  return shown;
}

std::size_t line_begin(std::string_view text, std::size_t offset) {
  const std::size_t line_break = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  return line_break == std::string_view::npos ? 0 : line_break + 1;
}

void append_source(std::string& out, const diagnostic& one, std::string_view text, std::uint32_t line) {
  const std::size_t offset = std::min<std::size_t>(one.at.offset, text.size());
  const std::size_t begin = line_begin(text, offset);
  const std::size_t end = std::min(text.find('\n', offset), text.size());
  std::size_t from = offset - begin > shown_bytes_before_max ? offset - shown_bytes_before_max : begin;
  std::size_t to = std::min(end, std::max(offset + shown_bytes_after_max, from + shown_bytes_before_max));
  while (from > begin && continues_code_point(text[from])) --from;
  while (to < end && continues_code_point(text[to])) ++to;
  if (to > offset && text[to - 1] == '\r') --to;
  const std::size_t marked_end = std::clamp<std::size_t>(offset + one.at.length, offset, std::max(to, offset));

  const screen_text before = for_screen(text.substr(from, offset - from));
  const screen_text marked = for_screen(text.substr(offset, marked_end - offset));
  const screen_text after = for_screen(text.substr(marked_end, std::max(to, marked_end) - marked_end));
  const std::string_view cut_before = from > begin ? "..." : "";
  const std::string_view cut_after = to < end && text[to] != '\r' ? "..." : "";
  out += fmt::format("{:5} | {}{}{}{}{}\n", line, cut_before, before.text, marked.text, after.text, cut_after);
  out += fmt::format("      | {}{}^", std::string(cut_before.size(), ' '), before.blanks);
  if (marked.width > 1) out.append(marked.width - 1, '~');
  if (!one.hint.empty()) out += ' ' + one.hint;
  out += '\n';
}

}  // namespace

bool has_errors(const diagnostics& list) noexcept {
  return std::any_of(list.begin(), list.end(),
                     [](const diagnostic& d) { return d.level == diagnostic::severity::error; });
}

line_column locate(std::string_view text, std::uint32_t offset) noexcept {
  const std::string_view before = text.substr(0, std::min<std::size_t>(offset, text.size()));
  const std::string_view line = before.substr(line_begin(before, before.size()));
  line_column place;
  place.line += static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n'));
  place.column += static_cast<std::uint32_t>(
      std::count_if(line.begin(), line.end(), [](char c) { return !continues_code_point(c); }));
  return place;
}

std::string render(const diagnostics& list, std::string_view text, std::string_view file_name) {
  diagnostics ordered = list;
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const diagnostic& a, const diagnostic& b) { return a.at.offset < b.at.offset; });
  std::string out;
  for (const diagnostic& one : ordered) {
    const line_column place = locate(text, one.at.offset);
    out += fmt::format("{}:{}:{}: {}: {}\n", file_name, place.line, place.column,
                       one.level == diagnostic::severity::error ? "error" : "warning", one.message);
    append_source(out, one, text, place.line);
  }
  return out;
}

}  // namespace sql2ldap::mapping
