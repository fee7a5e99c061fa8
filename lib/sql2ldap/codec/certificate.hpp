// Why the certificate of a server is not taken. libldap does not say it where it is built with GnuTLS.
#pragma once

#include <string>
#include <string_view>

namespace sql2ldap::codec {

struct certificate_objection {
  std::string reason;  // "expired on Jan  1 00:00:00 2026 GMT"; "" when none was found
  std::string hint;
};

// `der`: the certificate (RFC 5280); `host`: as the URI names it; `authorities`: who may have signed it, in PEM, the
// text of `ca_file`.
[[nodiscard]] certificate_objection objection_to_certificate(std::string_view der, const std::string& host,
                                                             std::string_view authorities, const std::string& ca_file);

}  // namespace sql2ldap::codec
