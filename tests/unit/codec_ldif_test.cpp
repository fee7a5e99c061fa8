#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sql2ldap/codec/ldif.hpp>

namespace sql2ldap::codec {
namespace {

using namespace std::string_literals;

std::string line(std::string_view value) {
  std::string out;
  append_ldif_value(out, "cn", value);
  return out;
}

TEST(ldif_writer, encodes_what_is_no_safe_string) {
  EXPECT_EQ(line("plain: <ok> #"), "cn: plain: <ok> #\n");
  EXPECT_EQ(line(""), "cn:\n");
  EXPECT_EQ(line(" a"), "cn:: IGE=\n");
  EXPECT_EQ(line(":a"), "cn:: OmE=\n");
  EXPECT_EQ(line("<a"), "cn:: PGE=\n");
  EXPECT_EQ(line("a "), "cn:: YSA=\n");
  EXPECT_EQ(line("ü"), "cn:: w7w=\n");
  EXPECT_EQ(line("long enough a text\n"), "cn:: bG9uZyBlbm91Z2ggYSB0ZXh0Cg==\n");
  EXPECT_EQ(line("a\tb with a tab"), "cn: a\tb with a tab\n");
  EXPECT_EQ(line("12345678\0"s), "cn:: MTIzNDU2NzgA\n");
}

TEST(ldif_writer, writes_entries_and_changes) {
  model::entry e;
  e.set_dn("uid=a,dc=x");
  e.add(model::names::object_class, "top");
  e.add(model::attribute_name("cn"), "A B");
  std::string out;
  append_ldif(out, e);
  EXPECT_EQ(out, "dn: uid=a,dc=x\nobjectClass: top\ncn: A B\n\n");
  out.clear();
  append_ldif(out, model::change{"", model::add_entry{e}});
  append_ldif(out, model::change{"", model::delete_entry{"dc=d"}});
  append_ldif(out, model::change{"", model::rename_entry{"uid=a,dc=x", "uid=b", false, "dc=y"}});
  using op = model::modification::operation;
  append_ldif(out, model::change{"", model::modify_entry{"uid=b,dc=y",
                                                         {{op::add, model::attribute_name("cn"), {"1", "2"}},
                                                          {op::remove, model::attribute_name("sn"), {}},
                                                          {op::replace, model::attribute_name("sn"), {"ü"}}}}});
  EXPECT_EQ(
      out,
      "dn: uid=a,dc=x\nchangetype: add\nobjectClass: top\ncn: A B\n\n"
      "dn: dc=d\nchangetype: delete\n\n"
      "dn: uid=a,dc=x\nchangetype: modrdn\nnewrdn: uid=b\ndeleteoldrdn: 0\nnewsuperior: dc=y\n\n"
      "dn: uid=b,dc=y\nchangetype: modify\nadd: cn\ncn: 1\ncn: 2\n-\ndelete: sn\n-\nreplace: sn\nsn:: w7w=\n-\n\n");
}

TEST(ldif_reader, reads_folded_lines_comments_and_either_line_end) {
  std::istringstream in(
      "# first\r\n  comment\r\nversion: 1\r\ndn: UID=a , dc=x\r\n# between\r\ncn: long\r\n er\r\nsn::\r\n  "
      "w7w=\r\n\r\n\r\n"
      "dn:: ZGM9eQ==\nchangetype: delete\n");
  std::vector<std::string> comments;
  ldif_reader reader(in, [&](std::string_view text) { comments.emplace_back(text); });
  const auto first = reader.next();
  ASSERT_TRUE(first.has_value()) << first.error().text();
  const auto& e = std::get<model::entry>(**first);
  EXPECT_EQ(e.dn(), "UID=a,dc=x");
  EXPECT_EQ(e.first_value_of(model::attribute_name("cn")), "longer");
  EXPECT_EQ(e.first_value_of(model::attribute_name("sn")), "ü");
  EXPECT_THAT(comments, testing::ElementsAre(" first comment", " between"));
  const auto second = reader.next();
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(std::get<std::vector<model::change>>(**second).at(0).dn(), "dc=y");
  const auto end = reader.next();
  ASSERT_TRUE(end.has_value());
  EXPECT_FALSE(end->has_value());
}

TEST(ldif_reader, takes_the_origin_of_an_added_entry) {
  std::istringstream in("dn: dc=x\nchangetype: add\ns2lOrigin: m/domain/x\n\n");
  const auto read = ldif_reader(in).next();
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(std::get<std::vector<model::change>>(**read).at(0).origin, "m/domain/x");
}

TEST(ldif_reader, says_where_and_what_is_wrong) {
  const std::pair<const char*, const char*> wrong[] = {
      {"dn: dc=x\n\n", "without attributes"},
      {"cn: a\n", "begins with \"dn:\""},
      {"version: 2\ndn: dc=x\n", "version"},
      {"dn: nonsense\ncn: a\n", "not a distinguished name"},
      {"dn: dc=x\ncn:< file:///etc/passwd\n", "URL"},
      {"dn: dc=x\ncn:: %%\n", "base64"},
      {"dn: dc=x\ncn\n", "no \":\""},
      {"dn: dc=x\nc n: a\n", "not an attribute name"},
      {"dn: dc=x\ncn: a\ndn: dc=y\n", "second \"dn\""},
      {"dn: dc=x\ncontrol: 1.2.3 true\nchangetype: delete\n", "controls"},
      {"dn: dc=x\nchangetype: vanish\n", "unknown changetype"},
      {"dn: dc=x\nchangetype: delete\ncn: a\n", "ends after"},
      {"dn: dc=x\nchangetype: modify\nadd: cn\n-\n", "nothing to add"},
      {"dn: dc=x\nchangetype: modify\nadd: cn\ncn: a\n", "\"-\""},
      {"dn: dc=x\nchangetype: modify\nadd: cn\nsn: a\n-\n", "in the modification of cn"},
      {"dn: dc=x\nchangetype: modify\nincrement: uidNumber\n", "begins with"},
      {"dn: dc=x\nchangetype: modrdn\nnewrdn: dc=y\n", "deleteoldrdn"},
      {"dn: dc=x\nchangetype: modrdn\nnewrdn: dc=y,dc=z\ndeleteoldrdn: 1\n", "not one RDN"},
  };
  for (const auto& [text, message] : wrong) {
    std::istringstream in(text);
    const auto read = ldif_reader(in).next();
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_NE(read.error().text().find(message), std::string::npos) << read.error().text();
  }
  std::istringstream in("dn: dc=x\ncn: a\n b\ncn; a\n");
  EXPECT_NE(ldif_reader(in).next().error().text().find("in line 4 "), std::string::npos);
}

}  // namespace
}  // namespace sql2ldap::codec
