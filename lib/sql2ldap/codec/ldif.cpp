#include <sql2ldap/codec/ldif.hpp>

#include <array>
#include <cstdint>
#include <cstring>

#include <sql2ldap/codec/detail/base64_encoder.hpp>

namespace sql2ldap::codec {

namespace {

// SAFE-CHAR and SAFE-INIT-CHAR of RFC 2849.
constexpr std::array<bool, 256> unsafe_anywhere = [] {
  std::array<bool, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = i >= 0x80 || i == 0 || i == '\n' || i == '\r';
  return table;
}();

constexpr bool unsafe_first(char c) noexcept { return c == ' ' || c == ':' || c == '<'; }

bool is_safe_string(std::string_view value) noexcept {
  if (value.empty()) return true;
  if (unsafe_first(value.front()) || value.back() == ' ') return false;
  constexpr std::uint64_t high_bits = 0x8080808080808080ULL;
  constexpr std::uint64_t blanks = 0x2020202020202020ULL;
  const char* at = value.data();
  const char* const end = at + value.size();
  while (at != end) {
    // Eight bytes at once: none above 0x7f, none below a blank (the subtraction borrows for those).
    if (end - at >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, at, sizeof word);
      if (((word | (word - blanks)) & high_bits) == 0) {
        at += 8;
        continue;
      }
    }
    if (unsafe_anywhere[static_cast<unsigned char>(*at)]) return false;
    ++at;
  }
  return true;
}

constexpr std::size_t line_size_max(std::string_view name, std::string_view value) noexcept {
  return name.size() + detail::base64_size(value.size()) + 4;  // ":: " and the end of the line
}

char* put(char* to, std::string_view bytes) noexcept {
  std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

// At most line_size_max() characters; answers the place after the last.
char* put_line(char* to, std::string_view name, std::string_view value) noexcept {
  to = put(to, name);
  *to++ = ':';
  if (!is_safe_string(value)) {
    *to++ = ':';
    *to++ = ' ';
    to = detail::write_base64(to, value);
  } else if (!value.empty()) {
    *to++ = ' ';
    to = put(to, value);
  }
  *to++ = '\n';
  return to;
}

void append_values(std::string& out, const model::entry& content) {
  std::size_t size = out.size();
  const std::size_t start = size;
  for (std::size_t i = 0; i < content.size(); ++i) size += line_size_max(content[i].name.text(), content[i].bytes);
  out.resize(size);
  char* to = out.data() + start;
  for (std::size_t i = 0; i < content.size(); ++i) to = put_line(to, content[i].name.text(), content[i].bytes);
  out.resize(static_cast<std::size_t>(to - out.data()));
}

std::string_view word_for(model::modification::operation op) noexcept {
  switch (op) {
    case model::modification::operation::add:
      return "add";
    case model::modification::operation::remove:
      return "delete";
    case model::modification::operation::replace:
      return "replace";
  }
  return "replace";
}

struct change_writer {
  std::string& out;

  void head(std::string_view dn, std::string_view changetype) const {
    append_ldif_value(out, "dn", dn);
    append_ldif_value(out, "changetype", changetype);
  }
  void operator()(const model::add_entry& added) const {
    head(added.content.dn(), "add");
    append_values(out, added.content);
  }
  void operator()(const model::delete_entry& deleted) const { head(deleted.dn, "delete"); }
  void operator()(const model::rename_entry& renamed) const {
    head(renamed.dn, "modrdn");
    append_ldif_value(out, "newrdn", renamed.new_rdn);
    append_ldif_value(out, "deleteoldrdn", renamed.delete_old_rdn ? "1" : "0");
    if (!renamed.new_superior.empty()) append_ldif_value(out, "newsuperior", renamed.new_superior);
  }
  void operator()(const model::modify_entry& modified) const {
    head(modified.dn, "modify");
    for (const model::modification& step : modified.modifications) {
      append_ldif_value(out, word_for(step.op), step.name.text());
      for (const std::string& value : step.values) append_ldif_value(out, step.name.text(), value);
      out += "-\n";
    }
  }
};

}  // namespace

void append_ldif_value(std::string& out, std::string_view name, std::string_view value) {
  const std::size_t start = out.size();
  out.resize(start + line_size_max(name, value));
  const char* const end = put_line(out.data() + start, name, value);
  out.resize(static_cast<std::size_t>(end - out.data()));
}

void append_ldif(std::string& out, const model::entry& content) {
  append_ldif_value(out, "dn", content.dn());
  append_values(out, content);
  out += '\n';
}

void append_ldif(std::string& out, const model::change& what) {
  std::visit(change_writer{out}, what.what);
  out += '\n';
}

}  // namespace sql2ldap::codec
