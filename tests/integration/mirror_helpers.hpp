// A mirror that is fed by a real slapd, step by step.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <sql2ldap/ldap/content.hpp>
#include <sql2ldap/serve/mirror.hpp>

#include "ldap_helpers.hpp"

namespace sql2ldap::test {

using kind = model::content_event::what;
using content_by_dn = std::map<std::string, std::multiset<std::string>>;

inline void note(content_by_dn& into, const model::entry& one) {
  auto& values = into[std::string(one.dn())];
  for (std::size_t i = 0; i < one.size(); ++i) values.insert(one[i].name.folded() + "=" + std::string(one[i].bytes));
}

inline content_by_dn content_of(model::directory& directory, const std::string& base, const std::string& filter) {
  auto found = read_all(directory, {.base = base, .filter = filter});
  if (!found) throw std::runtime_error(found.error().text());
  content_by_dn out;
  for (const model::entry& one : *found) note(out, one);
  return out;
}

inline content_by_dn content_of(const serve::mirror& mirror) {
  content_by_dn out;
  std::size_t place = 0;
  for (;;) {
    auto some = mirror.list(place, 100);
    if (!some) throw std::runtime_error(some.error().text());
    if (some->empty()) return out;
    for (const model::entry& one : *some) note(out, one);
  }
}

inline serve::mirror::options mail_indexes() {
  return {.indexed = {model::attribute_name("uid"), model::attribute_name("mail"), model::attribute_name("ou"),
                      model::attribute_name("cn")}};
}

class followed {
 public:
  followed(ldap::options how, ldap::content_request what)
      : how_(std::move(how)), what_(std::move(what)), directory_(connected(how_)), mirror_(mail_indexes(), schema()) {}

  result<void> open() {
    auto opened = ldap::open_content(how_, what_, cookie_);
    if (!opened) return tl::make_unexpected(opened.error());
    feed_ = std::move(*opened);
    return {};
  }
  void close() {
    cookie_ = feed_->cookie();
    feed_.reset();
    mirror_.begin_refresh();
  }
  // Takes in what comes until the answer is yes; the events are kept in `seen`.
  result<void> until(const std::function<bool()>& question) {
    const auto end = std::chrono::steady_clock::now() + bounded_time;
    while (!question()) {
      if (std::chrono::steady_clock::now() > end) return fail(error_kind::local, "the test waited long enough");
      auto event = feed_->next(std::chrono::seconds(5));
      if (!event) return tl::make_unexpected(event.error());
      if (!*event) continue;
      mirror_.apply(**event);
      ++seen[(*event)->kind];
    }
    return {};
  }
  result<void> refresh() {
    seen.clear();
    S2L_TRY(open());
    return until([&] { return mirror_.status().in_step; });
  }

  std::vector<model::entry> find(std::string_view name, std::string_view value) {
    auto found = mirror_.find(model::attribute_name(name), value);
    if (!found) throw std::runtime_error(found.error().text());
    return *found;
  }
  [[nodiscard]] bool same() { return content_of(mirror_) == content_of(*directory_, what_.base, what_.filter); }
  void write(const std::vector<model::change>& changes) {
    const auto refused = directory_->write(changes, false);
    if (!refused || *refused) throw std::runtime_error(refused ? (*refused)->text : refused.error().text());
  }

  serve::mirror& mirror() { return mirror_; }
  model::content_feed& feed() { return *feed_; }
  model::directory& directory() { return *directory_; }
  void reconnect() { directory_ = connected(how_); }
  void set_cookie(std::string cookie) { cookie_ = std::move(cookie); }
  [[nodiscard]] const std::string& cookie() const { return cookie_; }

  std::map<kind, std::size_t> seen;

 private:
  model::schema schema() {
    auto facts = directory_->describe();
    if (!facts) throw std::runtime_error(facts.error().text());
    return std::move(facts->schema);
  }

  ldap::options how_;
  ldap::content_request what_;
  std::unique_ptr<model::directory> directory_;
  serve::mirror mirror_;
  std::unique_ptr<model::content_feed> feed_;
  std::string cookie_;
};

inline model::change renamed(const std::string& dn, const std::string& rdn) {
  model::rename_entry how;
  how.dn = dn;
  how.new_rdn = rdn;
  how.delete_old_rdn = true;
  return {.origin = {}, .what = std::move(how)};
}

inline model::change add_person(const std::string& uid, const std::string& parent, const std::string& mail) {
  return add("uid=" + uid + "," + parent, {{"objectClass", "inetOrgPerson"},
                                           {"uid", uid},
                                           {"cn", uid},
                                           {"sn", uid},
                                           {"mail", mail},
                                           {"userPassword", "{SSHA}of-" + uid}});
}

}  // namespace sql2ldap::test
