#include <sql2ldap/ldap/detail/entry_decoder.hpp>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/model/dn.hpp>

namespace sql2ldap::ldap::detail {
namespace {

// Texts that read the same under every rule of RFC 4514 need no parsing: a million entries do not.
bool plain(std::string_view dn_text) { return dn_text.find_first_of("\\\"+#;<> ") == std::string_view::npos; }

result<void> set_name(std::string_view text, model::entry& out) {
  if (plain(text)) {
    out.set_dn(text);
    return {};
  }
  S2L_TRY_ASSIGN(const model::dn name, model::dn::parse(text));
  out.set_dn(name.text());
  return {};
}

}  // namespace

model::attribute_name entry_decoder::name_of(std::string_view text) {
  for (std::size_t tried = 0; tried < seen_.size(); ++tried) {
    const std::size_t at = (next_seen_ + tried) % seen_.size();
    if (seen_[at].text() == text) {
      next_seen_ = at + 1;
      return seen_[at];
    }
  }
  const model::attribute_name name(text);
  if (name.text() == text && seen_.size() < limits::search_names_kept_max) seen_.push_back(name);
  next_seen_ = seen_.size();
  return name;
}

result<void> entry_decoder::decode(connection& line, LDAPMessage* message, std::string_view doing, model::entry& out) {
  LDAP* handle = line.handle();
  const auto garbled = [&](int code) {
    line.give_up();
    return tl::make_unexpected(line.failed(code, doing, "an entry makes no sense"));
  };
  BerElement* walker = nullptr;
  berval text{};
  if (const int code = ldap_get_dn_ber(handle, message, &walker, &text); code != LDAP_SUCCESS) return garbled(code);
  const walker_owner owner(walker);
  out.clear();
  S2L_TRY(set_name({text.bv_val, text.bv_len}, out));
  for (;;) {
    berval attribute{};
    berval* values = nullptr;
    if (const int code = ldap_get_attribute_ber(handle, message, walker, &attribute, &values); code != LDAP_SUCCESS)
      return garbled(code);
    if (attribute.bv_val == nullptr) return {};
    const array_owner values_owner(values);
    const model::attribute_name name = name_of({attribute.bv_val, attribute.bv_len});
    for (const berval* value = values; value != nullptr && value->bv_val != nullptr; ++value)
      out.add(name, {value->bv_val, value->bv_len});
  }
}

}  // namespace sql2ldap::ldap::detail
