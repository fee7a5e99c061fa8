// What a decoder of a wire protocol settles by itself, because it takes no knowledge of users: a line that is broken or
// that the protocol answers alone. Its user sends `answer` (which may be empty), closes when told to, and logs `why`
// when there is one; it never holds a secret.
#pragma once

#include <optional>
#include <string>

#include <tl/expected.hpp>

namespace sql2ldap::codec {

struct settled {
  std::string answer;
  bool close = false;  // once the answer is written; a decoder that says so gives nothing more
  std::string why;
};

// What next() of each decoder gives: nullopt = more bytes are needed.
template <typename Request>
using decoded = std::optional<tl::expected<Request, settled>>;

}  // namespace sql2ldap::codec
