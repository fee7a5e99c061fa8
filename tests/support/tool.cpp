#include <support/tool.hpp>

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace sql2ldap::test {

tool::tool(std::string source, std::string mapping, std::string directory, std::vector<std::string> identity)
    : sides_{"--source",    std::move(source),    "--mapping", std::move(mapping),
             "--directory", std::move(directory), "--base",    std::string(slapd_server::suffix)} {
  sides_.insert(sides_.end(), identity.begin(), identity.end());
}

command tool::typed(std::string_view words, const std::vector<std::string>& more) const {
  command what{.arguments = {S2L_BINARY_DIR "/tools/sql2ldap"}};
  std::istringstream in{std::string(words)};
  for (std::string word; in >> word;) what.arguments.push_back(word);
  what.arguments.insert(what.arguments.end(), sides_.begin(), sides_.end());
  what.arguments.insert(what.arguments.end(), more.begin(), more.end());
  return what;
}

captured tool::operator()(std::string_view words, const std::vector<std::string>& more) const {
  return run_and_capture(typed(words, more));
}

sqlite_database::sqlite_database(std::string_view sql) { execute(sql); }

std::string sqlite_database::execute(std::string_view sql) const {
  const captured run =
      run_and_capture({.arguments = {"sqlite3", "-bail", folder_ / "mail.db"}, .input = std::string(sql)});
  if (run.status != 0) throw std::runtime_error("sqlite3: " + run.err);
  return run.out;
}

std::string postfixadmin_text(const mail_host& size, sql_engine engine) {
  std::ostringstream text;
  text << sample_text(engine == sql_engine::sqlite ? "postfixadmin/schema-4.0.sqlite.sql"
                                                   : "postfixadmin/schema-4.0.postgresql.sql");
  write_postfixadmin_rows(size, engine, text);
  return text.str();
}

slapd_server::options quick_slapd(std::string more_config) {
  return {.writes = slapd_server::kept::dbnosync,
          .network = false,
          .base_entries = true,
          .more_config = std::move(more_config)};
}

mail_host_sides::mail_host_sides(const mail_host& size, const slapd_server::options& how)
    : tables(postfixadmin_text(size, sql_engine::sqlite)),
      slapd(how),
      sql2ldap(tables.url(), "postfixadmin", slapd.ldapi()) {}

std::vector<std::string> names_in(const slapd_server& slapd, const std::string& filter) {
  const captured run =
      run_and_capture({.arguments = {"ldapsearch", "-Q", "-LLL", "-o", "ldif-wrap=no", "-Y", "EXTERNAL", "-H",
                                     slapd.ldapi(), "-b", std::string(slapd_server::suffix), filter, "1.1"},
                       .environment = {{"LDAPNOINIT", "1"}}});
  if (run.status != 0) throw std::runtime_error("ldapsearch: " + run.err);
  std::vector<std::string> names;
  std::istringstream in(run.out);
  constexpr std::string_view key = "dn: ";
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(key)) names.push_back(line.substr(key.size()));
  std::sort(names.begin(), names.end());
  return names;
}

std::string account_dn(std::string_view user, std::string_view domain) {
  return fmt::format("uid={}@{},associatedDomain={},ou=domains,{}", user, domain, domain, slapd_server::suffix);
}

}  // namespace sql2ldap::test
