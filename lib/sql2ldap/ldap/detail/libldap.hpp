// Owners for what libldap allocates.
#pragma once

#include <memory>

#include <ldap.h>

namespace sql2ldap::ldap::detail {

struct unbind {
  void operator()(LDAP* handle) const noexcept { ldap_unbind_ext(handle, nullptr, nullptr); }
};
struct free_message {
  void operator()(LDAPMessage* message) const noexcept { ldap_msgfree(message); }
};
struct free_text {
  void operator()(char* text) const noexcept { ldap_memfree(text); }
};
struct free_value {
  void operator()(berval* value) const noexcept { ber_bvfree(value); }
};
struct free_controls {
  void operator()(LDAPControl** controls) const noexcept { ldap_controls_free(controls); }
};
// For the elements that libldap lends for walking over a message: their bytes are the message's.
struct free_walker {
  void operator()(BerElement* element) const noexcept { ber_free(element, 0); }
};
struct free_element {
  void operator()(BerElement* element) const noexcept { ber_free(element, 1); }
};
struct free_array {
  void operator()(berval* values) const noexcept { ber_memfree(values); }
};

using handle_owner = std::unique_ptr<LDAP, unbind>;
using message_owner = std::unique_ptr<LDAPMessage, free_message>;
using text_owner = std::unique_ptr<char, free_text>;
using value_owner = std::unique_ptr<berval, free_value>;
using controls_owner = std::unique_ptr<LDAPControl*, free_controls>;
using walker_owner = std::unique_ptr<BerElement, free_walker>;
using element_owner = std::unique_ptr<BerElement, free_element>;
using array_owner = std::unique_ptr<berval, free_array>;

}  // namespace sql2ldap::ldap::detail
