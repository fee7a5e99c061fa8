// The two laws of a lens, over every stage, random pipelines and random data:
//   get-put: writing back what is there changes nothing;
//   put-get: what was written reads back as what was wanted, or the write was refused.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <sql2ldap/base/text.hpp>
#include <string>
#include <vector>

#include "support/mapping_stages.hpp"

namespace sql2ldap {
namespace {

using strings = std::vector<std::string>;

const strings stages = {"lower",
                        "upper",
                        "trim",
                        "nonempty",
                        "else(d)",
                        "else(\"x\", d)",
                        "absent(0, -1)",
                        "absent(\"\")",
                        "present",
                        "flag",
                        "flag(\"Y\", \"N\")",
                        "flag | not",
                        "map(\"a\" -> \"b\", \"b\" -> \"a\", \"\" -> none)",
                        "scale(3)",
                        "integer",
                        "bytes",
                        "bytes(K)",
                        "split(\",\")",
                        "split(\",\") | join(\";\")",
                        "split(\",\") | trim | nonempty",
                        "prefix(\"a\")",
                        "suffix(\"a\")",
                        "strip_prefix(\"a\")",
                        "strip_suffix(\"a\")",
                        "idna",
                        "address",
                        "ia5",
                        "path",
                        "time",
                        "time(\"-03:30\")",
                        "time(\"Europe/Berlin\")",
                        "decode(quoted-printable)",
                        "decode(quoted-printable, latin1)",
                        "decode(base64)",
                        "decode(url)",
                        "decode(hex)",
                        "json(\"a.b\")",
                        "limit(4)",
                        "first",
                        "sort",
                        "match(\"a*\")",
                        "replace(\"a\", \"b\")",
                        "localpart"};

// Small alphabets make values meet: separators, letters of both cases, digits, one umlaut.
rc::Gen<std::string> any_text() {
  const auto piece = rc::gen::element<std::string>("a", "b", "A", ",", " ", "@", "a.b", "/", "0", "7", "-", "ä", "t",
                                                   "1", "Y", "=", "{", "\"", ";", "TRUE", "FALSE");
  const auto whole = rc::gen::element<std::string>(
      "", "TRUE", "FALSE", "0", "-1", "12", "a@b.example", "2024-02-29 01:02:03", "20240229010203Z",
      "{\"a\":{\"b\":[\"x\",\"y\"]}}", "YWJj", "6162", "t", "off", "Y", "a,b", " a , b ", "/a//b/", "1G", "1.5 MB",
      "7KiB", "1024", "1536", "=E4", "2024-10-27 02:30:00", "20241027003000Z", "20241027013000Z", "a@[192.0.2.1]");
  const auto mixed = rc::gen::map(rc::gen::container<strings>(piece), [](const strings& parts) {
    std::string out;
    for (const std::string& p : parts) out += p;
    return out;
  });
  return rc::gen::oneOf(whole, mixed);
}

rc::Gen<std::optional<std::string>> any_column() {
  return rc::gen::oneOf(
      rc::gen::map(any_text(), [](std::string s) { return std::optional<std::string>(std::move(s)); }),
      rc::gen::just(std::optional<std::string>()));
}

strings as_an_attribute(strings values) {
  values.erase(std::remove(values.begin(), values.end(), std::string()), values.end());
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

void laws_hold(const test::lens& l, const std::optional<std::string>& c, const std::optional<std::string>& d,
               const strings& wanted) {
  const auto now = l.get(c, d);
  if (now.objection.empty()) {
    const auto same = l.put(c, now.values, d);
    RC_ASSERT(same.objection == "");
    RC_ASSERT(same.c == c);
  }
  const auto written = l.put(c, wanted, d);
  if (written.objection.empty()) {
    const auto again = l.get(written.c, d);
    RC_ASSERT(again.objection == "");
    RC_ASSERT(again.values == wanted);
  }
}

TEST(Lens, LawsOfEveryStage) {
  for (const std::string& stage : stages) {
    const test::lens l("c | " + stage);
    const bool good = rc::check("laws of " + stage, [&] {
      laws_hold(l, *any_column(), *any_column(), as_an_attribute(*rc::gen::container<strings>(any_text())));
    });
    EXPECT_TRUE(good) << stage;
  }
}

TEST(Lens, WhatOneValueBecomesComesBackFromAnother) {
  // Wanted values that the pipeline really gives, from other data: here a write must not be refused.
  const strings two_way = {"lower",
                           "trim | nonempty",
                           "nonempty",
                           "integer",
                           "scale(3)",
                           "bytes",
                           "bytes(K)",
                           "split(\",\") | trim | nonempty",
                           "idna",
                           "address",
                           "ia5",
                           "path",
                           "time",
                           "time(\"-03:30\")",
                           "decode(quoted-printable)",
                           "decode(quoted-printable, latin1)",
                           "decode(base64)",
                           "decode(hex)",
                           "decode(url)",
                           "strip_prefix(\"a\")",
                           "strip_suffix(\"a\")",
                           "prefix(\"a\")",
                           "suffix(\"a\")",
                           "flag",
                           "flag | not",
                           "absent(0)",
                           "upper"};
  for (const std::string& stage : two_way) {
    const test::lens l("c | " + stage);
    const bool good = rc::check("both ways: " + stage, [&] {
      const auto old = *any_column();
      const auto other = l.get(*any_column());
      RC_PRE(other.objection.empty());
      const auto written = l.put(old, other.values);
      RC_ASSERT(written.objection == "");
      RC_ASSERT(l.get(written.c).values == other.values);
    });
    EXPECT_TRUE(good) << stage;
  }
}

RC_GTEST_PROP(Lens, LawsOfRandomPipelines, ()) {
  const auto chain = [] {
    std::string out;
    for (const std::string& s : *rc::gen::resize(4, rc::gen::container<strings>(rc::gen::elementOf(stages))))
      out += " | " + s;
    return out;
  };
  std::string expression;
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      expression = "c" + chain();
      break;
    case 1:
      expression = "\"<${c" + chain() + "}>\"" + chain();
      break;
    case 2:
      expression = "c" + chain() + " + \"k\"";
      break;
    default:
      expression = "(c" + chain() + ")" + chain() + " + d";
      break;
  }
  RC_LOG() << expression;
  const test::lens l(expression);
  laws_hold(l, *any_column(), *any_column(), as_an_attribute(*rc::gen::container<strings>(any_text())));
}

// PostfixAdmin's goto, the list that three attributes come from.
struct goto_list {
  mapping::mapping map = test::parsed(R"(mapping "t"
    entry e from t { key k under "ou=x" rdn cn = k class device
      partition c | split(",") | trim | nonempty {
        k -> s2lKeepCopy | present
        "*@auto" as "me@auto" -> s2lVacationActive | present
        "*@*" -> s2lForwardTo | lower
        else -> s2lForwardTo | lower | ia5
      } })");

  [[nodiscard]] model::entry get(const std::string& list) const {
    test::made out = test::make(map, "e", {{"t.k", "me@a"}, {"t.c", list}});
    if (!out.good) throw std::runtime_error(out.why.reason);
    return out.entry;
  }
  [[nodiscard]] result<std::vector<mapping::column_write>> put(const std::string& list,
                                                               const model::entry& wanted) const {
    const test::mapped_row row(map, 0, {{"t.k", "me@a"}, {"t.c", list}});
    mapping::evaluator run(map, *model::dn::parse("dc=example,dc=org"));
    return run.write_back(0, row.view(), wanted);
  }
};

rc::Gen<std::string> any_list() {
  const auto token =
      rc::gen::element<std::string>("me@a", "ME@A", "x@auto", "me@auto", "a@b", "A@B", "c@d", "root", "Root", "", " ");
  return rc::gen::map(rc::gen::container<strings>(token), [](const strings& tokens) {
    std::string out;
    for (const std::string& t : tokens) out += (out.empty() ? "" : ",") + t;
    return out;
  });
}

RC_GTEST_PROP(Lens, PartitionsComeBack, ()) {
  const goto_list g;
  const std::string old = *any_list();
  const std::string other = *any_list();
  const model::entry wanted = g.get(other);
  const auto same = g.put(old, g.get(old));
  RC_ASSERT(same.has_value());
  RC_ASSERT(same->empty());
  const auto writes = g.put(old, wanted);
  RC_ASSERT(writes.has_value());
  const std::string after = writes->empty() ? old : writes->front().value.value_or("");
  const model::entry again = g.get(after);
  for (const std::string attribute : {"s2lKeepCopy", "s2lVacationActive", "s2lForwardTo"}) {
    RC_ASSERT(test::values(again, attribute) == test::values(wanted, attribute));
  }
}

}  // namespace
}  // namespace sql2ldap
