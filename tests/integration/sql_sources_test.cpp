// What both engines must do alike, by the same expectations.
#include <cstdint>
#include <map>
#include <memory>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <support/postgres.hpp>
#include <support/queries.hpp>
#include <support/temp_dir.hpp>

#include <sql2ldap/sql/sources.hpp>

namespace sql2ldap::test {
namespace {

using model::column_ref;
using model::comparison;
using model::literal;

const column_ref id{"t", "id"};
const column_ref name{"t", "name"};
const column_ref active{"t", "active"};
const column_ref flag_number{"t", "flag_number"};
const column_ref flag_text{"t", "flag_text"};
const column_ref quota{"t", "quota"};
const column_ref score{"t", "score"};
const column_ref raw{"t", "raw"};
const column_ref created{"t", "created"};

literal text(const char* value) { return std::string(value); }
literal number(std::int64_t value) { return value; }

class database {
 public:
  virtual ~database() = default;
  [[nodiscard]] virtual std::string url() const = 0;
  virtual void execute(const std::string& sql) = 0;
};

class postgres_database final : public database {
 public:
  postgres_database() : name_("both_" + std::to_string(++count)) { postgres_server::shared().create_database(name_); }
  [[nodiscard]] std::string url() const override { return postgres_server::shared().url(name_); }
  void execute(const std::string& sql) override { postgres_server::shared().execute(name_, sql); }

 private:
  static inline int count = 0;
  std::string name_;
};

class sqlite_database final : public database {
 public:
  sqlite_database() {
    if (sqlite3_open((folder_ / "db").c_str(), &handle_) != SQLITE_OK) throw std::runtime_error("sqlite3_open");
    execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
  }
  ~sqlite_database() override { sqlite3_close(handle_); }
  [[nodiscard]] std::string url() const override { return "sqlite:" + (folder_ / "db").string(); }
  void execute(const std::string& sql) override {
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
      throw std::runtime_error(sqlite3_errmsg(handle_));
  }

 private:
  temp_dir folder_;
  sqlite3* handle_ = nullptr;
};

// Puts in what the two engines spell differently.
std::string with_words(std::string sql, const std::map<std::string, std::string>& words) {
  for (const auto& [word, meaning] : words)
    for (std::size_t at = sql.find(word); at != std::string::npos; at = sql.find(word, at + meaning.size()))
      sql.replace(at, word.size(), meaning);
  return sql;
}

class SqlSources : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const bool postgresql = GetParam() == "PostgreSQL";
    if (postgresql)
      database_ = std::make_unique<postgres_database>();
    else
      database_ = std::make_unique<sqlite_database>();
    yes_ = postgresql ? "t" : "1";
    no_ = postgresql ? "f" : "0";
    words_ = {{"$BYTES", postgresql ? "bytea" : "blob"},
              {"$TIME", postgresql ? "timestamp" : "datetime"},
              {"$HELLO", postgresql ? "'\\x00ff68690a5c'" : "x'00ff68690a5c'"}};
    database_->execute(with_words(R"(
      CREATE TABLE "user" (id integer PRIMARY KEY, name varchar(255) NOT NULL, active boolean, flag_number integer,
                           flag_text varchar(8), quota bigint, score double precision, raw $BYTES, created $TIME);
      INSERT INTO "user" VALUES
        (1, 'anna',     TRUE,  1,    't',    5000000000, 1.5,  $HELLO, '2024-02-29 23:59:59.25'),
        (2, 'Anna',     FALSE, 0,    'f',    -7,         -2,   NULL,   '1999-12-31 00:00:00'),
        (3, '100%_x\y', NULL,  NULL, NULL,   NULL,       NULL, NULL,   NULL),
        (4, 'o''hara',  TRUE,  2,    'YES',  5,          0.1,  $HELLO, '2024-03-01 00:00:00'),
        (10, 'äöü',     FALSE, 0,    'off',  0,          1e30, NULL,   '2038-01-19 03:14:08');
      CREATE TABLE "enablelib-storage" ("mail-box" varchar(255) NOT NULL, "select" varchar(20), number integer);
      INSERT INTO "enablelib-storage" VALUES ('anna', 'one', 1), ('anna', 'two', 2), ('o''hara', NULL, 4),
        ('nobody', 'x', 99);
      CREATE UNIQUE INDEX storage_by_word ON "enablelib-storage" ("mail-box", "select");
      CREATE UNIQUE INDEX storage_partial ON "enablelib-storage" (number) WHERE number > 5;
      CREATE UNIQUE INDEX storage_expression ON "enablelib-storage" (lower("select"), number);
      CREATE VIEW pfx_active AS SELECT id, name FROM "user" WHERE id < 3;
    )",
                                  words_));
    auto opened = sql::open_source(database_->url());
    ASSERT_TRUE(opened) << opened.error().text();
    source_ = *std::move(opened);
  }

  std::string ids_where(model::condition_ptr where) {
    model::query what = select("user", {"id"});
    what.where = std::move(where);
    return first_column(all_rows(*source_, what));
  }

  std::unique_ptr<database> database_;
  std::unique_ptr<model::source> source_;
  std::map<std::string, std::string> words_;
  std::string yes_, no_;
};

INSTANTIATE_TEST_SUITE_P(Engines, SqlSources, testing::Values("PostgreSQL", "SQLite"),
                         [](const auto& test) { return test.param; });

TEST_P(SqlSources, ValuesHaveOneForm) {
  const auto rows = all_rows(*source_, select("user", {"id", "name", "active", "flag_number", "flag_text", "quota",
                                                       "score", "raw", "created"}));
  const std::string hello("\0\xffhi\n\\", 6);
  const std::optional<std::string> null;
  const std::vector<text_row> expected = {
      {"1", "anna", yes_, "1", "t", "5000000000", "1.5", hello, "2024-02-29 23:59:59.25"},
      {"2", "Anna", no_, "0", "f", "-7", "-2", null, "1999-12-31 00:00:00"},
      {"3", "100%_x\\y", null, null, null, null, null, null, null},
      {"4", "o'hara", yes_, "2", "YES", "5", "0.1", hello, "2024-03-01 00:00:00"},
      {"10", "äöü", no_, "0", "off", "0", "1e+30", null, "2038-01-19 03:14:08"},
  };
  EXPECT_EQ(rows, expected);
}

TEST_P(SqlSources, TextIsSortedByBytesAndNumbersByValue) {
  EXPECT_EQ(first_column(all_rows(*source_, select("user", {"id"}))), "1 2 3 4 10");
  EXPECT_EQ(first_column(all_rows(*source_, select("user", {"name"}))), "100%_x\\y Anna anna o'hara äöü");
}

TEST_P(SqlSources, ComparisonsOfAnyTypesNeverMakeTheServerFail) {
  const struct {
    const char* what;
    model::condition_ptr where;
    const char* ids;
  } cases[] = {
      {"text = text", equal(name, text("anna")), "1"},
      {"text with a quote", equal(name, text("o'hara")), "4"},
      {"text that tries to end the literal", equal(name, text("' OR 1=1 --\\'")), ""},
      {"text with NUL", equal(name, std::string("an\0na", 5)), ""},
      {"text <> text", not_equal(name, text("anna")), "2 3 4 10"},
      {"text < text by bytes", compare(name, comparison::less, text("a")), "2 3"},
      {"literal on the left", compare(text("a"), comparison::greater, name), "2 3"},
      {"text = number", equal(name, number(100)), ""},
      {"integer = number", equal(quota, number(5'000'000'000)), "1"},
      {"integer < number", compare(quota, comparison::less, number(5)), "2 10"},
      {"integer = its text", equal(quota, text("-7")), "2"},
      {"integer = no number", equal(id, text("ALL")), ""},
      {"integer <> no number", not_equal(id, text("ALL")), "1 2 3 4 10"},
      {"integer = too large a number", equal(id, text("99999999999999999999")), ""},
      {"integer = not its text", equal(id, text("01")), ""},
      {"real = text", equal(score, text("1.5")), "1"},
      {"real > number", compare(score, comparison::greater, number(1)), "1 10"},
      {"real = no number", equal(score, text("much")), ""},
      {"boolean = true", equal(active, literal(true)), "1 4"},
      {"boolean = false", equal(active, literal(false)), "2 10"},
      {"boolean <> true", not_equal(active, literal(true)), "2 10"},
      {"boolean = 1", equal(active, number(1)), "1 4"},
      {"boolean = 7", equal(active, number(7)), ""},
      {"boolean = a word", equal(active, text("maybe")), ""},
      {"boolean >= true", compare(active, comparison::greater_equal, literal(true)), "1 4"},
      {"integer = true means 1", equal(flag_number, literal(true)), "1"},
      {"integer = false means 0", equal(flag_number, literal(false)), "2 10"},
      {"text = true", equal(flag_text, literal(true)), "1 4"},
      {"text = false", equal(flag_text, literal(false)), "2 10"},
      {"timestamp = text", equal(created, text("2024-03-01 00:00:00")), "4"},
      {"timestamp > a day", compare(created, comparison::greater, text("2024-02-29")), "1 4 10"},
      {"timestamp = a day that is none", equal(created, text("0000-00-00 00:00:00")), ""},
      {"timestamp = number", equal(created, number(2024)), ""},
      {"bytes = bytes", equal(raw, std::string("\0\xffhi\n\\", 6)), "1 4"},
      {"bytes = number", equal(raw, number(1)), ""},
      {"= null is never true", equal(quota, literal(model::null_literal{})), ""},
      {"not = null neither", condition(model::none_of{equal(quota, literal(model::null_literal{}))}), ""},
      {"column = column", equal(id, flag_number), "1"},
      {"integer column = text column", equal(id, name), ""},
      {"integer column = boolean column", equal(id, active), "1"},
      {"text column = bytes column", equal(name, raw), ""},
      {"timestamp column = text column", equal(created, name), ""},
      {"literals", equal(text("1"), number(1)), "1 2 3 4 10"},
      {"literals that differ", equal(literal(true), number(0)), ""},
  };
  for (const auto& one : cases) EXPECT_EQ(ids_where(one.where), one.ids) << one.what;
}

TEST_P(SqlSources, OtherConditions) {
  const auto is_like = [](const char* pattern, bool negated = false) {
    return condition(model::like{name, pattern, negated});
  };
  const auto in = [](model::operand left, std::vector<literal> list, bool negated = false) {
    return condition(model::in_list{std::move(left), std::move(list), negated});
  };
  const struct {
    const char* what;
    model::condition_ptr where;
    const char* ids;
  } cases[] = {
      {"like minds letter case", is_like("a%"), "1"},
      {"like _", is_like("_nna"), "1 2"},
      {"like _ is a character, not a byte", is_like("___"), "10"},
      {"like escaped %", is_like("100\\%%"), "3"},
      {"like escaped _", is_like("%\\_x%"), "3"},
      {"like escaped backslash", is_like("%x\\\\y"), "3"},
      {"like with a backslash at the end", is_like("%x\\"), ""},
      {"like with the signs of GLOB", is_like("[a]*?"), ""},
      {"not like", is_like("%nna", true), "3 4 10"},
      {"like on a number", condition(model::like{id, "1%", false}), "1 10"},
      {"in", in(name, {text("anna"), text("o'hara"), text("nobody")}), "1 4"},
      {"in with mixed types", in(id, {text("ALL"), number(2), text("10")}), "2 10"},
      {"in with truth", in(flag_text, {literal(true), text("f")}), "1 2 4"},
      {"in nothing", in(name, {}), ""},
      {"not in", in(id, {number(1), text("2"), text("x")}, true), "3 4 10"},
      {"not in nothing", in(name, {}, true), "1 2 3 4 10"},
      {"not in null", in(id, {literal(model::null_literal{})}, true), ""},
      {"literal in", in(text("a"), {text("a")}), "1 2 3 4 10"},
      {"is null", condition(model::is_null{quota, false}), "3"},
      {"is not null", condition(model::is_null{quota, true}), "1 2 4 10"},
      {"literal is null", condition(model::is_null{literal(model::null_literal{}), false}), "1 2 3 4 10"},
      {"truth of boolean", condition(model::truth{active}), "1 4"},
      {"truth of integer", condition(model::truth{flag_number}), "1"},
      {"truth of text", condition(model::truth{flag_text}), "1 4"},
      {"and", condition(model::all_of{{equal(active, literal(true)), equal(id, number(4))}}), "4"},
      {"or", condition(model::any_of{{equal(id, number(1)), equal(id, number(4))}}), "1 4"},
      {"and of nothing", condition(model::all_of{}), "1 2 3 4 10"},
      {"or of nothing", condition(model::any_of{}), ""},
      {"not", condition(model::none_of{equal(id, number(1))}), "2 3 4 10"},
      {"exists",
       condition(
           model::exists{{"", "enablelib-storage", "s"}, equal(column_ref{"s", "mail-box"}, column_ref{"t", "name"})}),
       "1 4"},
      {"not exists",
       condition(model::none_of{condition(model::exists{{"", "enablelib-storage", "s"},
                                                        equal(column_ref{"s", "mail-box"}, column_ref{"t", "name"})})}),
       "2 3 10"},
  };
  for (const auto& one : cases) EXPECT_EQ(ids_where(one.where), one.ids) << one.what;
}

TEST_P(SqlSources, FoldedTextsAreTheSameUnderEveryCollation) {
  // In Turkish the small letter of I is another one; NOCASE would make the second table's rows equal by themselves.
  const bool postgresql = GetParam() == "PostgreSQL";
  database_->execute(with_words(R"(
      CREATE TABLE spelt (id integer PRIMARY KEY, word varchar(40) $FOREIGN, twin varchar(40) $FOREIGN);
      INSERT INTO spelt VALUES (1, 'IDA', 'ida'), (2, 'ida', '  Ida '), (3, 'ÄRA', 'ära'), (4, NULL, 'x'),
                               (5, 'ära', 'ÄRA'), (6, 'Z', 'Z');
      CREATE TABLE mate (word varchar(40) $FOREIGN, active boolean);
      INSERT INTO mate VALUES ('Ida', TRUE), ('z', FALSE), (NULL, TRUE), ('ärA', TRUE);
    )",
                                {{"$FOREIGN", postgresql ? "COLLATE \"tr-x-icu\"" : "COLLATE NOCASE"}}));
  source_ = *sql::open_source(database_->url());
  const model::folded_column word{{"t", "word"}, true, false};
  const model::folded_column twin{{"t", "twin"}, true, false};
  const model::folded_column clean_twin{{"t", "twin"}, true, true};
  const model::folded_column bare_twin{{"t", "twin"}, false, true};
  const model::operand plain_word = column_ref{"t", "word"};
  const auto mate_with = [&](std::vector<model::condition_ptr> more, bool negated) {
    more.push_back(equal(model::folded_column{{"m", "word"}, true, false}, word));
    auto found = condition(model::exists{{"", "mate", "m"}, condition(model::all_of{std::move(more)})});
    return negated ? condition(model::none_of{std::move(found)}) : found;
  };
  const auto active_mate = condition(model::truth{{"m", "active"}});
  const struct {
    const char* what;
    model::condition_ptr where;
    const char* ids;
  } cases[] = {
      {"both sides folded", equal(word, twin), "1 6"},
      {"and blanks at the ends", equal(word, clean_twin), "1 2 6"},
      {"blanks alone", equal(plain_word, bare_twin), "6"},
      {"one side folded", equal(plain_word, twin), ""},
      {"the other side folded", equal(word, column_ref{"t", "twin"}), "1"},
      {"with a text", equal(word, text("ida")), "1 2"},
      {"with a text on the left", equal(text("z"), word), "6"},
      {"with a text that is never the result", equal(word, text("IDA")), ""},
      {"not equal, without NULL", not_equal(word, twin), "2 3 5"},
      {"less", compare(word, model::comparison::less, text("z")), "1 2"},
      {"in", condition(model::in_list{word, {text("ida"), text("Z"), text("ära")}, false}), "1 2 5"},
      {"not in", condition(model::in_list{word, {text("ida")}, true}), "3 5 6"},
      {"like", condition(model::like{word, "id_", false}), "1 2"},
      {"is null", condition(model::is_null{word, false}), "4"},
      {"exists", mate_with({}, false), "1 2 5 6"},
      {"not exists, with NULL on both sides", mate_with({}, true), "3 4"},
      {"exists with more to ask", mate_with({active_mate}, false), "1 2 5"},
      {"not exists with more to ask", mate_with({active_mate}, true), "3 4 6"},
      {"exists that looks at the outer row twice", mate_with({equal(id, number(2))}, false), "2"},
  };
  model::query what = select("spelt", {"id"});
  for (const auto& one : cases) {
    what.where = one.where;
    EXPECT_EQ(first_column(all_rows(*source_, what)), one.ids) << one.what;
  }
}

TEST_P(SqlSources, OfRowsWithOneKeyTheGreatestComesFirst) {
  database_->execute(
      "CREATE TABLE kept (id integer, word varchar(10)); "
      "INSERT INTO kept VALUES (2, 'x'), (1, 'Ida'), (1, 'ida'), (1, 'IDA')");
  source_ = *sql::open_source(database_->url());
  model::query what = select("kept", {"word"});
  what.order = {{"t", "id"}};
  what.descending = {{"t", "word"}};
  EXPECT_EQ(first_column(all_rows(*source_, what)), "ida Ida IDA x");
}

TEST_P(SqlSources, JoinsWithQuotedNames) {
  model::query what = select("user", {"id"});
  what.joins = {{model::join::how::left,
                 {"", "enablelib-storage", "s"},
                 equal(column_ref{"s", "mail-box"}, column_ref{"t", "name"})}};
  what.columns.push_back({"s", "select"});
  what.order.push_back({"s", "number"});
  const std::optional<std::string> null;
  const std::vector<text_row> left = {{"1", "one"}, {"1", "two"}, {"2", null}, {"3", null}, {"4", null}, {"10", null}};
  EXPECT_EQ(all_rows(*source_, what), left);
  what.joins[0].kind = model::join::how::inner;
  const std::vector<text_row> inner = {{"1", "one"}, {"1", "two"}, {"4", null}};
  EXPECT_EQ(all_rows(*source_, what), inner);
}

TEST_P(SqlSources, ARowWithNullInItsKeyIsDeliveredToo) {
  auto what = select("enablelib-storage", {"mail-box", "select"});
  what.order.push_back({"t", "select"});
  const auto rows = all_rows(*source_, what);
  EXPECT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows.back(), (text_row{"o'hara", std::nullopt}));
}

TEST_P(SqlSources, RestrictedToKeysInTheFormOfTheRows) {
  model::query what = select("user", {"id"});
  const auto ids_with_keys = [&](std::vector<column_ref> columns, std::vector<std::vector<std::string>> keys) {
    what.restrict_to = std::move(columns);
    what.keys = std::move(keys);
    return first_column(all_rows(*source_, what));
  };
  EXPECT_EQ(ids_with_keys({id}, {{"10"}, {"2"}, {"x"}, {"007"}}), "2 10");
  EXPECT_EQ(ids_with_keys({name}, {{"o'hara"}, {"äöü"}}), "4 10");
  EXPECT_EQ(ids_with_keys({active}, {{yes_}}), "1 4");
  EXPECT_EQ(ids_with_keys({score}, {{"-2"}, {"0.1"}}), "2 4");
  EXPECT_EQ(ids_with_keys({created}, {{"2024-02-29 23:59:59.25"}}), "1");
  EXPECT_EQ(ids_with_keys({raw}, {{std::string("\0\xffhi\n\\", 6)}}), "1 4");
  EXPECT_EQ(ids_with_keys({name, id}, {{"anna", "1"}, {"Anna", "1"}, {"o'hara", "4"}, {"äöü", "ten"}}), "1 4");
  EXPECT_EQ(ids_with_keys({name}, {}), "");
  what.where = equal(id, number(4));
  EXPECT_EQ(ids_with_keys({name}, {{"anna"}, {"o'hara"}}), "4");
}

TEST_P(SqlSources, TenThousandKeysComeBackInOrder) {
  std::string rows =
      "CREATE TABLE many (a varchar(20), b integer, PRIMARY KEY (a, b)); INSERT INTO many VALUES ('x0', 0)";
  for (int i = 1; i < 20'000; ++i) rows += ", ('x" + std::to_string(i) + "', " + std::to_string(i) + ")";
  database_->execute(rows);
  model::query one = select("many", {"b"});
  one.restrict_to = {{"t", "a"}};
  model::query two = select("many", {"b"});
  two.restrict_to = {{"t", "a"}, {"t", "b"}};
  std::string expected;
  for (int i = 0; i < 20'000; i += 2) {
    one.keys.push_back({"x" + std::to_string(i)});
    two.keys.push_back({"x" + std::to_string(i), std::to_string(i)});
    expected += (i == 0 ? "" : " ") + std::to_string(i);
  }
  EXPECT_EQ(first_column(all_rows(*source_, one)), expected);
  EXPECT_EQ(first_column(all_rows(*source_, two)), expected);
}

TEST_P(SqlSources, ASnapshotDoesNotSeeLaterWrites) {
  const auto state = source_->open_snapshot();
  ASSERT_TRUE(state) << state.error().text();
  database_->execute(R"(UPDATE "user" SET name = 'changed'; DELETE FROM "user" WHERE id = 10)");
  EXPECT_EQ(first_column(all_rows(**state, select("user", {"name"}))), "100%_x\\y Anna anna o'hara äöü");
  database_->execute(R"(INSERT INTO "user" (id, name) VALUES (11, 'new'))");
  EXPECT_EQ(first_column(all_rows(**state, select("user", {"id"}))), "1 2 3 4 10");
  EXPECT_EQ(first_column(all_rows(*source_, select("user", {"id"}))), "1 2 3 4 11");
}

TEST_P(SqlSources, StreamsAreOpenSideBySideAndOutliveTheSnapshot) {
  auto state = source_->open_snapshot();
  ASSERT_TRUE(state) << state.error().text();
  auto users = (*state)->rows(select("user", {"id"}));
  auto storage = (*state)->rows(select("enablelib-storage", {"number"}));
  ASSERT_TRUE(users && storage);
  state->reset();
  std::string seen;
  for (int i = 0; i < 4; ++i) {
    const auto user = (*users)->next();
    const auto box = (*storage)->next();
    ASSERT_TRUE(user && *user && box && *box);
    seen += std::string((**user)[0].bytes) + ":" + std::string((**box)[0].bytes) + " ";
  }
  EXPECT_EQ(seen, "1:1 2:2 3:4 4:99 ");
  EXPECT_EQ((*storage)->next().value(), std::nullopt);
  EXPECT_EQ((*storage)->next().value(), std::nullopt);
  EXPECT_EQ(first_column(all_rows(**users)), "10");
}

TEST_P(SqlSources, Catalog) {
  const auto catalog = source_->describe();
  ASSERT_TRUE(catalog) << catalog.error().text();
  EXPECT_EQ(catalog->engine, GetParam());
  EXPECT_FALSE(catalog->version.empty());
  EXPECT_EQ(catalog->encoding.substr(0, 3), "UTF");
  const auto* user = catalog->find("", "user");
  ASSERT_NE(user, nullptr);
  EXPECT_EQ(user->primary_key, std::vector<std::string>{"id"});
  std::vector<model::sql_type> types;
  for (const auto& column : user->columns) types.push_back(column.type);
  using model::sql_type;
  EXPECT_EQ(types, (std::vector<sql_type>{sql_type::integer, sql_type::text, sql_type::boolean, sql_type::integer,
                                          sql_type::text, sql_type::integer, sql_type::real, sql_type::bytes,
                                          sql_type::timestamp}));
  EXPECT_FALSE(user->find("name")->nullable);
  EXPECT_TRUE(user->find("quota")->nullable);
  const auto* storage = catalog->find("", "enablelib-storage");
  ASSERT_NE(storage, nullptr);
  EXPECT_TRUE(storage->primary_key.empty());
  EXPECT_EQ(storage->unique_keys, (std::vector<std::vector<std::string>>{{"mail-box", "select"}}));
  const auto* view = catalog->find("", "pfx_active");
  ASSERT_NE(view, nullptr);
  EXPECT_EQ(view->columns.size(), 2U);
}

TEST_P(SqlSources, AMissingTableOrColumnIsAnErrorThatSaysWhich) {
  const auto reason = [&](const model::query& what) {
    const auto state = source_->open_snapshot();
    if (!state) return state.error();
    const auto rows = (*state)->rows(what);
    return rows ? error{} : rows.error();
  };
  const error table = reason(select("nonesuch", {"a"}));
  EXPECT_EQ(table.kind, error_kind::source);
  EXPECT_FALSE(table.transient);
  EXPECT_NE(table.text().find("nonesuch"), std::string::npos) << table.text();
  EXPECT_FALSE(table.hint.empty());
  const error column = reason(select("user", {"id", "nonesuch"}));
  EXPECT_NE(column.text().find("nonesuch"), std::string::npos) << column.text();
  EXPECT_FALSE(column.hint.empty());
}

// A deadlock with whoever changes the tables, a row that others changed first.
TEST(postgres_source, what_passes_by_itself_is_transient) {
  for (const char* sqlstate : {"40P01", "40001"}) {
    postgres_database mail;
    mail.execute(std::string("create function fails() returns int language plpgsql as $$ begin raise exception 'no' "
                             "using errcode = '") +
                 sqlstate + "'; end $$; create view failing as select fails() as a");
    const auto from = sql::open_source(mail.url());
    ASSERT_TRUE(from) << from.error().text();
    const auto state = (*from)->open_snapshot();
    ASSERT_TRUE(state) << state.error().text();
    const auto rows = (*state)->rows(select("failing", {"a"}));
    const error failed = rows ? (*rows)->next().error() : rows.error();
    EXPECT_TRUE(failed.transient) << failed.text();
  }
}

}  // namespace
}  // namespace sql2ldap::test
