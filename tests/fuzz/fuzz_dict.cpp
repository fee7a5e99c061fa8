// Any bytes in any pieces: the same requests.
#include "pieces.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  decode_in_pieces(sql2ldap::codec::dict::session(), data, size);
  return 0;
}
