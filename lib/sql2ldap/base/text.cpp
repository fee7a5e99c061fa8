#include <sql2ldap/base/text.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <sql2ldap/base/printable.hpp>

namespace sql2ldap {

namespace {

// Eight bytes at once.
constexpr std::uint64_t each(unsigned char byte) noexcept { return 0x0101010101010101ULL * byte; }
constexpr std::uint64_t high_bits = each(0x80);

std::uint64_t load_word(const char* from) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// The high bit of each byte that is a capital letter.
constexpr std::uint64_t capitals(std::uint64_t word) noexcept {
  const std::uint64_t low = word & ~high_bits;
  return (low + each(0x80 - 'A')) & ~(low + each(0x7F - 'Z')) & ~word & high_bits;
}

// Not 0 when a byte is below `bound`, which is at most 0x80.
constexpr std::uint64_t any_below(std::uint64_t word, unsigned char bound) noexcept {
  return (word - each(bound)) & ~word & high_bits;
}

constexpr unsigned char del = 0x7F;

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) == del; }

// Length of the valid UTF-8 sequence at the start of `text`, 0 when there is none (RFC 3629, 4).
std::size_t utf8_sequence(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;   // overlong below
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;  // surrogates above
    return tail(1, low, high) && tail(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
    return tail(1, low, high) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

std::uint32_t code_point(std::string_view sequence) noexcept {  // of a valid one
  const auto lead = static_cast<unsigned char>(sequence.front());
  std::uint32_t out = sequence.size() == 1 ? lead : lead & (0x7FU >> sequence.size());
  for (const char c : sequence.substr(1)) out = out << 6U | (static_cast<unsigned char>(c) & 0x3FU);
  return out;
}

bool is_harmless(std::uint32_t c) noexcept {
  if (c < 0x20 || c == del || (c >= 0x80 && c < 0xA0)) return false;  // controls C0 and C1
  if (c == 0x2028 || c == 0x2029) return false;                       // line and paragraph separator
  // Bidirectional controls (Unicode Standard Annex 9, 2).
  return c != 0x061C && c != 0x200E && c != 0x200F && !(c >= 0x202A && c <= 0x202E) && !(c >= 0x2066 && c <= 0x2069);
}

void append_escaped(std::string& to, std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    to += {'\\', 'x', digits[byte >> 4U], digits[byte & 15U]};
  }
}

// Bytes of the next character of `text`, and whether it may stand in a message as it is.
struct character {
  std::size_t length;
  bool plain;
};
character next_character(std::string_view text) noexcept {
  const std::size_t length = utf8_sequence(text);
  if (length == 0) return {1, false};
  return {length, is_harmless(code_point(text.substr(0, length)))};
}

}  // namespace

bool is_ascii(std::string_view text) noexcept {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (; end - at >= 8; at += 8) {
    if ((load_word(at) & high_bits) != 0) return false;
  }
  return std::all_of(at, end, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    if (text.size() >= 8 && (load_word(text.data()) & high_bits) == 0) {
      text.remove_prefix(8);
      continue;
    }
    const std::size_t length = utf8_sequence(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool has_control_characters(std::string_view text) noexcept {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (; end - at >= 8; at += 8) {
    const std::uint64_t word = load_word(at);
    if ((any_below(word, ' ') | any_below(word ^ each(del), 1)) != 0) return true;
  }
  return std::any_of(at, end, is_control);
}

void lower_ascii(char* text, std::size_t length) noexcept {
  char* const end = text + length;
  for (; end - text >= 8; text += 8) {
    std::uint64_t word = load_word(text);
    word |= capitals(word) >> 2U;  // 0x20, what a small letter has more
    std::memcpy(text, &word, sizeof word);
  }
  for (; text != end; ++text) *text = ascii_lower(*text);
}

std::string ascii_lowered(std::string_view text) {
  std::string out(text);
  lower_ascii(out.data(), out.size());
  return out;
}

bool equal_ignoring_ascii_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  if (a == b) return true;
  return std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && ascii_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && ascii_space(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  parts.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), separator)) + 1);
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// Only the last `*` is ever retried: an earlier one that matched leaves the longest rest there is.
bool glob_match(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string quoted_for_message(std::string_view bytes, std::size_t bytes_max) {
  static constexpr std::string_view ellipsis = "...\"";
  std::string out = "\"";
  while (!bytes.empty()) {
    const character next = next_character(bytes);
    std::string piece;
    if (next.plain) {
      if (bytes.front() == '"' || bytes.front() == '\\') piece += '\\';
      piece += bytes.substr(0, next.length);
    } else {
      append_escaped(piece, bytes.substr(0, next.length));
    }
    bytes.remove_prefix(next.length);
    const std::size_t closing = bytes.empty() ? 1 : ellipsis.size();
    if (out.size() + piece.size() + closing > bytes_max) return out.append(ellipsis);
    out += piece;
  }
  out += '"';
  return out;
}

std::string printable_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const character next = next_character(text);
    if (next.plain || text.front() == '\n' || text.front() == '\t')
      out += text.substr(0, next.length);
    else
      append_escaped(out, text.substr(0, next.length));
    text.remove_prefix(next.length);
  }
  return out;
}

std::string printable_line(std::string_view text) {
  text = trimmed(text);
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t blanks = static_cast<std::size_t>(
        std::find_if_not(text.begin(), text.end(), [](char c) { return ascii_space(c); }) - text.begin());
    if (blanks > 0) {
      const std::string_view run = text.substr(0, blanks);
      out += run.find_first_of("\n\r\t\v\f") == std::string_view::npos ? run : " ";
      text.remove_prefix(blanks);
      continue;
    }
    const character next = next_character(text);
    if (next.plain)
      out += text.substr(0, next.length);
    else
      append_escaped(out, text.substr(0, next.length));
    text.remove_prefix(next.length);
  }
  return out;
}

}  // namespace sql2ldap
