#include <sql2ldap/config/settings.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/config/detail/keys.hpp>

namespace sql2ldap::config {

namespace {

using member = std::variant<std::string settings::*, bool settings::*, std::uint64_t settings::*, limit settings::*,
                            std::optional<limit> settings::*, std::chrono::seconds settings::*,
                            std::vector<std::string> settings::*, std::map<std::string, std::string> settings::*>;

struct binding {
  key described;
  member target;
};

constexpr auto text_key = key_kind::text;
constexpr auto in_source = key_group::source;
constexpr auto in_directory = key_group::directory;
constexpr auto in_answers = key_group::answers;

const std::vector<binding>& bindings() {
  static const std::vector<binding> all = {
      {{"source", text_key, in_source, "URL", "SQL database: sqlite:FILE or postgresql://[USER@]HOST/DATABASE"},
       &settings::source},
      {{"mapping", text_key, in_source, "NAME|FILE", "a shipped mapping by name, or a file"}, &settings::mapping},
      {{"param", key_kind::table, in_source, "NAME=VALUE", "parameter of the mapping; may be repeated"},
       &settings::parameters},
      {{"source-timeout", key_kind::duration, in_source, "TIME",
        "give up on a PostgreSQL server that sends nothing for so long; default 5m, or off"},
       &settings::source_timeout},
      {{"directory", text_key, in_directory, "URI", "LDAP server: ldapi:///, ldaps://HOST, ldap://HOST"},
       &settings::directory},
      {{"base", text_key, in_directory, "DN", "where the entries go; default: the server's only naming context"},
       &settings::base},
      {{"bind-dn", text_key, in_directory, "DN", "whom to bind as; without it SASL EXTERNAL on ldapi"},
       &settings::bind_dn},
      {{"password-file", text_key, in_directory, "FILE", "password for --bind-dn, a file or a systemd credential"},
       &settings::password_file},
      {{"start-tls", key_kind::flag, in_directory, "", "StartTLS on an ldap:// connection"}, &settings::start_tls},
      {{"ca-file", text_key, in_directory, "FILE", "certificates to trust instead of the system's"},
       &settings::ca_file},
      {{"insecure", key_kind::flag, in_directory, "", "do not check the server's certificate"}, &settings::insecure},
      {{"single-writes", key_kind::flag, in_directory, "", "no transactions, also where the server offers them"},
       &settings::single_writes},
      {{"max-deletes", key_kind::limit, key_group::limits, "N|P%",
        "stop when more entries would be deleted; default 1%, or 5; sql2ldap-syncd holds them: 1%, or 100"},
       &settings::max_deletes},
      {{"max-changes", key_kind::limit, key_group::limits, "N|P%",
        "stop when more would change; default 20%; sql2ldap-syncd holds them"},
       &settings::max_changes},
      {{"max-domain-deletes", key_kind::number, key_group::daemon, "N",
        "hold when more domains would be deleted within delete-window; default 10, 0 for no limit"},
       &settings::max_domain_deletes},
      {{"max-deletes-per-domain", key_kind::number, key_group::daemon, "N",
        "hold when more entries of one domain would be deleted within delete-window; default 100, 0 for no limit"},
       &settings::max_deletes_per_domain},
      {{"delete-window", key_kind::duration, key_group::daemon, "TIME",
        "deletes that are committed within this time count together; default 60s"},
       &settings::delete_window},
      {{"log-changes", key_kind::flag, key_group::daemon, "", "log each entry that is changed, without values"},
       &settings::log_changes},
      {{"soft-delete", key_kind::duration, key_group::limits, "TIME",
        "turn an entry off when its row goes, and delete it so long after that day, as in 14d"},
       &settings::soft_delete},
      {{"state", text_key, key_group::state, "DIR",
        "folder for what a run leaves behind: rejects, the daemon's journal"},
       &settings::state},
      {{"capture", text_key, key_group::daemon, "wal|journal", "how changes are collected; default wal"},
       &settings::capture},
      {{"slot", text_key, key_group::daemon, "NAME", "replication slot for --capture wal; default sql2ldap"},
       &settings::slot},
      {{"publication", text_key, key_group::daemon, "NAME", "publication for --capture wal; default sql2ldap"},
       &settings::publication},
      {{"metrics", text_key, key_group::daemon, "ADDRESS:PORT", "serve metrics for Prometheus there"},
       &settings::metrics},
      {{"verify-every", key_kind::duration, key_group::daemon, "TIME",
        "compare everything beside the daemon, at low speed; default 24h, or off"},
       &settings::verify_every},
      {{"hook", text_key, key_group::daemon, "COMMAND",
        "run for each change that is applied; the absolute path of a program, and arguments"},
       &settings::hook},
      {{"hook-timeout", key_kind::duration, key_group::daemon, "TIME",
        "a hook that runs longer is killed; default 60s"},
       &settings::hook_timeout},
      {{"listen", key_kind::list, in_answers, "PROTOCOL:PLACE",
        "where mail servers ask, as in dict:/run/sql2ldap/dict,mode=0660,group=dovecot; may be repeated"},
       &settings::listen},
      {{"answer-from", text_key, in_answers, "directory|source", "where answers come from; default directory"},
       &settings::answer_from},
      {{"compare-with", text_key, in_answers, "directory|source",
        "ask there as well, afterwards, and count what differs"},
       &settings::compare_with},
      {{"mirror", key_kind::flag, in_answers, "", "ask the directory each time; without, its content is in memory",
        true},
       &settings::mirror},
      {{"mirror-age-max", key_kind::duration, in_answers, "TIME",
        "so long are answers given while the directory is away; default 24h, or off for always"},
       &settings::mirror_age_max},
      {{"domain-age-max", key_kind::duration, in_answers, "TIME",
        "without a mirror: so long logins take a domain that is on for one; default 5s, or off for a look each time"},
       &settings::domain_age_max},
      {{"read-every", key_kind::duration, in_answers, "TIME", "how often the source is read; default 60s"},
       &settings::read_every},
      {{"passwords", text_key, in_answers, "verify|bind",
        "verified here, or by the directory when it is bound to; default verify"},
       &settings::passwords},
      {{"scram", key_kind::flag, in_answers, "",
        "offer SCRAM too: where all passwords are stored for it, or in clear text"},
       &settings::scram},
      {{"separators", text_key, in_answers, "CHARACTERS",
        "of a local part and what its user may add to it; default +, as - for Virtual Exim; empty for none"},
       &settings::separators},
      {{"sieve-forwards", key_kind::flag, in_answers, "",
        "leave forwards to the mail server; without, Sieve scripts redirect as well as send absence notices", true},
       &settings::sieve_forwards},
      {{"workers", key_kind::number, in_answers, "N", "threads that verify passwords; default one for each processor"},
       &settings::workers},
      {{"hash-time-max", key_kind::duration, in_answers, "TIME",
        "a stored password that would take longer to verify is not; default 1s"},
       &settings::hash_time_max},
      {{"hash-memory-max", key_kind::number, in_answers, "MIB",
        "a stored password that would take more memory to verify is not; default 256"},
       &settings::hash_memory_max},
      {{"wrong-per-name", key_kind::number, in_answers, "N",
        "wrong passwords for a name from one address before none is looked at; default 10, 0 for no limit"},
       &settings::wrong_per_name},
      {{"wrong-per-address", key_kind::number, in_answers, "N", "the same for all names from one address; default 50"},
       &settings::wrong_per_address},
      {{"rehash", text_key, in_answers, "SCHEME",
        "hash passwords that are weakly stored anew at the login: SHA512-CRYPT, YESCRYPT or ARGON2ID"},
       &settings::rehash},
      {{"user", text_key, in_answers, "NAME", "whom to become when the sockets are open"}, &settings::user},
      {{"group", text_key, in_answers, "NAME", "with this group; default that of --user"}, &settings::group},
  };
  return all;
}

// What a percentage may mean at least; a handful of entries is no disaster in a small directory.
std::uint64_t floor_of(limit settings::*target) { return (settings{}.*target).entries; }
std::uint64_t floor_of(std::optional<limit> settings::*) { return run_deletes_default.entries; }

// Of one number.
std::uint64_t greatest(std::uint64_t settings::*target) {
  constexpr std::uint64_t mib_max = 1U << 20U;
  constexpr std::uint64_t counted_max = 1'000'000'000;
  if (target == &settings::workers) return limits::workers_max;
  return target == &settings::hash_memory_max ? mib_max : counted_max;
}

struct setter {
  settings& into;
  std::string_view name;
  std::string_view value;

  result<void> operator()(std::string settings::*target) const {
    into.*target = value;
    return {};
  }
  result<void> operator()(bool settings::*target) const {
    if (value != "true" && value != "false")
      return fail(error_kind::usage, fmt::format("{} is true or false, not {}", name, quoted_for_message(value)));
    into.*target = value == "true";
    return {};
  }
  result<void> operator()(std::uint64_t settings::*target) const {
    const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), into.*target);
    if (problem != std::errc{} || end != value.data() + value.size() || into.*target > greatest(target))
      return fail(error_kind::usage,
                  fmt::format("{} is a number up to {}, not {}", name, greatest(target), quoted_for_message(value)));
    return {};
  }
  result<void> operator()(std::vector<std::string> settings::*target) const {
    (into.*target).emplace_back(value);
    return {};
  }
  template <typename Limit>
  result<void> set_limit(Limit settings::*target) const {
    auto parsed = parse_limit(value, floor_of(target));
    if (!parsed) return tl::make_unexpected(std::move(parsed).error().within(fmt::format("reading {}", name)));
    into.*target = *parsed;
    return {};
  }
  result<void> operator()(limit settings::*target) const { return set_limit(target); }
  result<void> operator()(std::optional<limit> settings::*target) const { return set_limit(target); }
  result<void> operator()(std::chrono::seconds settings::*target) const {
    auto parsed = parse_duration(value);
    if (!parsed) return tl::make_unexpected(std::move(parsed).error().within(fmt::format("reading {}", name)));
    if (parsed->count() == 0 &&
        (target == &settings::hook_timeout || target == &settings::read_every || target == &settings::hash_time_max))
      return fail(error_kind::usage, fmt::format("{} cannot be 0", name));
    into.*target = *parsed;
    return {};
  }
  result<void> operator()(std::map<std::string, std::string> settings::*target) const {
    const auto equals = value.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return fail(error_kind::usage, fmt::format("{} wants NAME=VALUE, not {}", name, quoted_for_message(value)));
    (into.*target)[std::string(value.substr(0, equals))] = value.substr(equals + 1);
    return {};
  }
};

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

namespace detail {

const key* find_key(std::string_view name) noexcept {
  for (const binding& one : bindings())
    if (one.described.name == name) return &one.described;
  return nullptr;
}

std::string suggestion_for(std::string_view name) {
  const key* best = nullptr;
  std::size_t least = 3;  // more letters wrong than this is another word
  for (const key& candidate : keys()) {
    const std::size_t distance = edit_distance(ascii_lowered(name), candidate.name);
    if (distance <= least) {
      best = &candidate;
      least = distance == 0 ? 0 : distance - 1;
    }
  }
  if (best) return fmt::format("did you mean `{}`?", best->name);
  std::vector<std::string_view> names;
  for (const key& one : keys()) names.push_back(one.name);
  return fmt::format("known keys: {}", fmt::join(names, ", "));
}

}  // namespace detail

std::span<const key> keys() {
  static const std::vector<key> all = [] {
    std::vector<key> list;
    for (const binding& one : bindings()) list.push_back(one.described);
    return list;
  }();
  return all;
}

result<limit> parse_limit(std::string_view text, std::uint64_t floor) {
  const auto wrong = [&] {
    return fail(error_kind::usage, fmt::format("{} is not a limit", quoted_for_message(text)),
                "write a number of entries, as in 50, or a share, as in 2%");
  };
  const std::string_view number = trimmed(text);
  limit parsed;
  if (number.ends_with('%')) {
    const char* end = number.data() + number.size() - 1;
    const auto [stopped, problem] = std::from_chars(number.data(), end, parsed.percent);
    if (problem != std::errc{} || stopped != end || !(parsed.percent >= 0 && parsed.percent <= 100)) return wrong();
    parsed.entries = floor;
    return parsed;
  }
  const auto [stopped, problem] = std::from_chars(number.data(), number.data() + number.size(), parsed.entries);
  if (problem != std::errc{} || stopped != number.data() + number.size()) return wrong();
  return parsed;
}

result<std::chrono::seconds> parse_duration(std::string_view text) {
  const std::string_view all = trimmed(text);
  if (all == "off") return std::chrono::seconds(0);
  std::uint32_t number = 0;
  const auto [end, problem] = std::from_chars(all.data(), all.data() + all.size(), number);
  const std::string_view unit = all.substr(static_cast<std::size_t>(end - all.data()));
  if (problem == std::errc{}) {
    if (unit.empty() || unit == "s") return std::chrono::seconds(number);
    if (unit == "m") return std::chrono::minutes(number);
    if (unit == "h") return std::chrono::hours(number);
    if (unit == "d") return std::chrono::hours(24) * number;
  }
  return fail(error_kind::usage, fmt::format("{} is not a time", quoted_for_message(text)),
              "write a number and s, m, h or d, as in 90s, 24h or 14d, or off");
}

result<void> set(settings& into, std::string_view name, std::string_view value) {
  for (const binding& one : bindings())
    if (one.described.name == name)
      return std::visit([&](auto target) { return setter{into, name, value}(target); }, one.target);
  return fail(error_kind::usage, fmt::format("unknown key {}", quoted_for_message(name)), detail::suggestion_for(name));
}

result<secret> read_password(const settings& from) {
  if (from.password_file.empty()) return secret{};
  std::string path = from.password_file;
  if (path.find('/') == std::string::npos) {
    const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
    struct stat unused {};
    if (credentials != nullptr && stat((std::string(credentials) + '/' + path).c_str(), &unused) == 0)
      path = std::string(credentials) + '/' + path;
  }
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0)
    return fail(error_kind::usage, fmt::format("cannot read the password file {}", path));
  if ((facts.st_mode & S_IROTH) != 0)
    return fail(error_kind::usage, fmt::format("everybody may read the password file {}", path),
                fmt::format("chmod 600 {}", path));
  std::ifstream in(path, std::ios::binary);
  std::string bytes(limits::password_file_bytes_max + 1, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (in.gcount() == 0 && !in.eof())
    return fail(error_kind::usage, fmt::format("cannot read the password file {}", path));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  if (bytes.size() > limits::password_file_bytes_max)
    return fail(error_kind::usage, fmt::format("the password file {} is longer than a password", path));
  if (bytes.ends_with('\n')) bytes.pop_back();
  if (bytes.ends_with('\r')) bytes.pop_back();
  if (bytes.empty()) return fail(error_kind::usage, fmt::format("the password file {} is empty", path));
  return secret(std::move(bytes));
}

}  // namespace sql2ldap::config
