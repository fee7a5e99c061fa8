// The first byte chooses who is asked, the rest are any lines of a server: an error, or an answer; a login is accepted
// with a name alone, and its password said once at most.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/codec/dovecot_client.hpp>
#include <sql2ldap/codec/line_buffer.hpp>

namespace {

namespace client = sql2ldap::codec::dovecot_client;

void converse(client::dialogue& with, std::string_view bytes) {
  S2L_ASSERT(with.opening().ends_with('\n'));
  sql2ldap::codec::line_buffer lines(sql2ldap::limits::dict_reply_bytes_max);
  lines.feed(bytes);
  std::size_t said = 0;
  while (const auto line = lines.next()) {
    const auto turn = with.take(*line);
    if (!turn) return;
    if (!turn->send.empty()) {
      S2L_ASSERT(++said == 1 && turn->send.reveal().ends_with('\n'));
      S2L_ASSERT(turn->send.reveal().find('\n') + 1 == turn->send.reveal().size());
    }
    if (turn->over) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  client::login_dialogue login({"u1@x.test", sql2ldap::secret("hunter2"), "im\tap", "::1", true, true}, 7);
  client::user_dialogue user("u1@x.test", "imap");
  client::passdb_dialogue stored("u1/@x.test");
  switch (data[0] % 3) {
    case 0:
      converse(login, bytes);
      S2L_ASSERT(!login.accepted() || !login.accepted()->empty());
      break;
    case 1:
      converse(user, bytes);
      break;
    default:
      converse(stored, bytes);
  }
  return 0;
}
