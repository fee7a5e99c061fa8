#include <sql2ldap/serve/detail/address.hpp>

#include <utility>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/idna.hpp>

namespace sql2ldap::serve::detail {

namespace {

bool is_quoted(std::string_view local) noexcept {
  return local.size() > 1 && local.front() == '"' && local.back() == '"';
}

bool is_local_part(std::string_view local) {
  if (!is_ascii(local) || has_control_characters(local)) return false;
  return is_quoted(local) || (local.find(' ') == std::string_view::npos && local.find('@') == std::string_view::npos);
}

}  // namespace

std::optional<address> address_in(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || text.size() > limits::user_name_bytes_max) return std::nullopt;
  const std::string_view local = text.substr(0, at);
  if (!is_local_part(local)) return std::nullopt;
  address out{ascii_lowered(text), at};
  if (codec::is_ascii_domain(out.domain())) return out;
  const std::string_view written = text.substr(at + 1);
  const auto domain = written.starts_with('[') ? codec::address_literal(written) : codec::domain_to_ascii(written);
  if (!domain) return std::nullopt;
  out.text.replace(at + 1, std::string::npos, *domain);
  return out;
}

std::string_view address::domain() const { return std::string_view(text).substr(local_length + 1); }

std::string_view login_name::domain() const {
  return is_address ? std::string_view(text).substr(text.rfind('@') + 1) : std::string_view();
}

std::optional<login_name> login_name_in(std::string_view text) {
  if (text.empty() || text.size() > limits::user_name_bytes_max || has_control_characters(text) || !is_utf8(text))
    return std::nullopt;
  if (text.front() == ' ' || text.back() == ' ' || text.find("  ") != std::string_view::npos) return std::nullopt;
  if (auto as_address = address_in(text)) return login_name{std::move(as_address->text), true};
  return login_name{ascii_lowered(text)};
}

bool is_listable(std::string_view local) noexcept {
  const bool quoted = is_quoted(local);
  if (quoted) local = local.substr(1, local.size() - 2);
  return local.find_first_of("|/:\\#") != 0 &&
         local.find_first_of(quoted ? "\"\\" : "\"<>(),;") == std::string_view::npos;
}

std::optional<std::string> target_in(std::string_view text) {
  if (text.empty() || !is_ascii(text) || has_control_characters(text)) return std::nullopt;
  if (text.find('@') == std::string_view::npos) {
    // exim and Postfix read more into these than the name of a user.
    if (text.find_first_of("|/:\\#\"<>(),; ") != std::string_view::npos) return std::nullopt;
    return std::string(text);
  }
  const auto read = address_in(text);
  if (!read || !is_listable(read->local())) return std::nullopt;
  // Whose mail it is decides the other host: the local part stays as it is.
  return std::string(text.substr(0, read->local_length + 1)).append(read->domain());
}

}  // namespace sql2ldap::serve::detail
