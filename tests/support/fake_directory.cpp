#include <support/fake_directory.hpp>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/ldif.hpp>
#include <sql2ldap/codec/schema_definition.hpp>
#include <sql2ldap/model/uuid.hpp>
#include <sql2ldap/sync/detail/any_name.hpp>
#include <sql2ldap/sync/diff.hpp>

namespace sql2ldap::test {
namespace {

using model::attribute_name;

bool is_prefix(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return a.size() <= b.size() && std::equal(a.begin(), a.end(), b.begin());
}

model::dn parsed(std::string_view text) {
  result<model::dn> out = model::dn::parse(text);
  if (!out) throw std::logic_error("no DN: " + std::string(text));
  return *std::move(out);
}

bool has_value(const model::entry& e, attribute_name name, std::string_view value) {
  const auto values = sync::values_by_any_name(e, name, codec::builtin_schema());
  const auto rule = codec::builtin_schema().equality_of(name);
  return std::any_of(values.begin(), values.end(),
                     [&](std::string_view v) { return model::values_match(rule, v, value); });
}

// As much of RFC 4515 as the program asks: and, or, not, present, equal.
class filter {
 public:
  explicit filter(std::string_view text) : rest_(text) {}
  bool matches(const model::entry& e) {
    take('(');
    bool out = false;
    if (peek() == '&' || peek() == '|') {
      const bool all = rest_.front() == '&';
      rest_.remove_prefix(1);
      out = all;
      while (peek() == '(') {
        const bool one = matches(e);
        out = all ? out && one : out || one;
      }
    } else if (peek() == '!') {
      rest_.remove_prefix(1);
      out = !matches(e);
    } else {
      const std::size_t end = rest_.find(')');
      const std::string_view item = rest_.substr(0, end);
      const std::size_t equal = item.find('=');
      const attribute_name name(item.substr(0, equal));
      const std::string_view value = item.substr(equal + 1);
      out = value == "*" ? e.has(name) : has_value(e, name, value);
      rest_.remove_prefix(end);
    }
    take(')');
    return out;
  }

 private:
  [[nodiscard]] char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  void take(char c) {
    if (peek() != c) throw std::logic_error("filter");
    rest_.remove_prefix(1);
  }
  std::string_view rest_;
};

class stream : public model::entry_stream {
 public:
  stream(std::vector<model::entry> entries, fake_directory& owner, bool cut_by_limit)
      : entries_(std::move(entries)), owner_(owner), cut_by_limit_(cut_by_limit) {}
  result<const model::entry*> next() override {
    if (owner_.cut()) return fail_transient(error_kind::directory, "the connection was lost");
    if (next_ < entries_.size()) return &entries_[next_++];
    if (!cut_by_limit_) return nullptr;
    error e;
    e.kind = error_kind::directory;
    e.ldap_code = 4;
    e.message = "sizeLimitExceeded";
    return tl::make_unexpected(std::move(e));
  }

 private:
  std::vector<model::entry> entries_;
  fake_directory& owner_;
  bool cut_by_limit_;
  std::size_t next_ = 0;
};

std::string uuid_of(std::uint64_t number) {
  model::entry_uuid out{};
  for (std::size_t i = out.size(); i-- > 8; number >>= 8U) out.at(i) = static_cast<std::uint8_t>(number & 0xffU);
  return model::uuid_text(out);
}

std::string structural_class(const model::entry& e) {
  const model::schema& schema = codec::builtin_schema();
  std::string out;
  for (const std::string_view v : e.values_of(model::names::object_class)) {
    const model::object_class* c = schema.find_class(v);
    if (c == nullptr || c->type != model::object_class::kind::structural) continue;
    // The one that is nobody's superior.
    const auto is_above = [&](std::string_view other) {
      const model::object_class* o = schema.find_class(other);
      while (o != nullptr && !o->sup.empty()) {
        o = schema.find_class(o->sup.front());
        if (o == c) return true;
      }
      return false;
    };
    const auto all = e.values_of(model::names::object_class);
    if (std::none_of(all.begin(), all.end(), is_above)) out = ascii_lowered(c->names.front());
  }
  return out;
}

}  // namespace

fake_directory::fake_directory(std::string suffix, bool transactions)
    : suffix_(path_of(suffix)), suffix_text_(std::move(suffix)), transactions_(transactions) {}

fake_directory::path fake_directory::path_of(std::string_view dn) {
  path out;
  for (model::dn at = parsed(dn); !at.empty(); at = at.parent()) {
    const std::string full = at.normal_form();
    const std::string above = at.parent().normal_form();
    out.push_back(full.substr(0, full.size() - above.size()));
  }
  std::reverse(out.begin(), out.end());
  return out;
}

void fake_directory::load(const std::string& ldif) {
  std::istringstream in(ldif);
  codec::ldif_reader reader(in);
  while (true) {
    auto record = reader.next();
    if (!record) throw std::logic_error(record.error().text());
    if (!*record) return;
    const auto& content = std::get<model::entry>(**record);
    if (const auto why = add(tree_, content)) throw std::logic_error(std::string(content.dn()) + ": " + why->text);
    number({"", model::add_entry{content}});
  }
}

std::optional<std::string> fake_directory::try_change(const model::change& what) {
  if (const auto why = apply(tree_, what)) return why->text;
  number(what);
  return std::nullopt;
}

const model::entry* fake_directory::find(std::string_view dn) const {
  const auto found = tree_.find(path_of(dn));
  return found == tree_.end() ? nullptr : &found->second;
}

std::vector<const model::entry*> fake_directory::all() const {
  std::vector<const model::entry*> out;
  for (const auto& [where, content] : tree_) out.push_back(&content);
  return out;
}

std::string fake_directory::dump() const {
  std::string out;
  for (const auto& [where, content] : tree_) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < content.size(); ++i)
      if (!(content[i].name == model::names::entry_uuid))
        codec::append_ldif_value(lines.emplace_back(), content[i].name.folded(), content[i].bytes);
    std::sort(lines.begin(), lines.end());
    codec::append_ldif_value(out, "dn", content.dn());
    for (const std::string& line : lines) out += line;
    out += '\n';
  }
  return out;
}

result<model::directory_facts> fake_directory::describe() {
  model::directory_facts out;
  out.vendor = "fake";
  out.naming_contexts = {suffix_text_};
  out.transactions = transactions_;
  out.authorization_id = "dn:cn=sync," + suffix_text_;
  out.schema = codec::builtin_schema();
  return out;
}

result<std::unique_ptr<model::entry_stream>> fake_directory::search(const model::search_request& what) {
  if (cut()) return fail_transient(error_kind::directory, "the connection was lost");
  if (broken) return fail(error_kind::directory, "internal error (80)");
  const path base = path_of(what.base);
  std::vector<model::entry> found;
  bool limited = false;
  if (!tree_.contains(base) || is_hidden(what.base)) {
    if (what.scope == model::search_scope::base) return std::make_unique<stream>(std::move(found), *this, false);
    error e;
    e.kind = error_kind::directory;
    e.ldap_code = 32;
    e.message = "noSuchObject: " + what.base;
    return tl::make_unexpected(std::move(e));
  }
  for (auto at = tree_.find(base); at != tree_.end() && is_prefix(base, at->first); ++at) {
    const std::size_t below = at->first.size() - base.size();
    if ((what.scope == model::search_scope::base && below != 0) ||
        (what.scope == model::search_scope::one_level && below != 1) || is_hidden(at->second.dn()) ||
        !filter(what.filter).matches(shown(at->second)))
      continue;
    if (size_limit && found.size() == *size_limit) {
      limited = true;
      break;
    }
    model::entry out;
    out.set_dn(at->second.dn());
    const auto asked = [&](attribute_name n) {
      if (what.attributes.empty()) return !(n == model::names::entry_uuid);
      return std::find(what.attributes.begin(), what.attributes.end(), n) != what.attributes.end();
    };
    for (std::size_t i = 0; i < at->second.size(); ++i)
      if (asked(at->second[i].name) && !hidden_attributes.contains(at->second[i].name))
        out.add(at->second[i].name, at->second[i].bytes);
    found.push_back(std::move(out));
    if (what.entries_max != 0 && found.size() == what.entries_max) break;
  }
  return std::make_unique<stream>(std::move(found), *this, limited);
}

std::optional<fake_directory::no> fake_directory::acceptable(const model::entry& content) const {
  const model::schema& schema = codec::builtin_schema();
  if (!content.has(model::names::object_class)) return no{65, "no objectClass"};
  if (structural_class(content).empty()) return no{65, "no structural class"};
  std::vector<std::string> classes;
  for (const auto v : content.values_of(model::names::object_class)) classes.emplace_back(v);
  const bool is_extensible = std::find(classes.begin(), classes.end(), "extensibleObject") != classes.end();
  for (const attribute_name name : schema.must_of(classes))
    if (sync::values_by_any_name(content, name, schema).empty()) return no{65, "needs " + name.text()};
  for (const attribute_name name : content.attributes()) {
    if (name == model::names::entry_uuid) continue;
    if (!is_extensible && !schema.allows(classes, name)) return no{65, name.text() + " not allowed"};
    const auto values = content.values_of(name);
    if (values.size() > 1 && schema.single_value(name)) return no{19, name.text() + " has more than one value"};
    std::set<std::string> seen;
    for (const auto v : values) {
      if (!seen.insert(model::normalized(schema.equality_of(name), v)).second) return no{20, name.text() + " repeats"};
      if (const auto* type = schema.find_attribute(name); type != nullptr)
        if (const auto why = model::syntax_objection(type->syntax, v); !why.empty())
          return no{21, name.text() + ": " + std::string(why)};
    }
  }
  const model::rdn rdn = parsed(content.dn()).rdns().front();
  for (const model::ava& a : rdn)
    if (!has_value(content, attribute_name(a.type), a.value)) return no{64, "the RDN is not in the entry"};
  return std::nullopt;
}

std::optional<fake_directory::no> fake_directory::add(tree& to, const model::entry& content) const {
  const path where = path_of(content.dn());
  if (!is_prefix(suffix_, where)) return no{32, "outside of the suffix"};
  if (to.contains(where)) return no{68, "entryAlreadyExists"};
  if (where != suffix_ && !to.contains(path(where.begin(), where.end() - 1))) return no{32, "no parent"};
  if (const auto why = acceptable(content)) return why;
  model::entry stands = content;
  stands.add(model::names::entry_uuid, uuid_of(++added_));
  to[where] = std::move(stands);
  return std::nullopt;
}

std::optional<fake_directory::no> fake_directory::modify(tree& to, const model::modify_entry& what) const {
  const auto at = to.find(path_of(what.dn));
  if (at == to.end()) return no{32, "noSuchObject"};
  const model::entry before = at->second;
  model::entry now = before;
  for (const model::modification& m : what.modifications) {
    if (m.op == model::modification::operation::add)
      for (const std::string& v : m.values)
        if (has_value(now, m.name, v)) return no{20, m.name.text() + " has that value"};
    if (m.op == model::modification::operation::remove)
      for (const std::string& v : m.values)
        if (!has_value(now, m.name, v)) return no{16, m.name.text() + " has no such value"};
    now = sync::after_modify(now, {m}, codec::builtin_schema());
  }
  if (structural_class(now) != structural_class(before)) return no{69, "structural class"};
  if (const auto why = acceptable(now)) return why;
  at->second = now;
  return std::nullopt;
}

std::optional<fake_directory::no> fake_directory::rename(tree& to, const model::rename_entry& what) const {
  const path from = path_of(what.dn);
  if (!to.contains(from)) return no{32, "noSuchObject"};
  const std::string parent(what.new_superior.empty() ? model::parent_text(what.dn) : what.new_superior);
  const std::string new_dn = what.new_rdn + "," + parent;
  const path where = path_of(new_dn);
  if (to.contains(where) && where != from) return no{68, "entryAlreadyExists"};
  if (!to.contains(path_of(parent))) return no{32, "no such superior"};
  if (is_prefix(from, path_of(parent))) return no{53, "into itself"};
  const model::entry top = sync::after_rename(to[from], new_dn, codec::builtin_schema());
  if (const auto why = acceptable(top)) return why;
  tree moved;
  for (auto at = to.find(from); at != to.end() && is_prefix(from, at->first); at = to.erase(at)) {
    path new_path = where;
    new_path.insert(new_path.end(), at->first.begin() + static_cast<std::ptrdiff_t>(from.size()), at->first.end());
    const std::string_view old_text = at->second.dn();
    model::entry e;
    std::string_view tail = old_text;
    for (std::size_t i = from.size(); i < at->first.size(); ++i) tail = model::parent_text(tail);
    e.set_dn(std::string(old_text.substr(0, old_text.size() - tail.size())) + new_dn);
    for (std::size_t i = 0; i < at->second.size(); ++i) e.add(at->second[i].name, at->second[i].bytes);
    moved[new_path] = at->first == from ? top : e;
  }
  to.merge(moved);
  return std::nullopt;
}

model::entry fake_directory::shown(const model::entry& e) const {
  if (hidden_attributes.empty()) return e;
  model::entry out;
  out.set_dn(e.dn());
  for (std::size_t i = 0; i < e.size(); ++i)
    if (!hidden_attributes.contains(e[i].name)) out.add(e[i].name, e[i].bytes);
  return out;
}

bool fake_directory::is_hidden(std::string_view dn) const {
  return !hidden.empty() && hidden.contains(parsed(dn).normal_form());
}

std::optional<fake_directory::no> fake_directory::apply(tree& to, const model::change& what) const {
  const bool is_add = std::holds_alternative<model::add_entry>(what.what);
  if (!is_add && is_hidden(what.dn())) return no{32, "noSuchObject"};
  if (is_add && is_hidden(model::parent_text(what.dn()))) return no{50, "no write access to parent"};
  if (refused.contains(parsed(what.dn()).normal_form())) return no{53, "unwillingToPerform"};
  if (const auto* c = std::get_if<model::add_entry>(&what.what)) {
    for (const std::string_view name : c->content.values_of(model::names::object_class))
      if (refused_classes.contains(std::string(name))) return no{19, "constraintViolation"};
    return add(to, c->content);
  }
  if (const auto* c = std::get_if<model::modify_entry>(&what.what)) return modify(to, *c);
  if (const auto* c = std::get_if<model::rename_entry>(&what.what)) return rename(to, *c);
  const path at = path_of(std::get<model::delete_entry>(what.what).dn);
  const auto found = to.find(at);
  if (found == to.end()) return no{32, "noSuchObject"};
  const auto after = std::next(found);
  if (after != to.end() && is_prefix(at, after->first)) return no{66, "notAllowedOnNonLeaf"};
  to.erase(found);
  return std::nullopt;
}

void fake_directory::number(const model::change& what) {
  for (const attribute_name name : what.attributes()) numbered_.insert(name);
}

bool fake_directory::all_numbered(std::span<const model::change> of) const {
  return std::all_of(of.begin(), of.end(), [&](const model::change& one) {
    const auto names = one.attributes();
    return std::all_of(names.begin(), names.end(), [&](attribute_name name) { return numbered_.contains(name); });
  });
}

void fake_directory::reconnect() { session_ = {.in_use = {}, .number = session_.number + 1}; }

result<std::optional<model::refusal>> fake_directory::write(std::span<const model::change> batch, bool atomic) {
  if (atomic && !transactions_) throw std::logic_error("a transaction without being offered one");
  if (atomic && !std::all_of(batch.begin(), batch.end(), [](const auto& c) { return c.fits_transaction(); }))
    throw std::logic_error("a delete or a move in a transaction");
  for (const model::change& one : batch)
    for (const attribute_name name : one.attributes())
      if (atomic && !session_.in_use.contains(name))
        throw std::logic_error(name.text() + " in a transaction, and not in use");
  ++writes;
  const fault f = on_write();
  if (f != fault::none) reconnect();
  if (f == fault::crash_before) throw crashed{};
  if (f == fault::lost_before) return fail_transient(error_kind::directory, "the connection was lost");
  const bool between = f == fault::lost_between || f == fault::crash_between;
  if (between && atomic) {
    if (f == fault::crash_between) throw crashed{};
    return fail_transient(error_kind::directory, "the connection was lost");
  }
  tree now = tree_;
  std::optional<model::refusal> refusal;
  std::size_t applied = 0;
  for (std::size_t i = 0; i < batch.size() && !refusal; ++i) {
    if (between && i == batch.size() / 2) break;
    if (const auto why = apply(now, batch[i]))
      refusal = model::refusal{i, why->code, why->text};
    else
      ++applied;
  }
  if (!refusal || !atomic) {
    tree_ = std::move(now);
    changes += applied;
    for (const model::change& one : batch.first(applied)) number(one);
  } else {
    broken = broken || !all_numbered(batch.first(applied));
  }
  if (f == fault::crash_after || f == fault::crash_between) throw crashed{};
  if (f == fault::lost_after || between) return fail_transient(error_kind::directory, "the answer was lost");
  return refusal;
}

}  // namespace sql2ldap::test
