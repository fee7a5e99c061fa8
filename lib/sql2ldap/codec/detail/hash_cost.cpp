#include <sql2ldap/codec/detail/hash_cost.hpp>

#include <algorithm>
#include <cmath>

#include <sql2ldap/codec/detail/password_scheme.hpp>
#include <sql2ldap/codec/detail/wire.hpp>

namespace sql2ldap::codec::detail {

namespace {

using cost = std::optional<password_cost>;

constexpr std::size_t crypt_hash_bytes_max = 383;  // CRYPT_OUTPUT_SIZE of crypt.h, less the NUL
constexpr double microsecond = 1e-6;
constexpr double nanosecond = 1e-9;
constexpr double kib = 1024;

// Strictly decimal: strtoul(), by which crypt(3) reads these numbers, takes a sign as well, and -1 for a very large
// number.
std::optional<double> number_until(std::string_view text, char end) {
  const std::size_t at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const auto number = wire_number(text.substr(0, at));
  return number ? std::optional<double>(*number) : std::nullopt;
}

std::optional<double> number_between(std::string_view text, std::string_view before, char after) {
  const std::size_t start = text.find(before);
  if (start == std::string_view::npos) return std::nullopt;
  return number_until(text.substr(start + before.size()), after);
}

// The password is hashed in each round, so its length counts.
cost sha_crypt_cost(std::string_view rest, double nanoseconds_a_byte, std::size_t clear_bytes) {
  constexpr double default_rounds = 5000;
  constexpr double least_rounds = 1000;
  constexpr std::string_view word = "rounds=";
  const auto rounds = rest.starts_with(word) ? number_until(rest.substr(word.size()), '$') : default_rounds;
  if (!rounds) return std::nullopt;
  const double round = 0.6 * microsecond + nanoseconds_a_byte * nanosecond * static_cast<double>(clear_bytes);
  return password_cost{std::max(*rounds, least_rounds) * round};
}

// "$sha1$rounds$salt$hash": an HMAC a round, whose key is hashed first where it is longer than a block.
cost sha1_crypt_cost(std::string_view rest, std::size_t clear_bytes) {
  constexpr std::size_t block_bytes = 64;
  const auto rounds = number_until(rest, '$');
  if (!rounds) return std::nullopt;
  double round = 1.2 * microsecond;
  if (clear_bytes > block_bytes) round += 1.3 * microsecond + 2 * nanosecond * static_cast<double>(clear_bytes);
  return password_cost{*rounds * round};
}

// "$md5$salt$$hash", "$md5,rounds=N$salt$$hash"
cost sun_md5_cost(std::string_view rest) {
  constexpr double always_rounds = 4096;
  constexpr std::string_view word = "rounds=";
  const auto more = rest.starts_with(word) ? number_until(rest.substr(word.size()), '$') : 0;
  if (!more) return std::nullopt;
  return password_cost{(always_rounds + *more) * 1.8 * microsecond};
}

// "$2b$12$salt and hash"
cost bcrypt_cost(std::string_view rest) {
  const auto log2 = number_until(rest, '$');
  if (!log2) return std::nullopt;
  return password_cost{std::exp2(*log2) * 63 * microsecond, 8 * kib};
}

std::optional<std::uint64_t> take_digit(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  const std::size_t value = crypt_digit(text.front());
  text.remove_prefix(1);
  return value == std::string_view::npos ? std::nullopt : std::optional<std::uint64_t>(value);
}

// So many digits, the least first.
std::optional<std::uint64_t> take_digits(std::string_view& text, unsigned count) {
  std::uint64_t out = 0;
  for (unsigned i = 0; i < count; ++i) {
    const auto digit = take_digit(text);
    if (!digit) return std::nullopt;
    out |= *digit << (6 * i);
  }
  return out;
}

// As decode64_uint32() of yescrypt's reference implementation reads a number: its first digit says how many follow.
std::optional<std::uint64_t> take_number(std::string_view& text, std::uint64_t least) {
  const auto first = take_digit(text);
  if (!first) return std::nullopt;
  std::uint64_t start = 0;
  std::uint64_t end = 47;
  unsigned more = 0;
  std::uint64_t out = least;
  while (*first > end) {
    out += (end + 1 - start) << (6 * more);
    start = end + 1;
    end = start + (62 - end) / 2;
    ++more;
  }
  out += (*first - start) << (6 * more);
  while (more-- != 0) {
    const auto digit = take_digit(text);
    if (!digit) return std::nullopt;
    out += *digit << (6 * more);
  }
  return out;
}

struct scrypt_parameters {
  double log2_n = 0;
  double r = 1;
  double p = 1;
  double t = 0;
  bool read_write = false;  // yescrypt's own mode, which is faster
};

// Whatever p is: lanes are computed one after the other.
password_cost scrypt_cost(const scrypt_parameters& parameters) {
  constexpr double block_bytes = 128;
  const double blocks = std::exp2(parameters.log2_n) * parameters.r;
  const double block_time = (parameters.read_write ? 160 : 300) * nanosecond;
  return {blocks * parameters.p * (1 + parameters.t) * block_time, block_bytes * blocks};
}

// "$7$", N, r, p, salt
cost scrypt_cost(std::string_view rest) {
  const auto log2_n = take_digit(rest);
  const auto r = take_digits(rest, 5);
  const auto p = take_digits(rest, 5);
  if (!log2_n || !r || !p) return std::nullopt;
  return scrypt_cost(scrypt_parameters{static_cast<double>(*log2_n), static_cast<double>(*r), static_cast<double>(*p)});
}

// "$y$", flavor, N, r, perhaps further parameters; the same for "$gy$".
cost yescrypt_cost(std::string_view rest) {
  constexpr std::uint64_t first_read_write_flavor = 2;
  constexpr std::uint64_t has_p = 1;
  constexpr std::uint64_t has_t = 2;
  const auto flavor = take_number(rest, 0);
  const auto log2_n = take_number(rest, 1);
  const auto r = take_number(rest, 1);
  if (!flavor || !log2_n || !r) return std::nullopt;
  scrypt_parameters out{static_cast<double>(*log2_n), static_cast<double>(*r)};
  out.read_write = *flavor >= first_read_write_flavor;
  if (rest.starts_with('$')) return scrypt_cost(out);
  const auto further = take_number(rest, 1);
  if (!further || *further > (has_p | has_t)) return std::nullopt;  // crypt(3) has no ROM and no upgraded hashes
  const auto p = (*further & has_p) != 0 ? take_number(rest, 2) : 1;
  const auto t = (*further & has_t) != 0 ? take_number(rest, 1) : 0;
  if (!p || !t || !rest.starts_with('$')) return std::nullopt;
  out.p = static_cast<double>(*p);
  out.t = static_cast<double>(*t);
  return scrypt_cost(out);
}

// "_", four digits of rounds, four of salt
cost extended_des_cost(std::string_view rest) {
  const auto rounds = take_digits(rest, 4);
  if (!rounds) return std::nullopt;
  return password_cost{static_cast<double>(*rounds) * 0.17 * microsecond};
}

// crypt(3) takes all that begins with two digits for DES, and hashes at most 16 blocks.
cost des_cost(std::string_view hash) {
  const bool is_salted = hash.size() >= 2 && crypt_digit(hash[0]) != std::string_view::npos &&
                         crypt_digit(hash[1]) != std::string_view::npos;
  return is_salted ? cost(password_cost{3000 * microsecond}) : std::nullopt;
}

}  // namespace

cost crypt_cost(std::string_view hash, std::size_t clear_bytes) {
  if (hash.size() > crypt_hash_bytes_max || !is_hash_text(hash)) return std::nullopt;
  const std::string_view kind = crypt_kind(hash);
  const std::string_view rest = hash.substr(std::min(kind.size(), hash.size()));
  if (kind == "$1$") return password_cost{200 * microsecond + 4 * microsecond * static_cast<double>(clear_bytes)};
  if (kind == "$3$") return password_cost{10 * microsecond};
  if (kind == "$5$") return sha_crypt_cost(rest, 10, clear_bytes);
  if (kind == "$6$") return sha_crypt_cost(rest, 8, clear_bytes);
  if (kind == "$7$") return scrypt_cost(rest);
  if (kind == "$y$" || kind == "$gy$") return yescrypt_cost(rest);
  if (kind == "$sha1$") return sha1_crypt_cost(rest, clear_bytes);
  if (kind == "$md5$" || kind == "$md5,") return sun_md5_cost(rest);
  if (kind.starts_with("$2")) return bcrypt_cost(rest);
  if (hash.starts_with('_')) return kind.empty() ? std::nullopt : extended_des_cost(hash.substr(1));
  return des_cost(hash);
}

cost argon2_cost(std::string_view hash) {
  const auto memory = number_between(hash, "$m=", ',');
  const auto passes = number_between(hash, ",t=", ',');
  const auto lanes = number_between(hash, ",p=", '$');
  if (!memory || !passes || !lanes) return std::nullopt;
  constexpr double blocks_a_lane_min = 8;
  const double blocks = std::max(*memory, blocks_a_lane_min * *lanes);
  return password_cost{blocks * *passes * 0.9 * microsecond, blocks * kib};
}

cost pbkdf2_cost(std::string_view algorithm, std::uint32_t iterations, std::size_t key_bytes) {
  struct digest {
    std::string_view name;
    std::size_t bytes;
    double seconds;  // one iteration
  };
  constexpr digest digests[] = {
      {"SHA1", 20, 0.5 * microsecond}, {"SHA256", 32, 0.45 * microsecond}, {"SHA512", 64, 1 * microsecond}};
  const auto* const found = std::find_if(std::begin(digests), std::end(digests),
                                         [&](const digest& known) { return known.name == algorithm; });
  if (found == std::end(digests)) return std::nullopt;
  const std::size_t blocks = (key_bytes + found->bytes - 1) / found->bytes;
  return password_cost{static_cast<double>(blocks) * iterations * found->seconds};
}

}  // namespace sql2ldap::codec::detail
