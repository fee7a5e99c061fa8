#include <sql2ldap/serve/userdb.hpp>

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include <sql2ldap/base/text.hpp>

namespace sql2ldap::serve {

namespace {

field_list owner_and_home(const userdb& of) {
  field_list out;
  if (of.uid) out.emplace_back("uid", std::to_string(*of.uid));
  if (of.gid) out.emplace_back("gid", std::to_string(*of.gid));
  if (!of.home.empty()) out.emplace_back("home", of.home);
  return out;
}

// maildir:PATH:INBOX=PATH:...
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> location_parts = {{
    {"INBOX", "mail_inbox_path"},
    {"INDEX", "mail_index_path"},
    {"CONTROL", "mail_control_path"},
    {"LAYOUT", "mailbox_list_layout"},
    {"ALT", "mail_alt_path"},
    {"VOLATILEDIR", "mail_volatile_path"},
}};

result<void> add_location(field_list& out, std::string_view location) {
  auto parts = split(location, ':');
  // Without a driver dovecot looks what lies there.
  const bool has_driver = parts.size() > 1 && !parts.front().empty() && parts.front().front() != '/';
  out.emplace_back("mail_driver", has_driver ? std::string(parts.front()) : "auto");
  if (has_driver) parts.erase(parts.begin());
  out.emplace_back("mail_path", std::string(parts.front()));
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::size_t equals = std::min(parts[i].find('='), parts[i].size());
    const std::string_view word = parts[i].substr(0, equals);
    const auto known = std::find_if(location_parts.begin(), location_parts.end(),
                                    [&](const auto& part) { return part.first == word; });
    if (known == location_parts.end() || equals == parts[i].size())
      return fail(error_kind::directory, fmt::format("dovecot 2.4 has no setting for {} of the mail location {}",
                                                     quoted_for_message(parts[i]), quoted_for_message(location)));
    out.emplace_back(std::string(known->second), std::string(parts[i].substr(equals + 1)));
  }
  return {};
}

}  // namespace

field_list fields_of_dovecot_23(const userdb& of) {
  field_list out = owner_and_home(of);
  if (!of.mail_store.empty()) out.emplace_back("mail", of.mail_store);
  std::string rule = "*";
  if (of.quota_bytes) rule += fmt::format(":bytes={}", *of.quota_bytes);
  if (of.quota_messages) rule += fmt::format(":messages={}", *of.quota_messages);
  if (rule.size() > 1) out.emplace_back("quota_rule", rule);
  return out;
}

result<field_list> fields_of_dovecot_24(const userdb& of) {
  field_list out = owner_and_home(of);
  if (!of.mail_store.empty()) S2L_TRY(add_location(out, of.mail_store));
  if (of.quota_bytes) out.emplace_back("quota_storage_size", fmt::format("{}B", *of.quota_bytes));
  if (of.quota_messages) out.emplace_back("quota_message_count", std::to_string(*of.quota_messages));
  return out;
}

}  // namespace sql2ldap::serve
