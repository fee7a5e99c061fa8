#include <algorithm>
#include <array>
#include <unordered_map>

#include <sql2ldap/mapping/detail/stages.hpp>

namespace sql2ldap::mapping::detail {

namespace {

using k = stage_kind;
using a = arguments;

constexpr std::uint8_t any = 255;

stage_facts each(k kind, std::string_view name, a takes, int least, int most, value_get get, value_put put,
                 std::string_view one_way = {}) {
  return {kind,    name,    takes,  static_cast<std::uint8_t>(least), static_cast<std::uint8_t>(most), get, put,
          nullptr, nullptr, one_way};
}
stage_facts whole(k kind, std::string_view name, a takes, int least, int most, list_get get, list_put put,
                  std::string_view one_way = {}) {
  return {kind, name, takes,  static_cast<std::uint8_t>(least), static_cast<std::uint8_t>(most), nullptr, nullptr,
          get,  put,  one_way};
}
stage_facts gathering(stage_facts f) {
  f.gathers = true;
  return f;
}
stage_facts multiplying(stage_facts f) {
  f.several = true;
  return f;
}
stage_facts reading_bytes(stage_facts f) {
  f.takes_bytes = true;
  return f;
}
stage_facts dropping(stage_facts f, list_put put) {
  f.put_list = put;
  return f;
}

const std::array table = {
    each(k::lower, "lower", a::none, 0, 0, lens::get_lower, lens::put_same),
    each(k::upper, "upper", a::none, 0, 0, lens::get_upper, lens::put_same),
    each(k::trim, "trim", a::none, 0, 0, lens::get_trim, lens::put_same),
    dropping(each(k::nonempty, "nonempty", a::none, 0, 0, lens::get_nonempty, lens::put_same), lens::put_nonempty),
    whole(k::otherwise, "else", a::values, 1, any, lens::get_otherwise, lens::put_otherwise),
    dropping(each(k::absent, "absent", a::texts, 1, any, lens::get_absent, lens::put_same), lens::put_absent),
    gathering(whole(k::present, "present", a::none, 0, 0, lens::get_present, lens::put_present)),
    each(k::flag, "flag", a::flag, 0, 2, lens::get_flag, lens::put_flag),
    each(k::negate, "not", a::none, 0, 0, lens::get_negate, lens::put_negate),
    whole(k::conjunction, "and", a::values, 1, any, lens::get_conjunction, nullptr, "`and` joins several flags"),
    whole(k::disjunction, "or", a::values, 1, any, lens::get_disjunction, nullptr, "`or` joins several flags"),
    whole(k::when, "when", a::values, 1, 1, lens::get_when, nullptr, "`when` hides values by another column"),
    dropping(each(k::map, "map", a::map, 1, any, lens::get_map, lens::put_map), lens::put_map_list),
    each(k::scale, "scale", a::number, 1, 1, lens::get_scale, lens::put_scale),
    each(k::integer, "integer", a::none, 0, 0, lens::get_integer, lens::put_same),
    each(k::bytes, "bytes", a::unit, 0, 1, lens::get_bytes, lens::put_bytes),
    multiplying(whole(k::split, "split", a::texts, 1, 1, lens::get_split, lens::put_split)),
    gathering(whole(k::join, "join", a::texts, 1, 1, lens::get_join, lens::put_join)),
    gathering(whole(k::first, "first", a::none, 0, 0, lens::get_first, nullptr, "`first` drops the other values")),
    gathering(whole(k::last, "last", a::none, 0, 0, lens::get_last, nullptr, "`last` drops the other values")),
    gathering(whole(k::sort, "sort", a::none, 0, 0, lens::get_sort, nullptr, "`sort` loses the order")),
    gathering(whole(k::unique, "unique", a::none, 0, 0, lens::get_unique, nullptr, "`unique` drops values")),
    each(k::match, "match", a::texts, 1, any, lens::get_match, nullptr, "`match` drops values"),
    each(k::drop, "drop", a::texts, 1, any, lens::get_drop, nullptr, "`drop` drops values"),
    each(k::prefix, "prefix", a::texts, 1, 1, lens::get_prefix, lens::put_prefix),
    each(k::suffix, "suffix", a::texts, 1, 1, lens::get_suffix, lens::put_suffix),
    each(k::strip_prefix, "strip_prefix", a::texts, 1, 1, lens::get_strip_prefix, lens::put_strip_prefix),
    each(k::strip_suffix, "strip_suffix", a::texts, 1, 1, lens::get_strip_suffix, lens::put_strip_suffix),
    each(k::replace, "replace", a::texts, 2, 2, lens::get_replace, nullptr, "`replace` forgets where it replaced"),
    each(k::localpart, "localpart", a::none, 0, 0, lens::get_localpart, nullptr, "`localpart` drops the domain"),
    each(k::domainpart, "domainpart", a::none, 0, 0, lens::get_domainpart, nullptr,
         "`domainpart` drops the local part"),
    each(k::idna, "idna", a::none, 0, 0, lens::get_idna, lens::put_same),
    each(k::address, "address", a::none, 0, 0, lens::get_address, lens::put_same),
    each(k::mailbox, "mailbox", a::none, 0, 0, lens::get_mailbox, lens::put_same),
    each(k::ia5, "ia5", a::none, 0, 0, lens::get_ia5, lens::put_same),
    each(k::path, "path", a::none, 0, 0, lens::get_path, lens::put_same),
    each(k::time, "time", a::zone, 0, 1, lens::get_time, lens::put_time),
    each(k::password, "password", a::password, 0, 3, lens::get_password, lens::put_password),
    reading_bytes(each(k::decode, "decode", a::decode, 1, 2, lens::get_decode, lens::put_decode)),
    multiplying(whole(k::json, "json", a::texts, 1, 1, lens::get_json, lens::put_json)),
    each(k::limit, "limit", a::number, 1, 1, lens::get_limit, lens::put_same),
    each(k::at_least, "at_least", a::number, 1, 1, lens::get_at_least, lens::put_same),
    gathering(whole(k::required, "required", a::texts, 1, 1, lens::get_required, lens::put_required)),
    whole(k::reject, "reject", a::texts, 1, 1, lens::get_reject, nullptr, "`reject` lets no row pass"),
};

// Old source values whose result is still wanted stay, in their order; the others are made anew.
bool put_each(run& r, const stage& s, value_put back, const list& wanted, const list& old, list& out) {
  std::unordered_map<std::string_view, bool> kept;  // wanted value -> has a source value
  for (const std::string_view w : wanted) kept.emplace(w, false);
  const std::string_view* first_lost = nullptr;
  for (const std::string_view& o : old) {
    std::string_view image;
    r.reason.clear();
    const got g = facts_of(s.kind).get_value(r, s, o, image);
    const auto found = g == got::value ? kept.find(image) : kept.end();
    if (found != kept.end()) {
      found->second = true;
      out.push_back(o);
    } else if (g != got::objection && first_lost == nullptr) {
      first_lost = &o;
    }
  }
  for (const std::string_view w : wanted) {
    bool& there = kept.find(w)->second;
    if (there) continue;
    there = true;
    std::string_view source;
    if (!back(r, s, w, first_lost, source)) return false;
    out.push_back(source);
  }
  return true;
}

}  // namespace

std::span<const stage_facts> all_stages() noexcept { return table; }
const stage_facts& facts_of(stage_kind kind) noexcept { return table[static_cast<std::size_t>(kind)]; }

const stage_facts* find_stage(std::string_view name) noexcept {
  const auto* const found =
      std::find_if(table.begin(), table.end(), [&](const stage_facts& f) { return f.name == name; });
  return found == table.end() ? nullptr : found;
}

bool get(run& r, const stage& s, std::size_t first) {
  const stage_facts& f = table[static_cast<std::size_t>(s.kind)];
  if (f.get_list != nullptr) return f.get_list(r, s, first);
  const std::size_t count = r.values.size();
  std::size_t kept = first;
  for (std::size_t i = first; i < count; ++i) {
    std::string_view out;
    const got g = f.get_value(r, s, r.values[i], out);
    if (g == got::objection) return false;
    if (g == got::value) r.values[kept++] = out;
  }
  r.values.resize(kept);
  return true;
}

bool put(run& r, const stage& s, const list& wanted, const list& old, list& out) {
  const stage_facts& f = facts_of(s.kind);
  if (!f.one_way.empty()) return r.object(std::string(f.one_way));
  if (f.put_list != nullptr) return f.put_list(r, s, wanted, old, out);
  return put_each(r, s, f.put_value, wanted, old, out);
}

// ---- stages that drop values ------------------------------------------------------------------

namespace lens {

bool put_nonempty(run& r, const stage& s, const list& wanted, const list& old, list& out) {
  if (!put_each(r, s, put_same, wanted, old, out)) return false;
  if (out.empty()) out.emplace_back("");
  return true;
}

bool put_absent(run& r, const stage& s, const list& wanted, const list& old, list& out) {
  if (!put_each(r, s, put_same, wanted, old, out)) return false;
  if (out.empty()) out.emplace_back(s.texts.front());
  return true;
}

bool put_map_list(run& r, const stage& s, const list& wanted, const list& old, list& out) {
  if (!put_each(r, s, put_map, wanted, old, out)) return false;
  if (!out.empty()) return true;
  const auto none = std::find_if(s.choices.begin(), s.choices.end(), [](const choice& c) { return !c.to; });
  if (none != s.choices.end()) out.emplace_back(none->from);
  return true;
}

}  // namespace lens

}  // namespace sql2ldap::mapping::detail
