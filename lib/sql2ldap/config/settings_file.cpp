#include <fstream>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <toml++/toml.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/config/detail/keys.hpp>
#include <sql2ldap/config/settings.hpp>

namespace sql2ldap::config {

namespace {

constexpr std::string_view authd_table = "authd";

// A scalar of the file as the text a flag would have; nullopt for arrays, tables and dates.
std::optional<std::string> scalar_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  return std::nullopt;
}

bool fits(const toml::node& node, key_kind kind) {
  switch (kind) {
    case key_kind::flag:
      return node.is_boolean();
    case key_kind::number:
      return node.is_integer();
    case key_kind::limit:
    case key_kind::duration:
      return node.is_integer() || node.is_string();
    case key_kind::text:
    case key_kind::list:  // each of it
    case key_kind::table:
      break;
  }
  return node.is_string();
}

std::string_view form_of(key_kind kind) {
  switch (kind) {
    case key_kind::flag:
      return "true or false";
    case key_kind::number:
      return "a number";
    case key_kind::list:
      return "a list of texts in quotes";
    case key_kind::limit:
      return "a number or a text such as \"2%\"";
    case key_kind::duration:
      return "a number of seconds or a text such as \"24h\"";
    case key_kind::text:
    case key_kind::table:
      break;
  }
  return "a text in quotes";
}

class file_reader {
 public:
  file_reader(settings& into, const std::string& file) : into_(into), file_(file) {}

  // `of`: whose table counts, after the keys of all.
  result<void> read(const toml::table& root, std::string_view of) {
    const toml::table* const own = root[authd_table].as_table();
    for (auto&& [name, node] : root)
      if (&node != own) S2L_TRY(read_key(name, node));
    if (own == nullptr) return {};
    if (of == authd_table) return read_keys(*own);
    settings unused;  // what is wrong there is wrong for all
    return file_reader(unused, file_).read_keys(*own);
  }

 private:
  std::string place(const toml::source_position& at) const {
    return fmt::format("{}:{}:{}", file_, at.line, at.column);
  }

  result<void> read_keys(const toml::table& table) {
    for (auto&& [name, node] : table) S2L_TRY(read_key(name, node));
    return {};
  }

  result<void> read_key(const toml::key& name, const toml::node& node) {
    const key* known = detail::find_key(name.str());
    if (known == nullptr)
      return fail(error_kind::usage,
                  fmt::format("{}: unknown key {}", place(name.source().begin), quoted_for_message(name.str())),
                  detail::suggestion_for(name.str()));
    if (known->kind == key_kind::table) return read_table(name, node);
    if (const auto* all = node.as_array(); all != nullptr && known->kind == key_kind::list) {
      for (const toml::node& one : *all) S2L_TRY(read_value(*known, one));
      return {};
    }
    return read_value(*known, node);
  }

  // Of a list: one of it.
  result<void> read_value(const key& known, const toml::node& node) {
    const auto text = scalar_text(node);
    if (!text || !fits(node, known.kind))
      return fail(error_kind::usage,
                  fmt::format("{}: {} must be {}", place(node.source().begin), known.name, form_of(known.kind)));
    return at_place(node, set(into_, known.name, *text));
  }

  result<void> read_table(const toml::key& name, const toml::node& node) {
    const toml::table* table = node.as_table();
    if (table == nullptr)
      return fail(error_kind::usage, fmt::format("{}: {} must be a table", place(node.source().begin), name.str()),
                  fmt::format("write [{}] and below it name = \"value\"", name.str()));
    for (auto&& [inner, value] : *table) {
      const auto text = scalar_text(value);
      if (!text)
        return fail(error_kind::usage, fmt::format("{}: {}.{} must be a text, a number, true or false",
                                                   place(value.source().begin), name.str(), inner.str()));
      S2L_TRY(at_place(value, set(into_, name.str(), fmt::format("{}={}", inner.str(), *text))));
    }
    return {};
  }

  result<void> at_place(const toml::node& node, result<void> outcome) const {
    if (!outcome) outcome.error().message = fmt::format("{}: {}", place(node.source().begin), outcome.error().message);
    return outcome;
  }

  settings& into_;
  const std::string& file_;
};

}  // namespace

result<void> load_settings(settings& into, const std::string& file, std::string_view of) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(error_kind::usage, fmt::format("cannot read the configuration {}", file));
  std::string text(limits::settings_file_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad()) return fail(error_kind::usage, fmt::format("cannot read the configuration {}", file));
  if (text.size() > limits::settings_file_bytes_max)
    return fail(error_kind::usage,
                fmt::format("the configuration {} is longer than {} bytes", file, limits::settings_file_bytes_max));
  try {
    return file_reader(into, file).read(toml::parse(text, file), of);
  } catch (const toml::parse_error& problem) {
    const auto at = problem.source().begin;
    return fail(error_kind::usage, fmt::format("{}:{}:{}: {}", file, at.line, at.column, problem.description()));
  }
}

}  // namespace sql2ldap::config
