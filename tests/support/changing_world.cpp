#include <support/changing_world.hpp>

#include <algorithm>
#include <map>
#include <utility>

#include <sql2ldap/model/dn.hpp>

namespace sql2ldap::test {
namespace {

// The kinds of `world`, and their parents by value, by a join, made and skipped.
const char* const joined_text = R"(mapping "world"
entry domain from domain d {
  key d.name
  under "ou=domains"
  rdn associatedDomain = d.name | lower
  class s2lMailDomain
  description = d.note | nonempty
  s2lEnabled = d.active | flag
}
entry account from mailbox m where not (exists list l on l.name = m.username) {
  join domain d on d.name = m.domain
  many alias a on a.mailbox = m.id
  key m.id
  under domain(d)
  orphan skip
  rdn uid = m.username | lower
  class inetOrgPerson, inetLocalMailRecipient, s2lMailAccount
  cn, sn = m.name | nonempty | else(m.username)
  mailLocalAddress = a.address | lower
  description = d.note | nonempty
  s2lQuotaBytes = m.quota | absent(0) | integer
  s2lEnabled = m.active | flag
}
entry list from list l {
  key l.id
  under domain(l.domain)
  orphan make
  rdn uid = l.name | lower
  class account, s2lMailGroup
  description = l.name
  s2lEnabled = l.active | flag
}
)";

}  // namespace

changing_world::changing_world(std::uint64_t seed)
    : hosts(seed % 2 == 0, seed / 2 % 2 == 0 ? world_mapping_text() : std::string(joined_text)), random_(seed) {
  hosts.limits.enforced = false;
}

std::string changing_world::name() { return std::string(1, static_cast<char>('a' + pick(4))); }
std::string changing_world::domain_name() { return (chance(8) ? "D" : "d") + std::to_string(pick(3)) + ".example"; }

void changing_world::strangers() {
  hosts.directory.load(
      "dn: dc=example\nobjectClass: organization\nobjectClass: dcObject\ndc: example\no: x\n\n"
      "dn: ou=domains,dc=example\nobjectClass: organizationalUnit\nou: domains\n\n"
      "dn: associatedDomain=d1.example,ou=domains,dc=example\nobjectClass: s2lMailDomain\n"
      "associatedDomain: d1.example\ndescription: by hand\n\n"
      "dn: uid=b,associatedDomain=d1.example,ou=domains,dc=example\nobjectClass: account\nuid: b\n\n");
}

// What a feed tells: all of a row as it is; of a row as it was, all or the key alone.
void changing_world::tell(const std::string& table, const std::vector<std::optional<std::string>>& row, bool whole) {
  const fake_table& t = hosts.source.tables[table];
  model::row_image image{"", table, {}};
  for (std::size_t i = 0; i < row.size(); ++i)
    if (whole || i == 0) image.columns[t.columns[i]] = row[i];
  changed_.push_back(std::move(image));
}

void changing_world::change_tables(std::size_t times) {
  for (; times > 0; --times) {
    switch (pick(5)) {
      case 0: {
        const std::string d = domain_name();
        replace("domain", d, chance(3), {d, chance(2) ? name() : "", std::string(chance(8) ? "?" : "1")});
        break;
      }
      case 1: {
        const std::string id = std::to_string(pick(6));
        replace(
            "mailbox", id, chance(4),
            {id, chance(10) ? "" : name(), domain_name(), name(), chance(10) ? "{NOSUCH}x" : stored_password("salt"),
             chance(10) ? "not a number" : std::to_string(pick(3)), chance(4) ? "0" : "1"});
        break;
      }
      case 2: {
        const std::string id = std::to_string(pick(6));
        replace("alias", id, chance(2), {id, name() + "@x.example"});
        break;
      }
      case 3: {  // an entry that stays where it is
        const auto& rows = hosts.source.tables["mailbox"].rows;
        if (rows.empty()) break;
        auto row = rows[pick(rows.size())];
        row[5] = std::to_string(pick(9));
        replace("mailbox", *row.front(), false, row);
        break;
      }
      default: {
        const std::string id = std::to_string(pick(3));
        // In one letter case: which child's spelling a made parent has in its origin is left open. And
        // not where a stranger is: whether a row waits for that name, or only children, is not known.
        const std::string d = chance(3) ? "made.example" : chance(2) ? "d0.example" : "d2.example";
        replace("list", id, chance(3), {id, name(), d, "1"});
      }
    }
  }
}

void changing_world::replace(const std::string& table, const std::string& key, bool drop,
                             std::vector<std::optional<std::string>> row) {
  auto& rows = hosts.source.tables[table].rows;
  const bool whole = table == "alias" || chance(2);
  const auto old = std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.front() == key; });
  if (old != rows.end()) {
    tell(table, *old, whole);
    rows.erase(old);
  }
  if (drop) return;
  tell(table, row, true);
  rows.push_back(std::move(row));
}

void changing_world::rewrite_column() {
  const std::size_t column = 1 + pick(3);  // of the user's name, domain, and name for people
  auto& rows = hosts.source.tables["mailbox"].rows;
  if (rows.size() < 2) return;
  for (std::size_t i = 1; i < rows.size(); ++i) std::swap(rows[i - 1][column], rows[i][column]);
}

namespace {
constexpr std::size_t renamed_column = 3;
constexpr const char* renamed_to = "name_before";
}  // namespace

void changing_world::rename_column() { hosts.source.tables["mailbox"].columns[renamed_column] = renamed_to; }
void changing_world::rename_column_back() { hosts.source.tables["mailbox"].columns[renamed_column] = "name"; }
bool changing_world::fits_mapping() const {
  return hosts.source.tables.at("mailbox").columns[renamed_column] != renamed_to;
}

void changing_world::disturb() {
  using fault = fake_directory::fault;
  hosts.directory.on_write = [this] { return chance(2) ? static_cast<fault>(1 + pick(6)) : fault::none; };
  if (chance(3)) hosts.directory.cut = [this] { return chance(10); };
  if (chance(3)) hosts.source.cut = [this] { return chance(10); };
}

void changing_world::undisturbed() {
  hosts.directory.on_write = [] { return fake_directory::fault::none; };
  hosts.directory.cut = [] { return false; };
  hosts.source.cut = [] { return false; };
}

std::string changing_world::tables() const {
  std::string out;
  for (const auto& [name, table] : hosts.source.tables)
    for (const auto& row : table.rows) {
      out += name + ":";
      for (const auto& value : row) out += " " + value.value_or("NULL");
      out += "\n";
    }
  return out;
}

// One of ours that cannot go to its new name, since a stranger has it, keeps its old parent.
bool changing_world::has_entries_below(const std::string& dn) const {
  const model::dn above = *model::dn::parse(dn);
  const auto all = hosts.directory.all();
  return std::any_of(all.begin(), all.end(), [&](const model::entry* e) {
    const model::dn name = *model::dn::parse(e->dn());
    return name.is_below(above) && name.normal_form() != above.normal_form();
  });
}

bool changing_world::is_rejected(const std::string& origin) const {
  return std::any_of(hosts.rejects.begin(), hosts.rejects.end(),
                     [&](const model::reject& r) { return r.origin == origin; });
}

// What a full run finds to do, and what it rejects that is not in `aside`, or the other way round.
std::string changing_world::differences(const model::set_aside_list* aside) {
  std::string out;
  for (const sync::difference& d : hosts.verify())
    if (d.kind != sync::difference::what::foreign && d.kind != sync::difference::what::stale &&
        !has_entries_below(d.dn) && !is_rejected(d.origin))
      out += d.dn + " " + d.origin + "\n";
  if (aside == nullptr) return out;
  std::map<std::string, int> rejected;
  for (const model::reject& r : hosts.rejects)
    if (!r.origin.empty()) rejected[r.origin] |= 1;
  for (const auto& [origin, why] : *aside)
    if (!why.skipped) rejected[origin] |= why.left_over ? 3 : 2;  // verify does not try to delete
  for (const auto& [origin, sides] : rejected)
    if (sides != 3)
      out += (sides == 1 ? "not set aside: " : "set aside for nothing: ") + origin +
             (sides == 1 ? std::string() : " (" + aside->at(origin).reason + ")") + "\n";
  return out;
}

std::vector<model::row_image> changing_world::take_changes() { return std::exchange(changed_, {}); }

std::string described(const std::vector<model::row_image>& changes) {
  std::string out;
  for (const model::row_image& row : changes) {
    out += "told: " + row.table;
    for (const auto& [column, value] : row.columns) out += " " + column + "=" + value.value_or("NULL");
    out += "\n";
  }
  return out;
}

}  // namespace sql2ldap::test
