#include <sql2ldap/ldap/detail/running_search.hpp>

#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>

namespace sql2ldap::ldap::detail {
namespace {

int scope_of(model::search_scope scope) {
  switch (scope) {
    case model::search_scope::base:
      return LDAP_SCOPE_BASE;
    case model::search_scope::one_level:
      return LDAP_SCOPE_ONELEVEL;
    case model::search_scope::subtree:
      return LDAP_SCOPE_SUBTREE;
  }
  return LDAP_SCOPE_BASE;
}

}  // namespace

running_search::running_search(model::search_request what)
    : what_(std::move(what)),
      doing_("searching below " + (what_.base.empty() ? std::string("the root") : what_.base)),
      paged_(what_.scope != model::search_scope::base &&
             (what_.entries_max == 0 || what_.entries_max > limits::search_page_entries)) {
  if (what_.attributes.empty()) return;
  for (const model::attribute_name name : what_.attributes)
    attributes_.push_back(const_cast<char*>(name.text().c_str()));
  attributes_.push_back(nullptr);
}

result<void> running_search::ask(connection& line) {
  // Not critical: a server without paging sends all at once. ManageDsaIT (RFC 3296): referral
  // objects are entries of the tree like others.
  LDAPControl manage_dsa_it{
      .ldctl_oid = const_cast<char*>(LDAP_CONTROL_MANAGEDSAIT), .ldctl_value = {0, nullptr}, .ldctl_iscritical = 0};
  LDAPControl page{};
  value_owner page_value;
  if (paged_) {
    berval cookie{.bv_len = cookie_.size(), .bv_val = cookie_.data()};
    berval value{};
    if (ldap_create_page_control_value(line.handle(), limits::search_page_entries, &cookie, &value) != LDAP_SUCCESS)
      return fail(error_kind::local, "out of memory");
    page_value.reset(ber_bvdup(&value));
    ber_memfree(value.bv_val);
    page = {
        .ldctl_oid = const_cast<char*>(LDAP_CONTROL_PAGEDRESULTS), .ldctl_value = *page_value, .ldctl_iscritical = 0};
  }
  LDAPControl* controls[] = {&manage_dsa_it, paged_ ? &page : nullptr, nullptr};
  const int size_limit = static_cast<int>(paged_ ? 0 : what_.entries_max);
  return line.sent(ldap_search_ext(line.handle(), what_.base.c_str(), scope_of(what_.scope), what_.filter.c_str(),
                                   attributes_.empty() ? nullptr : attributes_.data(), 0, controls, nullptr, nullptr,
                                   size_limit, &id_),
                   doing_);
}

result<running_search::took> running_search::take(connection& line, LDAPMessage* message, entry_decoder& decoder,
                                                  model::entry& into) {
  switch (ldap_msgtype(message)) {
    case LDAP_RES_SEARCH_ENTRY:
      if (what_.entries_max != 0 && count_ == what_.entries_max) return took::end;
      S2L_TRY(decoder.decode(line, message, doing_, into));
      ++count_;
      return took::entry;
    case LDAP_RES_SEARCH_RESULT:
      return finish(line, message);
    case LDAP_RES_SEARCH_REFERENCE:
      return fail(error_kind::directory,
                  fmt::format("{}: {}: a part of the tree is on another server", line.server(), doing_),
                  "name a server that holds the whole tree");
    default:
      return took::nothing;
  }
}

result<running_search::took> running_search::finish(connection& line, LDAPMessage* message) {
  ended_ = true;
  S2L_TRY_ASSIGN(const answer said, line.read_answer(message, doing_));
  const bool nothing_there = said.code == LDAP_NO_SUCH_OBJECT && what_.scope == model::search_scope::base;
  const bool enough = said.code == LDAP_SIZELIMIT_EXCEEDED && what_.entries_max != 0 && count_ == what_.entries_max;
  if (said.code != LDAP_SUCCESS && !nothing_there && !enough)
    return tl::make_unexpected(line.failed(said.code, doing_, said.diagnostic));
  cookie_.clear();
  if (LDAPControl* page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, said.controls.get(), nullptr)) {
    ber_int_t estimate = 0;
    berval cookie{};
    if (const int code = ldap_parse_pageresponse_control(line.handle(), page, &estimate, &cookie);
        code != LDAP_SUCCESS) {
      line.give_up();
      return tl::make_unexpected(line.failed(code, doing_, "the answer makes no sense"));
    }
    const text_owner owner(cookie.bv_val);
    if (cookie.bv_len != 0) cookie_.assign(cookie.bv_val, cookie.bv_len);
  }
  if (cookie_.empty()) return took::end;
  ended_ = false;
  S2L_TRY(ask(line));
  return took::nothing;
}

}  // namespace sql2ldap::ldap::detail
