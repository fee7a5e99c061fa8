#include <sql2ldap/model/attribute_name.hpp>

#include <array>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include <sql2ldap/base/text.hpp>

namespace sql2ldap::model {

namespace {

// Names are found without copying them to lower case first.
struct folded_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    std::uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a: names are short
    for (const char c : text) {
      hash ^= static_cast<unsigned char>(ascii_lower(c));
      hash *= 0x100000001b3ULL;
    }
    return static_cast<std::size_t>(hash);
  }
};
struct folded_equal {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const noexcept { return equal_ignoring_ascii_case(a, b); }
};

template <typename Interned>
class intern_table {
 public:
  const Interned* find_or_add(std::string_view text) {
    {
      const std::shared_lock lock(mutex_);
      if (const auto found = by_name_.find(text); found != by_name_.end()) return found->second.get();
    }
    const std::unique_lock lock(mutex_);
    auto made = std::make_unique<Interned>(
        Interned{std::string(text), ascii_lowered(text), static_cast<std::uint32_t>(by_name_.size())});
    const auto [at, is_new] = by_name_.try_emplace(std::string(text), std::move(made));
    return at->second.get();
  }

 private:
  std::shared_mutex mutex_;
  std::unordered_map<std::string, std::unique_ptr<Interned>, folded_hash, folded_equal> by_name_;
};

bool is_alpha(char c) noexcept { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_key_char(char c) noexcept { return is_alpha(c) || is_digit(c) || c == '-'; }

bool all_key_chars(std::string_view text) noexcept {
  for (const char c : text) {
    if (!is_key_char(c)) return false;
  }
  return !text.empty();
}

// RFC 4512, 1.4: numbers without leading zeros, at least two, with dots between.
bool is_numeric_oid(std::string_view text) noexcept {
  bool dotted = false;
  for (;;) {
    const std::size_t dot = text.find('.');
    const std::string_view number = text.substr(0, dot);
    if (number.empty() || (number.size() > 1 && number.front() == '0')) return false;
    for (const char c : number) {
      if (!is_digit(c)) return false;
    }
    if (dot == std::string_view::npos) return dotted;
    dotted = true;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

attribute_name::attribute_name(std::string_view text) {
  // Never destroyed: names of static storage duration are used until the very end.
  static auto& table = *new intern_table<interned>;
  // Entries read from a server name the same few attributes a million times: no lock for these.
  static constexpr std::size_t slots = 64;
  thread_local std::array<const interned*, slots> recent{};
  const std::size_t slot =
      text.empty() ? 0 : (text.size() * 7 + ascii_lower(text.front()) * 3U + ascii_lower(text.back())) % slots;
  if (recent[slot] == nullptr || !equal_ignoring_ascii_case(recent[slot]->text, text)) {
    recent[slot] = table.find_or_add(text);
  }
  names_ = recent[slot];
}

// RFC 4512, 2.5: attributedescription = ( descr / numericoid ) *( ";" 1*keychar ).
bool attribute_name::is_valid(std::string_view text) noexcept {
  std::size_t end = text.find(';');
  const std::string_view type = text.substr(0, end);
  if (type.empty()) return false;
  if (!(is_alpha(type.front()) ? all_key_chars(type) : is_numeric_oid(type))) return false;
  while (end != std::string_view::npos) {
    text.remove_prefix(end + 1);
    end = text.find(';');
    if (!all_key_chars(text.substr(0, end))) return false;
  }
  return true;
}

namespace names {
// Early, because static objects of other files may use them.
[[gnu::init_priority(101)]] const attribute_name object_class("objectClass");
[[gnu::init_priority(101)]] const attribute_name user_password("userPassword");
[[gnu::init_priority(101)]] const attribute_name origin("s2lOrigin");
[[gnu::init_priority(101)]] const attribute_name entry_uuid("entryUUID");
[[gnu::init_priority(101)]] const attribute_name enabled("s2lEnabled");
[[gnu::init_priority(101)]] const attribute_name gone_since("s2lGoneSince");
}  // namespace names

}  // namespace sql2ldap::model
