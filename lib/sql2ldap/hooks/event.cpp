#include <sql2ldap/hooks/event.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/model/dn.hpp>

namespace sql2ldap::hooks {
namespace {

using json = nlohmann::ordered_json;
using what = sync::step::what;

json as_json(std::string_view bytes) {
  if (is_utf8(bytes)) return std::string(bytes);
  return {{"base64", codec::base64(bytes)}};
}

json text_or_null(std::string_view text) { return text.empty() ? json(nullptr) : as_json(text); }

bool is_password(model::attribute_name name) {
  const std::string& folded = name.folded();
  return folded.substr(0, folded.find(';')) == model::names::user_password.folded();
}

json values_of(const model::entry* content, model::attribute_name name) {
  if (is_password(name)) return nullptr;
  json out = json::array();
  if (content == nullptr) return out;
  for (const std::string_view value : content->values_of(name)) out.push_back(as_json(value));
  return out;
}

bool adds_entry(const sync::step& done) {
  return std::any_of(done.changes.begin(), done.changes.end(),
                     [](const model::change& c) { return std::holds_alternative<model::add_entry>(c.what); });
}

std::vector<model::attribute_name> attributes_told(const sync::step& done, const model::entry* content) {
  if (done.kind == what::remove) return {};
  if (content != nullptr && adds_entry(done)) return content->attributes();
  std::vector<model::attribute_name> out;
  if (done.renamed) {
    // The RDN's own values change without a modification.
    const auto name = model::dn::parse(done.dn);
    const std::vector<model::rdn> rdns = name ? name->rdns() : std::vector<model::rdn>();
    if (!rdns.empty())
      for (const model::ava& part : rdns.front()) out.emplace_back(part.type);
  }
  for (const std::string& name : done.attributes()) {
    const model::attribute_name one(name);
    if (std::find(out.begin(), out.end(), one) == out.end()) out.push_back(one);
  }
  return out;
}

std::string_view word_for(const sync::step& done) {
  if (done.kind == what::add) return "add";
  if (done.kind == what::remove) return "delete";
  return done.renamed ? "rename" : "modify";
}

std::string dumped(const json& document) { return document.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

std::optional<model::hook_event> event_of(const sync::step& done, const sync::origins& origins,
                                          std::string_view dn_before) {
  if (done.kind == what::container || done.kind == what::make_way || done.changes.empty()) return std::nullopt;
  const bool removed = done.kind == what::remove;
  const std::string_view before = dn_before.empty() ? done.changes.front().dn() : dn_before;
  const model::entry* content = done.content();
  json attributes = json::object();
  for (const model::attribute_name name : attributes_told(done, content))
    attributes[name.text()] = values_of(content, name);

  model::hook_event out;
  out.origin = done.origin;
  out.change = word_for(done);
  out.kind = origins.kind_name(done.origin);
  out.document = dumped({{"change", out.change},
                         {"kind", as_json(out.kind)},
                         {"key", as_json(origins.key_text(done.origin))},
                         {"origin", as_json(out.origin)},
                         {"dn", as_json(removed ? before : std::string_view(done.dn))},
                         {"old_dn", done.renamed ? text_or_null(before) : json(nullptr)},
                         {"attributes", std::move(attributes)}});
  return out;
}

model::hook_event overflow_event() {
  model::hook_event out;
  out.change = "overflow";
  out.document = dumped({{"change", out.change},
                         {"kind", nullptr},
                         {"key", nullptr},
                         {"origin", nullptr},
                         {"dn", nullptr},
                         {"old_dn", nullptr},
                         {"attributes", json::object()}});
  return out;
}

std::string told_document(const model::queued_hook& queued) {
  json document = json::parse(queued.event.document, nullptr, false);
  if (!document.is_object()) document = json::object();
  document["id"] = queued.id;
  document["try"] = queued.tries + 1;
  document["certain"] = queued.confirmed;
  return dumped(document) + "\n";
}

}  // namespace sql2ldap::hooks
