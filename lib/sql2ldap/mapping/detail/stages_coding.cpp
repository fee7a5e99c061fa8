// Lenses on encodings: password schemes, transfer encodings, members of JSON objects.
#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/mapping/detail/stages.hpp>

namespace sql2ldap::mapping::detail::lens {

namespace {
got refuse(run& r, std::string why) {
  r.reason = std::move(why);
  return got::objection;
}
}  // namespace

got get_password(run& r, const stage& s, std::string_view in, std::string_view& out) {
  const result<std::optional<std::string>> value = codec::password_to_ldap(in, s.password);
  if (!value) return refuse(r, value.error().message);
  if (!*value) return got::nothing;
  out = r.memory.copy(**value);
  return got::value;
}
bool put_password(run& r, const stage& s, std::string_view wanted, const std::string_view* old, std::string_view& out) {
  const result<std::string> value =
      codec::password_to_sql(wanted, old == nullptr ? std::string_view() : *old, s.password);
  if (!value) return r.object(value.error().message);
  out = r.memory.copy(*value);
  return true;
}

got get_decode(run& r, const stage& s, std::string_view in, std::string_view& out) {
  std::optional<std::string> text;
  std::string_view what;
  switch (s.decoder) {
    case coding::quoted_printable:
      text = codec::from_quoted_printable(in);
      what = "quoted-printable";
      break;
    case coding::base64:
      text = codec::from_base64(in);
      what = "base64";
      break;
    case coding::url:
      text = codec::from_percent_encoded(in);
      what = "percent-encoded";
      break;
    case coding::hex:
      text = codec::from_hex(in);
      what = "hexadecimal";
      break;
    case coding::latin1:
      text = codec::latin1_to_utf8(in);
      what = "Latin-1";
      break;
  }
  if (!text) return refuse(r, fmt::format("{} is not {}", r.shown(in), what));
  if (s.or_latin1 && !is_utf8(*text)) text = codec::latin1_to_utf8(*text);
  const bool must_be_text = s.decoder == coding::quoted_printable || s.decoder == coding::url;
  if (must_be_text && !is_utf8(*text))
    return refuse(r, fmt::format("{} decodes to bytes that are not UTF-8", r.shown(in)));
  out = r.memory.copy(*text);
  return got::value;
}

bool put_decode(run& r, const stage& s, std::string_view wanted, const std::string_view*, std::string_view& out) {
  std::optional<std::string> bytes;
  switch (s.decoder) {
    case coding::quoted_printable:
      bytes = codec::quoted_printable(wanted);
      break;
    case coding::base64:
      bytes = codec::base64(wanted);
      break;
    case coding::url:
      bytes = codec::percent_encoded(wanted);
      break;
    case coding::hex:
      bytes = codec::hex(wanted);
      break;
    case coding::latin1:
      bytes = codec::utf8_to_latin1(wanted);
      break;
  }
  if (!bytes) return r.object(fmt::format("{} has characters outside Latin-1", r.shown(wanted)));
  out = r.memory.copy(*bytes);
  return true;
}

// ---- json -------------------------------------------------------------------------------------

namespace {

// A nesting bomb must not use up the stack; nlohmann's own parser has no depth limit.
std::optional<nlohmann::ordered_json> parsed_json(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > limits::mapping_depth_max) return std::nullopt;
    } else if ((c == '}' || c == ']') && depth != 0) {
      --depth;
    }
  }
  auto value = nlohmann::ordered_json::parse(text.begin(), text.end(), nullptr, false);
  if (value.is_discarded()) return std::nullopt;
  return value;
}

std::string_view text_of(run& r, const nlohmann::ordered_json& value) {
  if (value.is_string()) return r.memory.copy(value.get_ref<const std::string&>());
  if (value.is_boolean()) return value.get<bool>() ? "TRUE" : "FALSE";
  return r.memory.copy(value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

// A new text in the type that stood there before: a number stays a number.
nlohmann::ordered_json typed(std::string_view text, const nlohmann::ordered_json& like) {
  if (like.is_boolean() && (text == "TRUE" || text == "FALSE")) return text == "TRUE";
  if (!like.is_string() && !like.is_null()) {
    auto value = nlohmann::ordered_json::parse(text.begin(), text.end(), nullptr, false);
    if (!value.is_discarded() && value.type() == like.type()) return value;
    if (value.is_number_integer() && like.is_number_integer()) return value;
  }
  return std::string(text);
}

}  // namespace

bool get_json(run& r, const stage& s, std::size_t first) {
  const list in(r.values.begin() + static_cast<std::ptrdiff_t>(first), r.values.end());
  r.values.resize(first);
  for (const std::string_view text : in) {
    if (trimmed(text).empty()) continue;
    const auto document = parsed_json(text);
    if (!document) return r.object(fmt::format("{} is no JSON text", r.shown(text)));
    const nlohmann::ordered_json* at = &*document;
    for (const std::string& member : s.texts) {
      const bool there = at->is_object() && at->contains(member);
      at = there ? &(*at)[member] : nullptr;
      if (at == nullptr) break;
    }
    if (at == nullptr || at->is_null()) continue;
    if (!at->is_array()) {
      r.values.push_back(text_of(r, *at));
      continue;
    }
    for (const auto& element : *at) {
      if (!element.is_null()) r.values.push_back(text_of(r, element));
    }
  }
  return true;
}

bool put_json(run& r, const stage& s, const list& wanted, const list& old, list& out) {
  if (old.size() > 1) return r.object("several JSON texts: which one is to change?");
  auto document = old.empty() || trimmed(old.front()).empty() ? std::optional(nlohmann::ordered_json::object())
                                                              : parsed_json(old.front());
  if (!document) return r.object("the old value is no JSON text");
  nlohmann::ordered_json* at = &*document;
  for (std::size_t i = 0; i < s.texts.size(); ++i) {
    if (at->is_null()) *at = nlohmann::ordered_json::object();
    if (!at->is_object()) return r.object("the old JSON value is no object");
    if (i + 1 < s.texts.size()) {
      at = &(*at)[s.texts[i]];
    } else if (wanted.empty()) {
      at->erase(s.texts[i]);
      at = nullptr;
    } else {
      at = &(*at)[s.texts[i]];
    }
  }
  if (at != nullptr) {
    const bool was_list = at->is_array();
    const auto like = was_list ? (at->empty() ? nlohmann::ordered_json() : at->front()) : *at;
    if (!was_list && wanted.size() == 1) {
      *at = typed(wanted.front(), like);
    } else {
      *at = nlohmann::ordered_json::array();
      for (const std::string_view w : wanted) at->push_back(typed(w, like));
    }
  }
  out.push_back(r.memory.copy(document->dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)));
  return true;
}

}  // namespace sql2ldap::mapping::detail::lens
