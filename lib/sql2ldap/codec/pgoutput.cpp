#include <sql2ldap/codec/pgoutput.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace sql2ldap::codec::pgoutput {

namespace {

// pg_type.dat
constexpr std::uint32_t bool_oid = 16;
constexpr std::uint32_t bytea_oid = 17;
constexpr std::uint32_t name_oid = 19;
constexpr std::uint32_t int8_oid = 20;
constexpr std::uint32_t int2_oid = 21;
constexpr std::uint32_t int4_oid = 23;
constexpr std::uint32_t text_oid = 25;
constexpr std::uint32_t bpchar_oid = 1042;
constexpr std::uint32_t varchar_oid = 1043;
constexpr std::uint32_t uuid_oid = 2950;

// Reads big-endian numbers and texts; after the first that is not there, nothing more.
class reader {
 public:
  explicit reader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number(std::size_t bytes) {
    std::uint64_t out = 0;
    for (const char c : take(bytes)) out = out << 8U | static_cast<unsigned char>(c);
    return out;
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  char letter() { return static_cast<char>(u8()); }
  std::string_view take(std::size_t bytes) {
    if (rest_.size() < bytes) {
      good_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view out = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return out;
  }
  std::string_view text() {  // ends with NUL
    const std::size_t end = rest_.find('\0');
    if (end == std::string_view::npos) return take(rest_.size() + 1);
    const std::string_view out = take(end);
    take(1);
    return out;
  }
  void fail() { good_ = false; }

  [[nodiscard]] bool good() const noexcept { return good_; }
  [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

begin read_begin(reader& in) {
  begin out;
  out.final_lsn = in.u64();
  out.commit_time_us = static_cast<std::int64_t>(in.u64());
  out.xid = in.u32();
  return out;
}

commit read_commit(reader& in) {
  commit out;
  in.u8();  // flags, unused
  out.commit_lsn = in.u64();
  out.end_lsn = in.u64();
  out.commit_time_us = static_cast<std::int64_t>(in.u64());
  return out;
}

relation read_relation(reader& in) {
  relation out;
  out.oid = in.u32();
  out.schema = in.text();
  if (out.schema.empty()) out.schema = "pg_catalog";
  out.table = in.text();
  out.replica_identity = in.letter();
  const std::uint16_t columns = in.u16();
  for (std::uint16_t i = 0; i < columns && in.good(); ++i) {
    column c;
    c.key = (in.u8() & 1U) != 0;
    c.name = in.text();
    c.type_oid = in.u32();
    in.u32();  // the type's modifier
    out.columns.push_back(std::move(c));
  }
  return out;
}

tuple read_tuple(reader& in) {
  tuple out;
  const std::uint16_t columns = in.u16();
  for (std::uint16_t i = 0; i < columns && in.good(); ++i) {
    switch (in.letter()) {
      case 'n':
        out.push_back({value::what::null, {}});
        break;
      case 'u':
        out.push_back({value::what::unchanged, {}});
        break;
      case 't':
        out.push_back({value::what::text, in.take(in.u32())});
        break;
      default:
        in.fail();
    }
  }
  return out;
}

row_change read_change(reader& in, row_change::what kind) {
  row_change out;
  out.kind = kind;
  out.oid = in.u32();
  char mark = in.letter();
  if (kind != row_change::what::insert && (mark == 'K' || mark == 'O')) {
    out.has_old = mark == 'K' ? old_row::key : old_row::full;
    out.old = read_tuple(in);
    if (kind == row_change::what::remove) return out;
    mark = in.letter();
  }
  if (mark != 'N' || kind == row_change::what::remove) in.fail();
  out.now = read_tuple(in);
  return out;
}

truncate read_truncate(reader& in) {
  truncate out;
  const std::uint32_t count = in.u32();
  in.u8();  // cascade, restart identity
  for (std::uint32_t i = 0; i < count && in.good(); ++i) out.oids.push_back(in.u32());
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  if (!text.starts_with("\\x") || text.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (std::size_t i = 2; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

// nullopt: its text is not that of a row.
std::optional<std::string> as_in_rows(std::uint32_t type_oid, std::string_view text) {
  switch (type_oid) {
    case bool_oid:
    case name_oid:
    case int8_oid:
    case int2_oid:
    case int4_oid:
    case text_oid:
    case varchar_oid:
    case uuid_oid:
      return std::string(text);
    case bpchar_oid:  // sent padded; as text it is not
      return std::string(text.substr(0, text.find_last_not_of(' ') + 1));
    case bytea_oid:
      return from_hex(text);
    default:
      return std::nullopt;
  }
}

}  // namespace

result<message> parse(std::string_view bytes) {
  reader in(bytes);
  const char kind = in.letter();
  message out;
  switch (kind) {
    case 'B':
      out = read_begin(in);
      break;
    case 'C':
      out = read_commit(in);
      break;
    case 'R':
      out = read_relation(in);
      break;
    case 'I':
      out = read_change(in, row_change::what::insert);
      break;
    case 'U':
      out = read_change(in, row_change::what::update);
      break;
    case 'D':
      out = read_change(in, row_change::what::remove);
      break;
    case 'T':
      out = read_truncate(in);
      break;
    case 'O': {
      origin from;
      from.lsn = in.u64();
      from.name = in.text();
      out = std::move(from);
      break;
    }
    case 'Y':
    case 'M':
      return message(ignored{});
    default:
      return fail(error_kind::input, bytes.empty() ? std::string("an empty message of pgoutput")
                                                   : fmt::format("a message of pgoutput of the unknown kind {:#04x}",
                                                                 static_cast<unsigned char>(kind)));
  }
  if (!in.good())
    return fail(error_kind::input, fmt::format("a message '{}' of pgoutput that is cut off or garbled", kind));
  if (in.left() > 0)
    return fail(error_kind::input, fmt::format("a message '{}' of pgoutput with {} bytes left over", kind, in.left()));
  return out;
}

model::row_image image_of(const relation& table, const tuple& row, bool key_only) {
  model::row_image out{table.schema, table.table, {}};
  for (std::size_t i = 0; i < std::min(row.size(), table.columns.size()); ++i) {
    const column& c = table.columns[i];
    if (key_only && !c.key) continue;
    if (row[i].kind == value::what::null) {
      out.columns.emplace(c.name, std::nullopt);
    } else if (row[i].kind == value::what::text) {
      if (auto text = as_in_rows(c.type_oid, row[i].bytes)) out.columns.emplace(c.name, std::move(text));
    }
  }
  return out;
}

model::row_image image_of_old(const relation& table, const tuple& row, bool key_only) {
  model::row_image out = image_of(table, row, key_only);
  if (table.is_partitioned) std::erase_if(out.columns, [](const auto& column) { return !column.second; });
  return out;
}

std::optional<std::set<std::string, std::less<>>> changed_columns(const relation& table, const row_change& change) {
  if (change.kind != row_change::what::update || change.has_old != old_row::full) return std::nullopt;
  if (change.old.size() != table.columns.size() || change.now.size() != table.columns.size()) return std::nullopt;
  std::set<std::string, std::less<>> out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const value& now = change.now[i];
    if (now.kind == value::what::unchanged) continue;
    const bool may_be_unknown = table.is_partitioned && change.old[i].kind == value::what::null;
    if (may_be_unknown || now.kind != change.old[i].kind || now.bytes != change.old[i].bytes)
      out.insert(table.columns[i].name);
  }
  return out;
}

}  // namespace sql2ldap::codec::pgoutput
