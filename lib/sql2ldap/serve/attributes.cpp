#include <sql2ldap/serve/attributes.hpp>

#include <sql2ldap/serve/detail/names.hpp>

namespace sql2ldap::serve {

const std::vector<model::attribute_name>& looked_up_attributes() {
  static const std::vector<model::attribute_name> list = {names::uid, names::mail, names::mail_local_address,
                                                          names::associated_domain};
  return list;
}

const std::vector<model::attribute_name>& read_attributes() {
  static const std::vector<model::attribute_name> list = {model::names::object_class,
                                                          model::names::user_password,
                                                          names::uid,
                                                          names::mail,
                                                          names::mail_local_address,
                                                          names::associated_domain,
                                                          names::rfc822_mail_member,
                                                          names::member,
                                                          names::uid_number,
                                                          names::gid_number,
                                                          names::home_directory,
                                                          names::enabled,
                                                          names::login_enabled,
                                                          names::service,
                                                          names::quota_bytes,
                                                          names::quota_messages,
                                                          names::mail_store,
                                                          names::forward_to,
                                                          names::keep_copy,
                                                          names::alias_kind,
                                                          names::reject_text,
                                                          names::pipe_command,
                                                          names::target_domain,
                                                          names::transport,
                                                          names::max_message_bytes,
                                                          names::group_public,
                                                          names::vacation_active,
                                                          names::vacation_subject,
                                                          names::vacation_text,
                                                          names::vacation_from,
                                                          names::vacation_until,
                                                          names::vacation_interval,
                                                          names::allow_nets,
                                                          names::account_locked_time};
  return list;
}

const std::vector<model::attribute_name>& attributes_of(model::entry_part part) {
  static const std::vector<model::attribute_name> login = {model::names::object_class,
                                                           model::names::user_password,
                                                           names::uid,
                                                           names::mail,
                                                           names::mail_local_address,
                                                           names::enabled,
                                                           names::login_enabled,
                                                           names::service,
                                                           names::allow_nets,
                                                           names::account_locked_time};
  return part == model::entry_part::login ? login : read_attributes();
}

const std::vector<std::string_view>& read_classes() {
  static const std::vector<std::string_view> list = {"s2lMailAccount", "s2lMailAlias", "s2lMailGroup", "s2lMailDomain",
                                                     "s2lDomainAlias"};
  return list;
}

}  // namespace sql2ldap::serve
