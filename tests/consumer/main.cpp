// Somebody else's program: the installed headers and libraries are all it has.
#include <iostream>

#include <sql2ldap/config/data_files.hpp>
#include <sql2ldap/mapping/mapping.hpp>
#include <sql2ldap/sql/sources.hpp>
#include <sql2ldap/version.hpp>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto file = sql2ldap::config::read_mapping(argv[1]);
  if (!file) return std::cerr << file.error().text() << '\n', 1;
  const auto map = sql2ldap::mapping::mapping::parse(file->text);
  if (!map) return std::cerr << sql2ldap::mapping::render(map.error(), file->text, file->path), 1;
  const auto source = sql2ldap::sql::open_source("sqlite:no-such-folder/no.db");
  std::cout << sql2ldap::version << ' ' << map->name() << ' ' << map->kinds().size() << ' ' << source.has_value()
            << '\n';
}
