// As much of BER (X.690) as the messages of RFC 4533 need: single-byte tags, definite lengths.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sql2ldap::codec::detail {

namespace ber {
inline constexpr std::uint8_t boolean = 0x01;
inline constexpr std::uint8_t octet_string = 0x04;
inline constexpr std::uint8_t enumerated = 0x0a;
inline constexpr std::uint8_t sequence = 0x30;
inline constexpr std::uint8_t set = 0x31;
constexpr std::uint8_t context(unsigned number) { return static_cast<std::uint8_t>(0x80U | number); }
constexpr std::uint8_t context_constructed(unsigned number) { return static_cast<std::uint8_t>(0xa0U | number); }

void append(std::string& out, std::uint8_t tag, std::string_view content);
}  // namespace ber

// Reads elements one after the other; after the first that makes no sense, nothing more.
class ber_reader {
 public:
  explicit ber_reader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] std::optional<std::uint8_t> peek() const noexcept;  // the next tag; nullopt at the end
  std::optional<std::string_view> optional(std::uint8_t tag);       // its content, when it is what comes next
  std::string_view required(std::uint8_t tag);
  bool boolean_or(bool otherwise);
  std::optional<std::uint8_t> enumeration();  // one of at most 128 values
  void skip_rest();                           // of elements that we do not know
  void fail() noexcept;

  [[nodiscard]] bool good() const noexcept { return good_; }
  [[nodiscard]] bool complete() const noexcept { return good_ && rest_.empty(); }

 private:
  std::string_view take_content();

  std::string_view rest_;
  bool good_ = true;
};

}  // namespace sql2ldap::codec::detail
