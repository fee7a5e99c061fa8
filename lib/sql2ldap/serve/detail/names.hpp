// The names of schema/sql2ldap.schema, and of the standard schemas, that this room reads.
#pragma once

#include <sql2ldap/model/attribute_name.hpp>

namespace sql2ldap::serve::names {

inline const model::attribute_name uid("uid");
inline const model::attribute_name mail("mail");
inline const model::attribute_name mail_local_address("mailLocalAddress");
inline const model::attribute_name associated_domain("associatedDomain");
inline const model::attribute_name rfc822_mail_member("rfc822MailMember");
inline const model::attribute_name member("member");
inline const model::attribute_name uid_number("uidNumber");
inline const model::attribute_name gid_number("gidNumber");
inline const model::attribute_name home_directory("homeDirectory");
inline const model::attribute_name enabled("s2lEnabled");
inline const model::attribute_name login_enabled("s2lLoginEnabled");
inline const model::attribute_name service("s2lService");
inline const model::attribute_name quota_bytes("s2lQuotaBytes");
inline const model::attribute_name quota_messages("s2lQuotaMessages");
inline const model::attribute_name mail_store("s2lMailStore");
inline const model::attribute_name forward_to("s2lForwardTo");
inline const model::attribute_name keep_copy("s2lKeepCopy");
inline const model::attribute_name alias_kind("s2lAliasKind");
inline const model::attribute_name reject_text("s2lRejectText");
inline const model::attribute_name pipe_command("s2lPipeCommand");
inline const model::attribute_name target_domain("s2lTargetDomain");
inline const model::attribute_name transport("s2lTransport");
inline const model::attribute_name max_message_bytes("s2lMaxMessageBytes");
inline const model::attribute_name group_public("s2lGroupPublic");
inline const model::attribute_name vacation_active("s2lVacationActive");
inline const model::attribute_name vacation_subject("s2lVacationSubject");
inline const model::attribute_name vacation_text("s2lVacationText");
inline const model::attribute_name vacation_from("s2lVacationFrom");
inline const model::attribute_name vacation_until("s2lVacationUntil");
inline const model::attribute_name vacation_interval("s2lVacationInterval");
inline const model::attribute_name allow_nets("s2lAllowNets");
inline const model::attribute_name account_locked_time("pwdAccountLockedTime");  // of slapd's overlay ppolicy

}  // namespace sql2ldap::serve::names
