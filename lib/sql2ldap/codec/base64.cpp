#include <sql2ldap/codec/base64.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/detail/base64_encoder.hpp>

namespace sql2ldap::codec {

namespace {

constexpr std::uint8_t not_a_digit = 0xFF;

constexpr std::array<std::uint8_t, 256> base64_values = [] {
  std::array<std::uint8_t, 256> table{};
  table.fill(not_a_digit);
  for (std::size_t i = 0; i < detail::base64_alphabet.size(); ++i) {
    table[static_cast<unsigned char>(detail::base64_alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}();

constexpr std::uint8_t hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  const char low = ascii_lower(c);
  return low >= 'a' && low <= 'f' ? static_cast<std::uint8_t>(low - 'a' + 10) : not_a_digit;
}

std::optional<char> hex_byte(std::string_view text) noexcept {
  if (text.size() < 2) return std::nullopt;
  const std::uint8_t high = hex_value(text[0]);
  const std::uint8_t low = hex_value(text[1]);
  if (high == not_a_digit || low == not_a_digit) return std::nullopt;
  return static_cast<char>(high << 4U | low);
}

void append_hex_byte(std::string& out, std::string_view digits, char c) {
  const auto byte = static_cast<unsigned char>(c);
  out += digits[byte >> 4U];
  out += digits[byte & 15U];
}

constexpr std::string_view lower_digits = "0123456789abcdef";
constexpr std::string_view upper_digits = "0123456789ABCDEF";

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  const std::size_t start = out.size();
  out.resize(start + detail::base64_size(bytes.size()));
  detail::write_base64(out.data() + start, bytes);
}

std::string base64(std::string_view bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

// Strict: one text for each sequence of bytes, so unused bits must be 0.
std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && text.size() > padding && text[text.size() - 1 - padding] == '=') ++padding;
  text.remove_suffix(padding);
  std::string out(text.size() * 3 / 4, '\0');
  char* at = out.data();
  std::uint8_t all = 0;  // not_a_digit from the first on that is none
  const auto digit = [&all](char c) {
    const std::uint8_t value = base64_values[static_cast<unsigned char>(c)];
    all |= value;
    return std::uint32_t{value};
  };
  for (; text.size() >= 4; text.remove_prefix(4)) {
    const std::uint32_t bits = digit(text[0]) << 18U | digit(text[1]) << 12U | digit(text[2]) << 6U | digit(text[3]);
    *at++ = static_cast<char>(bits >> 16U);
    *at++ = static_cast<char>(bits >> 8U);
    *at++ = static_cast<char>(bits);
  }
  std::uint32_t bits = 0;
  for (const char c : text) bits = bits << 6U | digit(c);
  unsigned left = static_cast<unsigned>(text.size()) * 6;
  for (; left >= 8; left -= 8) *at++ = static_cast<char>(bits >> (left - 8U));
  if (all == not_a_digit || (bits & ((1U << left) - 1U)) != 0) return std::nullopt;
  return out;
}

std::string hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) append_hex_byte(out, lower_digits, c);
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (; !text.empty(); text.remove_prefix(2)) {
    const std::optional<char> byte = hex_byte(text);
    if (!byte) return std::nullopt;
    out += *byte;
  }
  return out;
}

// The rules of php_quot_print_encode(), so that a value PHP wrote comes back as it was: CRLF stays, a blank before a CR
// is encoded, and a line is broken early enough for the rest of a UTF-8 character by its lead byte (a continuation byte
// counts as the lead of two).
std::string quoted_printable(std::string_view bytes) {
  constexpr std::size_t line_max = 75;
  std::string out;
  std::size_t used = 0;
  const auto make_room = [&](std::size_t wanted) {
    if (used + wanted <= line_max) return;
    out += "=\r\n";
    used = 0;
  };
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    const auto byte = static_cast<unsigned char>(c);
    const char next = i + 1 < bytes.size() ? bytes[i + 1] : '\0';
    if (c == '\r' && next == '\n') {
      out += "\r\n";
      ++i;
      used = 0;
    } else if (byte < 0x20 || byte >= 0x7F || c == '=' || (c == ' ' && next == '\r')) {
      make_room(byte <= 0x7F || byte > 0xF4 ? 3 : byte <= 0xDF ? 6 : byte <= 0xEF ? 9 : 12);
      out += '=';
      append_hex_byte(out, upper_digits, c);
      used += 3;
    } else {
      make_room(1);
      out += c;
      ++used;
    }
  }
  return out;
}

std::optional<std::string> from_quoted_printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.front() != '=') {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    text.remove_prefix(1);
    // A soft line break: "=", blanks that a transport may have added, the end of the line.
    const std::size_t blanks = std::min(text.find_first_not_of(" \t"), text.size());
    std::string_view rest = text.substr(blanks);
    if (rest.empty()) return out;
    if (rest.front() == '\n' || rest.substr(0, 2) == "\r\n") {
      text = rest.substr(rest.front() == '\n' ? 1 : 2);
      continue;
    }
    const std::optional<char> byte = hex_byte(text);
    if (!byte) return std::nullopt;
    out += *byte;
    text.remove_prefix(2);
  }
  return out;
}

std::string percent_encoded(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const char low = ascii_lower(c);
    if ((low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') ||
        std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      append_hex_byte(out, upper_digits, c);
    }
  }
  return out;
}

std::optional<std::string> from_percent_encoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.front() != '%') {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const std::optional<char> byte = hex_byte(text.substr(1));
    if (!byte) return std::nullopt;
    out += *byte;
    text.remove_prefix(3);
  }
  return out;
}

std::string latin1_to_utf8(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0U | byte >> 6U);
      out += static_cast<char>(0x80U | (byte & 0x3FU));
    }
  }
  return out;
}

std::optional<std::string> utf8_to_latin1(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      out += text[i];
      continue;
    }
    // U+0080 to U+00FF are the sequences C2 xx and C3 xx.
    if ((byte != 0xC2 && byte != 0xC3) || i + 1 == text.size()) return std::nullopt;
    const auto tail = static_cast<unsigned char>(text[++i]);
    if ((tail & 0xC0U) != 0x80U) return std::nullopt;
    out += static_cast<char>((byte & 0x03U) << 6U | (tail & 0x3FU));
  }
  return out;
}

}  // namespace sql2ldap::codec
