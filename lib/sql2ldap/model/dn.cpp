#include <sql2ldap/model/dn.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include <sql2ldap/base/hash.hpp>
#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/model/attribute_name.hpp>
#include <sql2ldap/model/matching.hpp>

namespace sql2ldap::model {

namespace {

// What a byte is inside an attribute value of a DN.
enum class value_byte : std::uint8_t { plain, blank, special, control, high };

constexpr std::array<value_byte, 256> value_bytes = [] {
  std::array<value_byte, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = i >= 0x80 ? value_byte::high : i < 0x20 || i == 0x7F ? value_byte::control : value_byte::plain;
  }
  table[' '] = value_byte::blank;
  for (const char c : {'"', '+', ',', ';', '<', '>', '\\'}) table[static_cast<unsigned char>(c)] = value_byte::special;
  return table;
}();

value_byte kind_of(char c) noexcept { return value_bytes[static_cast<unsigned char>(c)]; }

std::optional<unsigned char> hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<unsigned char>(c - '0');
  const char low = ascii_lower(c);
  if (low >= 'a' && low <= 'f') return static_cast<unsigned char>(low - 'a' + 10);
  return std::nullopt;
}

std::optional<char> hex_pair(std::string_view text) noexcept {
  if (text.size() < 2) return std::nullopt;
  const auto high = hex_digit(text[0]);
  const auto low = hex_digit(text[1]);
  if (!high || !low) return std::nullopt;
  return static_cast<char>(static_cast<unsigned>(*high) << 4U | *low);
}

// `\2C` and not `\,`: the form that slapd gives back, so that texts of both sides are mostly equal.
void append_escaped_byte(std::string& out, char c) {
  static constexpr char digits[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += {'\\', digits[byte >> 4U], digits[byte & 15U]};
}

// RFC 4514, 3, with blanks allowed around `=`, `,` and `+`.
class parser {
 public:
  explicit parser(std::string_view text) : text_(text) {}

  // Until `each(depth, ava)` answers false.
  template <typename Each>
  result<void> for_each_ava(Each each) {
    skip_blanks();
    if (at_end()) return {};
    for (std::size_t depth = 0;; ++at_) {
      S2L_TRY_ASSIGN(const ava_view one, parse_ava());
      if (!each(depth, one) || at_end()) return {};
      if (peek() == ',') ++depth;  // else a '+': parse_ava stops nowhere else
    }
  }

  result<std::vector<rdn>> parse() {
    std::vector<rdn> rdns;
    S2L_TRY(for_each_ava([&](std::size_t depth, ava_view one) {
      if (depth == rdns.size()) rdns.emplace_back();
      rdns.back().push_back({std::string(one.type), std::string(one.value)});
      return true;
    }));
    return rdns;
  }

 private:
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] char peek() const { return text_[at_]; }
  void skip_blanks() {
    while (!at_end() && peek() == ' ') ++at_;
  }
  [[nodiscard]] tl::unexpected<error> objection(const std::string& what) const {
    return fail(error_kind::input, "not a distinguished name: " + what + " at byte " + std::to_string(at_ + 1) +
                                       " of " + quoted_for_message(text_));
  }

  result<ava_view> parse_ava() {
    skip_blanks();
    const std::size_t start = at_;
    while (!at_end() && peek() != '=' && peek() != ',' && peek() != '+') ++at_;
    std::string_view type = text_.substr(start, at_ - start);
    while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
    if (at_end() || peek() != '=') return objection("no \"=\"");
    if (type.find(';') != std::string_view::npos || !attribute_name::is_valid(type)) {
      at_ = start;
      return objection("no attribute type");
    }
    ++at_;
    skip_blanks();
    S2L_TRY_ASSIGN(const std::string_view value, !at_end() && peek() == '#' ? parse_hexstring() : parse_string());
    skip_blanks();
    if (!at_end() && peek() != ',' && peek() != '+') return objection("no separator");
    return ava_view{type, value};
  }

  // The BER encoding of an OCTET STRING (X.690, 8.7): tag, length, contents.
  result<std::string_view> parse_hexstring() {
    ++at_;
    std::string& ber = unescaped_;
    ber.clear();
    while (const auto byte = hex_pair(text_.substr(at_))) {
      ber += *byte;
      at_ += 2;
    }
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(ber[i]); };
    constexpr unsigned char octet_string_tag = 0x04;
    if (ber.size() < 2 || byte(0) != octet_string_tag) return objection("a hexstring that is no OCTET STRING");
    std::size_t header = 2;
    std::size_t length = byte(1);
    if (length >= 0x80) {
      const std::size_t length_bytes = length & 0x7FU;
      if (length_bytes == 0 || length_bytes > 4 || ber.size() < header + length_bytes) {
        return objection("a hexstring of wrong length");
      }
      length = 0;
      for (std::size_t i = 0; i < length_bytes; ++i) length = length << 8U | byte(header + i);
      header += length_bytes;
    }
    if (ber.size() - header != length) return objection("a hexstring of wrong length");
    return std::string_view(ber).substr(header);
  }

  // A part of the text, as long as nothing in it is escaped.
  result<std::string_view> parse_string() {
    const std::size_t start = at_;
    bool is_escaped = false;
    std::size_t kept = 0;  // blanks after this are not of the value
    while (!at_end() && peek() != ',' && peek() != '+') {
      if (peek() == '\\') {
        if (!std::exchange(is_escaped, true)) unescaped_.assign(text_, start, at_ - start);
        S2L_TRY_ASSIGN(const char c, parse_pair());
        unescaped_ += c;
        kept = unescaped_.size();
        continue;
      }
      const value_byte kind = kind_of(peek());
      if (kind == value_byte::special || peek() == '\0') return objection("an unescaped special character");
      std::size_t end = at_ + 1;
      if (kind == value_byte::plain)
        while (end < text_.size() && kind_of(text_[end]) == value_byte::plain) ++end;
      if (is_escaped) unescaped_.append(text_, at_, end - at_);
      at_ = end;
      if (kind != value_byte::blank) kept = is_escaped ? unescaped_.size() : at_ - start;
    }
    return (is_escaped ? std::string_view(unescaped_) : text_.substr(start)).substr(0, kept);
  }

  result<char> parse_pair() {
    static constexpr std::string_view escapable = " \"#+,;<=>\\";
    if (const auto byte = hex_pair(text_.substr(at_ + 1))) {
      at_ += 3;
      return *byte;
    }
    if (at_ + 1 < text_.size() && escapable.find(text_[at_ + 1]) != std::string_view::npos) {
      at_ += 2;
      return text_[at_ - 1];
    }
    return objection("a backslash without two hex digits or a special character");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string unescaped_;  // the value, where that is no part of the text
};

void append_ava(std::string& out, std::string_view type, std::string_view value) {
  S2L_ASSERT(attribute_name::is_valid(type));
  out += type;
  out += '=';
  append_dn_escaped(out, value);
}

std::string text_of(const std::vector<rdn>& leaf_first) {
  std::string out;
  for (const rdn& one : leaf_first) {
    S2L_ASSERT(!one.empty());
    if (!out.empty()) out += ',';
    const std::size_t start = out.size();
    for (const ava& part : one) {
      if (out.size() != start) out += '+';
      append_ava(out, part.type, part.value);
    }
  }
  return out;
}

std::string normal_form_of(const std::vector<rdn>& leaf_first) {
  std::string out;
  std::vector<std::string> avas;
  std::string folded;
  for (const rdn& one : leaf_first) {
    avas.clear();
    for (const ava& part : one) {
      folded.clear();
      append_normalized(folded, matching_rule::case_ignore, part.value);
      append_ava(avas.emplace_back(), ascii_lowered(part.type), folded);
    }
    std::sort(avas.begin(), avas.end());
    if (!out.empty()) out += ',';
    for (std::size_t i = 0; i < avas.size(); ++i) {
      if (i != 0) out += '+';
      out += avas[i];
    }
  }
  return out;
}

// The normal form of plain ASCII text in memory of fixed size; false for anything that needs more thought.
class plain_normal_form {
 public:
  bool make(std::string_view text) noexcept {
    if (text.size() > buffer_.size()) return false;
    std::size_t at = 0;
    for (;;) {
      while (at < text.size() && text[at] == ' ') ++at;
      if (at == text.size() || !is_letter(text[at])) return false;
      for (; at < text.size() && (is_letter(text[at]) || is_digit(text[at]) || text[at] == '-'); ++at) put(text[at]);
      while (at < text.size() && text[at] == ' ') ++at;
      if (at == text.size() || text[at] != '=') return false;
      put(text[at++]);
      while (at < text.size() && text[at] == ' ') ++at;
      if (at < text.size() && text[at] == '#') return false;
      bool blank_pending = false;
      for (; at < text.size() && text[at] != ','; ++at) {
        const value_byte kind = kind_of(text[at]);
        if (kind == value_byte::blank) {
          blank_pending = true;
          continue;
        }
        if (kind != value_byte::plain) return false;
        if (blank_pending) put(' ');
        blank_pending = false;
        put(text[at]);
      }
      if (at == text.size()) return true;
      put(text[at++]);
    }
  }
  [[nodiscard]] std::string_view text() const noexcept { return {buffer_.data(), size_}; }

 private:
  static bool is_letter(char c) noexcept { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; }
  static bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
  void put(char c) noexcept { buffer_[size_++] = ascii_lower(c); }

  std::array<char, 1024> buffer_;  // the form is never longer than the text
  std::size_t size_ = 0;
};

std::size_t unescaped_comma(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == ',') {
      return i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

namespace {

tl::unexpected<error> too_long(std::size_t bytes) {
  return fail(error_kind::input, "a distinguished name of " + std::to_string(bytes) + " bytes: at most " +
                                     std::to_string(limits::dn_bytes_max) + " are allowed");
}

}  // namespace

void dn::for_each_ava(std::string_view text, const std::function<bool(std::size_t depth, ava_view one)>& each) {
  if (text.size() <= limits::dn_bytes_max && is_utf8(text)) (void)parser(text).for_each_ava(each);
}

result<std::vector<rdn>> dn::rdns_of(std::string_view text) {
  if (text.size() > limits::dn_bytes_max) return too_long(text.size());
  if (!is_utf8(text))
    return fail(error_kind::input, "not a distinguished name: not UTF-8: " + quoted_for_message(text));
  S2L_TRY_ASSIGN(std::vector<rdn> rdns, parser(text).parse());
  if (rdns.size() > limits::dn_depth_max) {
    return fail(error_kind::input, "a distinguished name of " + std::to_string(rdns.size()) + " levels: at most " +
                                       std::to_string(limits::dn_depth_max) + " are allowed");
  }
  return rdns;
}

result<dn> dn::parse(std::string_view text) {
  S2L_TRY_ASSIGN(const std::vector<rdn> rdns, rdns_of(text));
  dn out = from_rdns(rdns);
  // Escaping makes it longer; what was read once can always be read again.
  if (out.text_.size() > limits::dn_bytes_max) return too_long(out.text_.size());
  return out;
}

dn dn::from_rdns(const std::vector<rdn>& leaf_first) {
  dn out;
  out.text_ = text_of(leaf_first);
  return out;
}

dn dn::child(std::string_view type, std::string_view value) const {
  dn out;
  append_ava(out.text_, type, value);
  return out.below(*this);
}

dn dn::below(const dn& base) const {
  if (empty()) return base;
  dn out = *this;
  if (!base.empty()) {
    out.text_ += ',';
    out.text_ += base.text_;
  }
  return out;
}

dn dn::parent() const {
  dn out;
  out.text_ = parent_text(text_);
  return out;
}

std::string dn::rdn_text() const { return text_.substr(0, unescaped_comma(text_)); }

std::vector<rdn> dn::rdns() const {
  result<std::vector<rdn>> parsed = parser(text_).parse();
  S2L_ASSERT(parsed.has_value());  // canonical text is what from_rdns() and child() have made
  return *std::move(parsed);
}

// Canonical text has no comma but separators.
std::size_t dn::depth() const {
  return empty() ? 0 : 1 + static_cast<std::size_t>(std::count(text_.begin(), text_.end(), ','));
}

bool dn::is_below(const dn& ancestor) const {
  if (ancestor.empty()) return !empty();
  const std::string ours = normal_form();
  const std::string theirs = ancestor.normal_form();
  return ours.size() > theirs.size() && ours.compare(ours.size() - theirs.size(), theirs.size(), theirs) == 0 &&
         ours[ours.size() - theirs.size() - 1] == ',';
}

std::string dn::normal_form() const {
  plain_normal_form plain;
  if (plain.make(text_)) return std::string(plain.text());
  return normal_form_of(rdns());
}

void append_dn_escaped(std::string& out, std::string_view value) {
  const bool utf8 = is_utf8(value);
  std::size_t copied = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const value_byte kind = kind_of(value[i]);
    const bool at_an_end = i == 0 || i + 1 == value.size();
    const bool escape = kind == value_byte::special || kind == value_byte::control ||
                        (kind == value_byte::high && !utf8) || (kind == value_byte::blank && at_an_end) ||
                        (i == 0 && value[i] == '#');
    if (!escape) continue;
    out += value.substr(copied, i - copied);
    append_escaped_byte(out, value[i]);
    copied = i + 1;
  }
  out += value.substr(copied);
}

std::uint64_t dn_hash(std::string_view text) {
  plain_normal_form plain;
  if (plain.make(text)) return run_hash64(plain.text());
  const result<dn> parsed = dn::parse(text);
  return run_hash64(parsed ? parsed->normal_form() : text);
}

std::string_view parent_text(std::string_view dn_text) noexcept {
  const std::size_t comma = unescaped_comma(dn_text);
  if (comma == std::string_view::npos) return {};
  dn_text.remove_prefix(comma + 1);
  while (!dn_text.empty() && dn_text.front() == ' ') dn_text.remove_prefix(1);
  return dn_text;
}

}  // namespace sql2ldap::model
