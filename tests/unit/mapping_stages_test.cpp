// Every stage, forward and back, and what it objects to.
#include <gmock/gmock.h>

#include <cstdlib>
#include <vector>

#include "support/mapping_stages.hpp"

namespace sql2ldap {
namespace {

using test::lens;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using strings = std::vector<std::string>;
using column = std::optional<std::string>;
constexpr auto null = std::nullopt;

strings got(std::string_view expression, const column& c, const column& d = {}) {
  const lens::answer out = lens(expression).get(c, d);
  EXPECT_EQ(out.objection, "") << expression;
  return out.values;
}

std::string objection(std::string_view expression, const column& c, const column& d = {}) {
  return lens(expression).get(c, d).objection;
}

column back(std::string_view expression, const column& old, const strings& wanted, const column& d = {}) {
  const lens::written out = lens(expression).put(old, wanted, d);
  EXPECT_EQ(out.objection, "") << expression;
  return out.c;
}

std::string refusal(std::string_view expression, const column& old, const strings& wanted) {
  return lens(expression).put(old, wanted).objection;
}

TEST(Stages, PlainColumn) {
  EXPECT_EQ(got("c", "x"), strings{"x"});
  EXPECT_THAT(got("c", null), IsEmpty());
  EXPECT_THAT(got("c", ""), IsEmpty()) << "a directory has no empty strings";
  EXPECT_EQ(back("c", "x", {"y"}), "y");
  EXPECT_EQ(back("c", "x", {}), null);
  EXPECT_EQ(back("c", "", {}), "") << "nothing is wanted and nothing shows: the column stays";
  EXPECT_THAT(refusal("c", "x", {"y", "z"}), HasSubstr("several values for one column"));
  EXPECT_THAT(objection("c", std::string("a\0b", 3)), HasSubstr("NUL"));
}

TEST(Stages, LetterCase) {
  EXPECT_EQ(got("c | lower", "ÄÖ Straße ABC"), strings{"äö straße abc"});
  EXPECT_EQ(got("c | upper", "äö abc"), strings{"ÄÖ ABC"});
  EXPECT_EQ(back("c | lower", "Joe", {"joe"}), "Joe") << "what gives the wanted value stays";
  EXPECT_EQ(back("c | lower", "Joe", {"jim"}), "jim");
  EXPECT_THAT(refusal("c | lower", "Joe", {"Jim"}), HasSubstr("read back"));
  EXPECT_EQ(back("c | upper", "a", {"B"}), "B");
}

TEST(Stages, TrimAndNonempty) {
  EXPECT_EQ(got("c | trim", "  a b\t\n"), strings{"a b"});
  EXPECT_THAT(got("c | trim | nonempty", "   "), IsEmpty());
  EXPECT_EQ(back("c | trim", " a ", {"a"}), " a ");
  EXPECT_EQ(back("c | trim | nonempty", " a ", {}), "");
  EXPECT_EQ(back("c | nonempty", null, {}), null);
  EXPECT_EQ(back("c | nonempty", "", {"x"}), "x");
}

TEST(Stages, Else) {
  EXPECT_EQ(got("c | nonempty | else(d, \"last\")", "", "dd"), strings{"dd"});
  EXPECT_EQ(got("c | nonempty | else(d, \"last\")", "", null), strings{"last"});
  EXPECT_EQ(got("c | nonempty | else(d, \"last\")", "cc", "dd"), strings{"cc"});
  EXPECT_EQ(back("c | nonempty | else(d)", "cc", {"dd"}, "dd"), "") << "the default becomes nothing";
  EXPECT_EQ(back("c | else(d)", "cc", {"dd"}, "dd"), null);
  EXPECT_EQ(back("c | nonempty | else(d)", "", {"new"}, "dd"), "new");
  EXPECT_EQ(back("c | nonempty | else(d)", "", {"dd"}, "dd"), "");
}

TEST(Stages, Absent) {
  EXPECT_THAT(got("c | absent(0, -1)", "0"), IsEmpty());
  EXPECT_THAT(got("c | absent(0, -1)", "-01"), IsEmpty()) << "numbers compare as numbers";
  EXPECT_EQ(got("c | absent(0)", "10"), strings{"10"});
  EXPECT_THAT(got("c | absent(\"none\")", "none"), IsEmpty());
  EXPECT_EQ(back("c | absent(0, -1)", "10", {}), "0");
  EXPECT_EQ(back("c | absent(0, -1)", "-1", {}), "-1");
  EXPECT_EQ(back("c | absent(0)", "0", {"7"}), "7");
  EXPECT_THAT(refusal("c | absent(0)", "7", {"0"}), HasSubstr("read back"));
}

TEST(Stages, Present) {
  EXPECT_EQ(got("c | present", "x"), strings{"TRUE"});
  EXPECT_THAT(got("c | nonempty | present", ""), IsEmpty());
  EXPECT_EQ(back("c | nonempty | present", "x", {}), "");
  EXPECT_THAT(refusal("c | nonempty | present", "", {"TRUE"}), HasSubstr("which value is to appear"));
}

TEST(Stages, Flag) {
  for (const std::string on : {"1", "t", "true", "TRUE", "y", "Yes", "ON"})
    EXPECT_EQ(got("c | flag", on), strings{"TRUE"});
  for (const std::string off : {"0", "f", "False", "n", "NO", "off"}) EXPECT_EQ(got("c | flag", off), strings{"FALSE"});
  EXPECT_THAT(got("c | flag", null), IsEmpty());
  EXPECT_THAT(objection("c | flag", "2"), HasSubstr("no flag"));
  EXPECT_THAT(objection("c | flag", ""), HasSubstr("no flag"));
  EXPECT_EQ(back("c | flag", "t", {"FALSE"}), "f");
  EXPECT_EQ(back("c | flag", "Yes", {"FALSE"}), "No");
  EXPECT_EQ(back("c | flag", "Y", {"FALSE"}), "N");
  EXPECT_EQ(back("c | flag", "off", {"TRUE"}), "on");
  EXPECT_EQ(back("c | flag", null, {"TRUE"}), "1");
  EXPECT_EQ(back("c | flag", "T", {"TRUE"}), "T");
  EXPECT_THAT(refusal("c | flag", "1", {"maybe"}), HasSubstr("neither TRUE nor FALSE"));

  EXPECT_EQ(got("c | flag(\"Y\", \"N\")", "Y"), strings{"TRUE"});
  EXPECT_THAT(objection("c | flag(\"Y\", \"N\")", "y"), HasSubstr("neither"));
  EXPECT_EQ(back("c | flag(\"Y\", \"N\")", "Y", {"FALSE"}), "N");
}

TEST(Stages, FlagLogic) {
  EXPECT_EQ(got("c | flag | not", "1"), strings{"FALSE"});
  EXPECT_EQ(back("c | flag | not", "1", {"TRUE"}), "0");
  EXPECT_EQ(got("c | flag | and(d | flag)", "1", "1"), strings{"TRUE"});
  EXPECT_EQ(got("c | flag | and(d | flag)", "1", "0"), strings{"FALSE"});
  EXPECT_EQ(got("c | flag | and(d | flag)", "1", null), strings{"FALSE"}) << "a flag without a value is off";
  EXPECT_EQ(got("c | flag | or(d | flag)", "0", "1"), strings{"TRUE"});
  EXPECT_EQ(got("c | flag | or(d | flag)", "0", null), strings{"FALSE"});
  EXPECT_THAT(got("c | flag | and(d | flag)", null, null), IsEmpty());
  EXPECT_THAT(refusal("c | flag | and(d | flag)", "1", {"TRUE"}), HasSubstr("several flags"));
  EXPECT_EQ(got("c | when(d)", "x", "1"), strings{"x"});
  EXPECT_THAT(got("c | when(d | flag)", "x", "0"), IsEmpty());
  EXPECT_THAT(got("c | when(d | flag)", "x", null), IsEmpty());
  EXPECT_THAT(objection("c | when(d)", "x", "perhaps"), HasSubstr("no flag"));
}

TEST(Stages, Map) {
  const std::string two = "c | map(\"a\" -> \"x\", 2 -> \"y\", \"z\" -> none)";
  EXPECT_EQ(got(two, "a"), strings{"x"});
  EXPECT_EQ(got(two, "2"), strings{"y"});
  EXPECT_THAT(got(two, "z"), IsEmpty());
  EXPECT_THAT(objection(two, "b"), HasSubstr("not in the list"));
  EXPECT_EQ(back(two, "a", {"y"}), "2");
  EXPECT_EQ(back(two, "a", {}), "z");
  EXPECT_THAT(refusal(two, "a", {"w"}), HasSubstr("not in the list"));
  const std::string rest = "c | map(\"a\" -> \"x\", else -> \"y\")";
  EXPECT_EQ(got(rest, "b"), strings{"y"});
  EXPECT_THAT(refusal(rest, "a", {"y"}), HasSubstr("forgets"));
}

TEST(Stages, Numbers) {
  EXPECT_EQ(got("c | scale(1024)", "3"), strings{"3072"});
  EXPECT_EQ(got("c | scale(\"${p}\")", "-3"), strings{"-15"});
  EXPECT_THAT(objection("c | scale(1024)", "9223372036854775807"), HasSubstr("too large"));
  EXPECT_THAT(objection("c | scale(1024)", "3.5"), HasSubstr("whole number"));
  EXPECT_EQ(back("c | scale(1024)", "3", {"2048"}), "2");
  EXPECT_THAT(refusal("c | scale(1024)", "3", {"2049"}), HasSubstr("multiple"));
  EXPECT_EQ(got("c | integer", "007"), strings{"7"});
  EXPECT_EQ(got("c | integer", "-0"), strings{"0"});
  EXPECT_EQ(got("c | integer", "+12"), strings{"12"});
  EXPECT_THAT(objection("c | integer", "1e3"), HasSubstr("whole number"));
  EXPECT_THAT(objection("c | integer", "-"), HasSubstr("whole number"));
  EXPECT_EQ(back("c | integer", "007", {"7"}), "007");
  EXPECT_EQ(back("c | integer", "007", {"8"}), "8");
}

TEST(Stages, AtLeast) {
  EXPECT_EQ(got("c | at_least(0)", "0"), strings{"0"});
  EXPECT_THAT(objection("c | at_least(0)", "-1"), HasSubstr("less than 0"));
  EXPECT_THAT(objection("c | at_least(0)", "x"), HasSubstr("whole number"));
  EXPECT_EQ(back("c | at_least(2)", "5", {"3"}), "3");
  EXPECT_THAT(refusal("c | at_least(2)", "5", {"1"}), HasSubstr("less than 2"));
}

TEST(Stages, SplitAndJoin) {
  EXPECT_EQ(got("c | split(\",\")", "b, a,b"), (strings{" a", "b"}));
  EXPECT_EQ(got("c | split(\",\") | trim | nonempty", "b, a,,"), (strings{"a", "b"}));
  EXPECT_EQ(got("c | split(\"ab\")", "1ab2ab3"), (strings{"1", "2", "3"}));
  const std::string list = "c | split(\",\") | trim | nonempty | lower";
  EXPECT_EQ(back(list, "B, a", {"b", "a", "c"}), "B, a,c") << "old spellings and order stay";
  EXPECT_EQ(back(list, "B, a,z", {"a", "z"}), " a,z");
  EXPECT_EQ(back(list, "B, a", {}), "");
  EXPECT_THAT(refusal(list, "a", {"b,c"}), HasSubstr("separator"));
  EXPECT_EQ(got("c | split(\",\") | join(\";\")", "a,b"), strings{"a;b"});
  EXPECT_EQ(back("c | split(\",\") | join(\";\")", "a,b", {"a;c"}), "a,c");
}

TEST(Stages, ListPicking) {
  EXPECT_EQ(got("c | split(\",\") | first", "b,a"), strings{"b"});
  EXPECT_EQ(got("c | split(\",\") | last", "b,a"), strings{"a"});
  EXPECT_EQ(got("c | split(\",\") | sort | join(\" \")", "b,a"), strings{"a b"});
  EXPECT_EQ(got("c | split(\",\") | unique | join(\" \")", "b,a,b"), strings{"b a"});
  EXPECT_EQ(got("c | split(\",\") | match(\"*@A.example\")", "x@a.EXAMPLE,y@b.example"), strings{"x@a.EXAMPLE"});
  EXPECT_EQ(got("c | split(\",\") | drop(\"x*\", \"z\")", "x1,y,Z"), strings{"y"});
  for (const std::string stage : {"first", "last", "sort", "unique", "match(\"z*\")", "drop(\"a\")"}) {
    EXPECT_NE(refusal("c | " + stage, "a", {"b"}), "") << stage;
  }
}

TEST(Stages, Affixes) {
  EXPECT_EQ(got("c | prefix(\"maildir:\")", "/a"), strings{"maildir:/a"});
  EXPECT_EQ(back("c | prefix(\"maildir:\")", "/a", {"maildir:/b"}), "/b");
  EXPECT_THAT(refusal("c | prefix(\"maildir:\")", "/a", {"/b"}), HasSubstr("does not begin"));
  EXPECT_EQ(got("c | suffix(\"S\")", "1"), strings{"1S"});
  EXPECT_EQ(back("c | suffix(\"S\")", "1", {"2S"}), "2");
  EXPECT_THAT(refusal("c | suffix(\"S\")", "1", {"2"}), HasSubstr("does not end"));
  EXPECT_EQ(got("c | strip_prefix(\"|\")", "|cmd"), strings{"cmd"});
  EXPECT_EQ(got("c | strip_prefix(\"|\")", "cmd"), strings{"cmd"});
  EXPECT_EQ(back("c | strip_prefix(\"|\")", "|cmd", {"other"}), "|other");
  EXPECT_EQ(back("c | strip_prefix(\"|\")", "cmd", {"other"}), "other");
  EXPECT_EQ(back("c | strip_prefix(\"|\")", "cmd", {"|pipe"}), "||pipe");
  EXPECT_EQ(got("c | strip_suffix(\"/\")", "dir/"), strings{"dir"});
  EXPECT_EQ(back("c | strip_suffix(\"/\")", "dir/", {"new"}), "new/");
  EXPECT_EQ(got("c | replace(\"a\", \"bb\")", "banana"), strings{"bbbnbbnbb"});
  EXPECT_THAT(refusal("c | replace(\"a\", \"b\")", "x", {"y"}), HasSubstr("forgets"));
}

TEST(Stages, AddressParts) {
  EXPECT_EQ(got("c | localpart", "a@b@c.example"), strings{"a@b"});
  EXPECT_EQ(got("c | domainpart", "a@b@c.example"), strings{"c.example"});
  EXPECT_THAT(objection("c | localpart", "nobody"), HasSubstr("no '@'"));
  EXPECT_THAT(objection("c | domainpart", "nobody"), HasSubstr("no '@'"));
}

TEST(Stages, Idna) {
  EXPECT_EQ(got("c | idna", "EXAMPLE.Org"), strings{"example.org"});
  EXPECT_EQ(got("c | idna", "Bücher.example"), strings{"xn--bcher-kva.example"});
  EXPECT_EQ(got("c | idna", "Joe@Bücher.example"), strings{"Joe@xn--bcher-kva.example"});
  for (const std::string& bad :
       {std::string(), std::string("a..b"), std::string("a b.example"), std::string(".a"), std::string(64, 'a')}) {
    EXPECT_THAT(objection("c | idna", bad), HasSubstr("no")) << bad;
  }
  EXPECT_EQ(back("c | idna", "Bücher.example", {"xn--bcher-kva.example"}), "Bücher.example");
  EXPECT_EQ(back("c | idna", "Bücher.example", {"b.example"}), "b.example");
}

TEST(Stages, Address) {
  EXPECT_EQ(got("c | address", " Joe@Bücher.example "), strings{"joe@xn--bcher-kva.example"});
  EXPECT_EQ(got("c | address", "@A.example"), strings{"@a.example"});
  EXPECT_EQ(got("c | address", "\"a b\"@a.example"), strings{"\"a b\"@a.example"});
  EXPECT_THAT(objection("c | address", "jö@a.example"), HasSubstr("not ASCII"));
  EXPECT_THAT(objection("c | address", "a b@a.example"), HasSubstr("blank"));
  EXPECT_THAT(objection("c | address", "joe"), HasSubstr("no '@'"));
  EXPECT_THAT(objection("c | address", "joe@"), HasSubstr("domain"));
  EXPECT_THAT(objection("c | address", "joe@home@a.example"), HasSubstr("two '@'"));
  EXPECT_EQ(got("c | address", "\"joe@home\"@a.example"), strings{"\"joe@home\"@a.example"});
  EXPECT_EQ(back("c | address", "Joe@A.example", {"joe@a.example"}), "Joe@A.example");
}

TEST(Stages, Mailbox) {
  EXPECT_EQ(got("c | mailbox", " Joe@A.example"), strings{"joe@a.example"});
  EXPECT_THAT(objection("c | mailbox", " @a.example"), HasSubstr("no local part"));
  EXPECT_THAT(refusal("c | mailbox", "joe@a.example", {"@a.example"}), HasSubstr("no local part"));
  EXPECT_EQ(back("c | mailbox", "Joe@A.example", {"jim@a.example"}), "jim@a.example");
}

TEST(Stages, Ia5PathLimit) {
  EXPECT_THAT(objection("c | ia5", "ä"), HasSubstr("not ASCII"));
  EXPECT_EQ(got("c | ia5", "a"), strings{"a"});
  EXPECT_EQ(got("c | path", "//var///mail/joe//"), strings{"/var/mail/joe"});
  EXPECT_EQ(got("c | path", "/"), strings{"/"});
  EXPECT_EQ(got("c | path", "/a..b/..c"), strings{"/a..b/..c"});
  for (const std::string bad : {"/a/../b", "..", "a/..", "/a\nb"}) EXPECT_NE(objection("c | path", bad), "") << bad;
  EXPECT_EQ(back("c | path", "/a/", {"/a"}), "/a/");
  EXPECT_EQ(got("c | limit(3)", "äöü"), strings{"äöü"});
  EXPECT_THAT(objection("c | limit(3)", "äöüa"), HasSubstr("longer than 3"));
}

TEST(Stages, Time) {
  EXPECT_EQ(got("c | time", "2024-02-29 12:34:56"), strings{"20240229123456Z"});
  EXPECT_EQ(got("c | time", "2024-02-29 12:34:56.120"), strings{"20240229123456.12Z"});
  EXPECT_EQ(got("c | time", "2024-03-01T00:30:00+01:00"), strings{"20240229233000Z"});
  EXPECT_EQ(got("c | time", "2024-02-29"), strings{"20240229000000Z"});
  for (const std::string bad : {"0000-00-00 00:00:00", "2023-02-29 00:00:00", "yesterday", "2024-01-01 25:00:00", ""}) {
    EXPECT_THAT(objection("c | time", bad), HasSubstr("no point in time")) << bad;
  }
  EXPECT_EQ(back("c | time", "2024-02-29", {"20240229000000Z"}), "2024-02-29");
  EXPECT_EQ(back("c | time", "2024-02-29", {"20250101010203Z"}), "2025-01-01 01:02:03");
  EXPECT_THAT(refusal("c | time", null, {"2025"}), HasSubstr("GeneralizedTime"));
}

TEST(Stages, Password) {
  const std::string crypt = "$6$abcdefgh$" + std::string(86, 'x');
  EXPECT_EQ(got("c | password", crypt), strings{"{CRYPT}" + crypt});
  EXPECT_EQ(got("c | password", "{SHA512-CRYPT}" + crypt), strings{"{CRYPT}" + crypt});
  const std::string refused = objection("c | password", "very-secret");
  EXPECT_NE(refused, "");
  EXPECT_EQ(refused.find("very-secret"), std::string::npos) << "a password must never be in a reason";
  EXPECT_EQ(back("c | password", crypt, {"{CRYPT}$6$new$" + std::string(86, 'y')}), "$6$new$" + std::string(86, 'y'));
  EXPECT_EQ(back("c | password", crypt, {"{CRYPT}" + crypt}), crypt);
}

TEST(Stages, SecretsStayOutOfReasons) {
  const std::string refused = objection("c | ia5 | password", "geheim-ä");
  EXPECT_NE(refused, "");
  EXPECT_EQ(refused.find("geheim"), std::string::npos) << refused;
}

TEST(Stages, Decode) {
  EXPECT_EQ(got("c | decode(quoted-printable)", "Gr=C3=BC=C3=9Fe"), strings{"Grüße"});
  EXPECT_THAT(objection("c | decode(quoted-printable)", "=FF"), HasSubstr("not UTF-8"));
  EXPECT_EQ(back("c | decode(quoted-printable)", "Gr=C3=BC=C3=9Fe", {"für"}), "f=C3=BCr");
  EXPECT_EQ(got("c | decode(base64)", "YWJj"), strings{"abc"});
  EXPECT_THAT(objection("c | decode(base64)", "?"), HasSubstr("base64"));
  EXPECT_EQ(back("c | decode(base64)", "YWJj", {"ab"}), "YWI=");
  EXPECT_EQ(got("c | decode(url)", "a%20b"), strings{"a b"});
  EXPECT_EQ(back("c | decode(url)", "", {"a b"}), "a%20b");
  EXPECT_EQ(got("c | decode(hex)", "6162"), strings{"ab"});
  EXPECT_EQ(back("c | decode(hex)", "6162", {"b"}), "62");
  EXPECT_EQ(got("c | decode(latin1)", "caf\xE9"), strings{"café"});
  EXPECT_EQ(back("c | decode(latin1)", "x", {"é"}), "\xE9");
  EXPECT_THAT(refusal("c | decode(latin1)", "x", {"€"}), HasSubstr("Latin-1"));
}

TEST(Stages, Json) {
  const std::string doc = R"({"a":{"b":"x","n":7,"l":["p","q"],"t":true,"z":null}})";
  EXPECT_EQ(got("c | json(\"a.b\")", doc), strings{"x"});
  EXPECT_EQ(got("c | json(\"a.n\")", doc), strings{"7"});
  EXPECT_EQ(got("c | json(\"a.l\")", doc), (strings{"p", "q"}));
  EXPECT_EQ(got("c | json(\"a.t\")", doc), strings{"TRUE"});
  EXPECT_THAT(got("c | json(\"a.z\")", doc), IsEmpty());
  EXPECT_THAT(got("c | json(\"no.such\")", doc), IsEmpty());
  EXPECT_THAT(objection("c | json(\"a\")", "{broken"), HasSubstr("no JSON"));
  EXPECT_THAT(objection("c | json(\"a\")", std::string(100'000, '[')), HasSubstr("no JSON"));
  EXPECT_EQ(back("c | json(\"a.n\")", R"({"a":{"n":7},"k":1})", {"8"}), R"({"a":{"n":8},"k":1})");
  EXPECT_EQ(back("c | json(\"a.l\")", R"({"a":{"l":["p"]}})", {"p", "r"}), R"({"a":{"l":["p","r"]}})");
  EXPECT_EQ(back("c | json(\"a\")", R"({"a":"x","b":1})", {}), R"({"b":1})");
  EXPECT_EQ(back("c | json(\"a.b\")", null, {"v"}), R"({"a":{"b":"v"}})");
}

TEST(Stages, Required) {
  const std::string list = "c | split(\",\") | nonempty | required(\"no target\")";
  EXPECT_EQ(got(list, "a,b"), (strings{"a", "b"}));
  EXPECT_EQ(objection(list, ","), "no target");
  EXPECT_EQ(objection(list, null), "no target");
  const lens::answer rows = lens("n.v | required(\"no row\")").get(null, null, {{{"n.v", "x"}}, {{"n.v", null}}});
  EXPECT_EQ(rows.values, strings{"x"}) << "asked of all rows together: " << rows.objection;
  EXPECT_EQ(back(list, "a,b", {"b"}), "b");
  EXPECT_THAT(refusal(list, "a,b", {}), HasSubstr("no target"));
}

TEST(Stages, Reject) {
  EXPECT_EQ(objection("c | match(\"bad*\") | reject(\"no bad ones\")", "bad one"), "no bad ones");
  EXPECT_THAT(got("c | match(\"bad*\") | reject(\"no bad ones\")", "good"), IsEmpty());
}

TEST(Stages, Texts) {
  EXPECT_EQ(got("\"${c}@${d}\"", "a", "b"), strings{"a@b"});
  EXPECT_THAT(got("\"${c}@${d}\"", "a", null), IsEmpty());
  EXPECT_EQ(got("\"<${c | split(\",\")}>${p}\"", "a,b"), (strings{"<a>5", "<b>5"}));
  EXPECT_THAT(objection("\"${c | split(\",\")}${d | split(\",\")}\"", "a,b", "x,y"), HasSubstr("several values"));
  EXPECT_EQ(back("\"/home/${c}/mail\"", "joe", {"/home/jim/mail"}), "jim");
  EXPECT_THAT(refusal("\"/home/${c}/mail\"", "joe", {"/srv/jim/mail"}), HasSubstr("form of the text"));
  EXPECT_THAT(refusal("\"${c}-${d}\"", "joe", {"a-b"}), HasSubstr("several columns"));
}

TEST(Stages, Unions) {
  EXPECT_EQ(got("c + d + \"k\"", "a", "b"), (strings{"a", "b", "k"}));
  EXPECT_EQ(back("c + \"k\"", "a", {"b", "k"}), "b");
  EXPECT_THAT(refusal("c + d", "a", {"x"}), HasSubstr("cannot be written back"));
  EXPECT_THAT(refusal("c + \"k\"", "a", {"a"}), HasSubstr("read back")) << "a constant cannot be taken away";
}

TEST(Stages, ManyRows) {
  const std::vector<test::cells> rows = {
      {{"n.v", "a"}, {"n.w", "1"}}, {{"n.v", "b"}, {"n.w", "0"}}, {{"n.v", null}, {"n.w", "1"}}};
  EXPECT_EQ(lens("n.v").get("x", null, rows).values, (strings{"a", "b"}));
  EXPECT_EQ(lens("\"${c}-${n.v}${n.w}\"").get("x", null, rows).values, (strings{"x-a1", "x-b0"}));
  EXPECT_EQ(lens("n.v | when(n.w | flag)").get("x", null, rows).values, strings{"a"}) << "row by row";
  EXPECT_EQ(lens("\"[${n.v | join(\",\")}]\"").get("x", null, rows).values, strings{"[a,b]"});
  EXPECT_EQ(lens("\"${n.v | join(\",\")}:${n.w}\"").get("x", null, rows).values, (strings{"a,b:0", "a,b:1"}));
  EXPECT_EQ(lens("n.v | else(d)").get("x", "dd", {}).values, strings{"dd"});
  EXPECT_THAT(lens("n.v").put("x", {"new"}).objection, HasSubstr("`many`"));
}

}  // namespace
}  // namespace sql2ldap
