// The mirror with 100 000 accounts: memory of each, time of a lookup.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>

#include <malloc.h>

#include <sql2ldap/serve/mirror.hpp>

namespace sql2ldap {
namespace {

constexpr unsigned accounts = 100'000;
using kind = model::content_event::what;

std::string user(unsigned n) { return "user" + std::to_string(n); }
std::string domain(unsigned n) { return "dom" + std::to_string(n / 100) + ".example"; }
std::string address(unsigned n) { return user(n) + "@" + domain(n); }

// As mappings/postfixadmin.map makes them.
model::content_event account(unsigned n) {
  model::content_event out;
  for (unsigned i = 0; i < 4; ++i) out.uuid[i] = static_cast<std::uint8_t>(n >> (8 * i));
  model::entry& e = out.content;
  e.set_dn("uid=" + address(n) + ",associatedDomain=" + domain(n) + ",ou=domains,dc=example,dc=org");
  const auto add = [&](const char* name, const std::string& value) { e.add(model::attribute_name(name), value); };
  for (const char* one : {"inetOrgPerson", "inetLocalMailRecipient", "s2lMailAccount", "s2lObject"})
    add("objectClass", one);
  add("uid", address(n));
  add("cn", "User Number " + std::to_string(n));
  add("sn", "Number " + std::to_string(n));
  add("mail", address(n));
  add("mailLocalAddress", address(n));
  add("mailLocalAddress", user(n) + "@alias-" + domain(n));
  add("userPassword", "{SSHA512}" + std::string(96, 'A'));
  add("s2lEnabled", "TRUE");
  add("s2lQuotaBytes", "1048576000");
  add("s2lMailStore", domain(n) + "/" + user(n) + "/");
  add("s2lOrigin", "postfixadmin/account/" + address(n));
  return out;
}

model::schema mail_schema() {
  model::schema out;
  for (const char* name : {"uid", "mail", "mailLocalAddress", "associatedDomain"}) {
    model::attribute_type type;
    type.oid = name;
    type.names = {name};
    type.equality = model::matching_rule::case_ignore_ia5;
    type.has_equality = true;
    out.add(type);
  }
  out.complete();
  return out;
}

std::unique_ptr<serve::mirror> filled() {
  auto made = std::make_unique<serve::mirror>(
      serve::mirror::options{.indexed = {model::attribute_name("uid"), model::attribute_name("mail"),
                                         model::attribute_name("mailLocalAddress"),
                                         model::attribute_name("associatedDomain")}},
      mail_schema());
  for (unsigned n = 0; n < accounts; ++n) made->apply(account(n));
  model::content_event end;
  end.kind = kind::refreshed_others;
  made->apply(end);
  return made;
}

serve::mirror& the_mirror() {
  static const auto one = filled();
  return *one;
}

void fill(benchmark::State& state) {
  double bytes = 0;
  for (auto _ : state) {
    const auto before = mallinfo2();
    const auto made = filled();
    const auto after = mallinfo2();
    bytes = static_cast<double>(after.uordblks + after.hblkhd) - static_cast<double>(before.uordblks + before.hblkhd);
  }
  state.counters["bytes_per_entry"] = bytes / accounts;
  state.SetItemsProcessed(state.iterations() * accounts);
}
BENCHMARK(fill)->Unit(benchmark::kMillisecond)->Iterations(2);

void find_one(benchmark::State& state) {
  serve::mirror& in = the_mirror();
  const model::attribute_name mail("mail");
  unsigned n = 0;
  for (auto _ : state) {
    n = (n + 7919) % accounts;
    if (in.find(mail, address(n))->size() != 1) std::abort();
  }
}
BENCHMARK(find_one)->ThreadRange(1, 2)->UseRealTime();

void find_none(benchmark::State& state) {
  serve::mirror& in = the_mirror();
  const model::attribute_name mail("mail");
  unsigned n = 0;
  for (auto _ : state)
    if (!in.find(mail, "nobody" + address(++n % accounts))->empty()) std::abort();
}
BENCHMARK(find_none);

void change_one(benchmark::State& state) {
  serve::mirror& in = the_mirror();
  const auto event = account(42);
  for (auto _ : state) in.apply(event);
}
BENCHMARK(change_one);

}  // namespace
}  // namespace sql2ldap
