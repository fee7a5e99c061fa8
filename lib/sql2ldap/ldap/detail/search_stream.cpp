#include <sql2ldap/ldap/detail/search_stream.hpp>

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/ldap/detail/failure.hpp>

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

search_stream::search_stream(lease line, const model::search_request& what)
    : line_(std::move(line)),
      what_(what),
      doing_(fmt::format("searching below {}", what.base.empty() ? "the root" : what.base)),
      paged_(what.scope != model::search_scope::base &&
             (what.entries_max == 0 || what.entries_max > limits::search_page_entries)) {
  if (what_.attributes.empty()) return;
  for (const model::attribute_name name : what_.attributes)
    attributes_.push_back(const_cast<char*>(name.text().c_str()));
  attributes_.push_back(nullptr);
}

result<std::unique_ptr<search_stream>> search_stream::start(lease line, const model::search_request& what) {
  std::unique_ptr<search_stream> stream(new search_stream(std::move(line), what));
  S2L_TRY(stream->ask());
  return stream;
}

search_stream::~search_stream() {
  // The rest of a base search is one message; the rest of a tree may be a million entries.
  while (!done_ && what_.scope == model::search_scope::base && next()) {
  }
  if (!done_) line_->give_up();
}

result<void> search_stream::ask() {
  // Not critical: a server without paging sends all at once. ManageDsaIT (RFC 3296): referral
  // objects are entries of the tree like others.
  LDAPControl manage_dsa_it{
      .ldctl_oid = const_cast<char*>(LDAP_CONTROL_MANAGEDSAIT), .ldctl_value = {0, nullptr}, .ldctl_iscritical = 0};
  LDAPControl page{};
  value_owner page_value;
  if (paged_) {
    berval cookie{.bv_len = cookie_.size(), .bv_val = cookie_.data()};
    berval value{};
    if (ldap_create_page_control_value(line_->handle(), limits::search_page_entries, &cookie, &value) != LDAP_SUCCESS)
      return fail(error_kind::local, "out of memory");
    page_value.reset(ber_bvdup(&value));
    ber_memfree(value.bv_val);
    page = {
        .ldctl_oid = const_cast<char*>(LDAP_CONTROL_PAGEDRESULTS), .ldctl_value = *page_value, .ldctl_iscritical = 0};
  }
  LDAPControl* controls[] = {&manage_dsa_it, paged_ ? &page : nullptr, nullptr};
  const int size_limit = static_cast<int>(paged_ ? 0 : what_.entries_max);
  return line_->sent(ldap_search_ext(line_->handle(), what_.base.c_str(), scope_of(what_.scope), what_.filter.c_str(),
                                     attributes_.empty() ? nullptr : attributes_.data(), 0, controls, nullptr, nullptr,
                                     size_limit, &id_),
                     doing_);
}

result<const model::entry*> search_stream::next() {
  if (failure_) return tl::make_unexpected(*failure_);
  while (!done_) {
    auto message = line_->await(id_, doing_);
    result<bool> taken = message ? take(message->get()) : tl::make_unexpected(std::move(message).error());
    if (!taken) {
      done_ = true;
      failure_ = std::move(taken).error();
      return tl::make_unexpected(*failure_);
    }
    if (*taken) return &current_;
  }
  return nullptr;
}

result<bool> search_stream::take(LDAPMessage* message) {
  switch (ldap_msgtype(message)) {
    case LDAP_RES_SEARCH_ENTRY:
      if (what_.entries_max != 0 && count_ == what_.entries_max) {
        line_->give_up();
        done_ = true;
        return false;
      }
      S2L_TRY(decoder_.decode(*line_, message, doing_, current_));
      ++count_;
      return true;
    case LDAP_RES_SEARCH_RESULT:
      S2L_TRY(finish(message));
      return false;
    case LDAP_RES_SEARCH_REFERENCE:
      line_->give_up();
      return fail(error_kind::directory,
                  fmt::format("{}: {}: a part of the tree is on another server", line_->server(), doing_),
                  "name a server that holds the whole tree");
    default:
      return false;
  }
}

result<void> search_stream::finish(LDAPMessage* message) {
  S2L_TRY_ASSIGN(const answer said, line_->read_answer(message, doing_));
  const bool nothing_there = said.code == LDAP_NO_SUCH_OBJECT && what_.scope == model::search_scope::base;
  const bool enough = said.code == LDAP_SIZELIMIT_EXCEEDED && what_.entries_max != 0 && count_ == what_.entries_max;
  if (said.code != LDAP_SUCCESS && !nothing_there && !enough)
    return tl::make_unexpected(line_->failed(said.code, doing_, said.diagnostic));
  cookie_.clear();
  if (LDAPControl* page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, said.controls.get(), nullptr)) {
    ber_int_t estimate = 0;
    berval cookie{};
    if (const int code = ldap_parse_pageresponse_control(line_->handle(), page, &estimate, &cookie);
        code != LDAP_SUCCESS) {
      line_->give_up();
      return tl::make_unexpected(line_->failed(code, doing_, "the answer makes no sense"));
    }
    const text_owner owner(cookie.bv_val);
    if (cookie.bv_len != 0) cookie_.assign(cookie.bv_val, cookie.bv_len);
  }
  if (cookie_.empty()) {
    done_ = true;
    return {};
  }
  return ask();
}

}  // namespace sql2ldap::ldap::detail
