// mapping check|show|fmt: work on a mapping text alone.
#include <sys/stat.h>

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include <sql2ldap/config/data_files.hpp>
#include <sql2ldap/mapping/syntax.hpp>

#include "wiring.hpp"

namespace sql2ldap::tools {

namespace {

struct mapping_options {
  std::string name;
  bool in_place = false;
  bool check = false;
};

json as_json(const mapping::diagnostics& list, std::string_view text) {
  json all = json::array();
  for (const mapping::diagnostic& one : list) {
    const auto at = mapping::locate(text, one.at.offset);
    all.push_back({{"level", one.level == mapping::diagnostic::severity::error ? "error" : "warning"},
                   {"line", at.line},
                   {"column", at.column},
                   {"message", one.message},
                   {"hint", one.hint}});
  }
  return all;
}

result<exit_code> run_check(const options& chosen, const mapping_options& own) {
  S2L_TRY_ASSIGN(const auto file, config::read_mapping(own.name));
  const auto parsed = mapping::mapping::parse(file.text, chosen.settings.parameters);
  mapping::diagnostics said = parsed ? parsed->warnings() : parsed.error();
  if (parsed && !chosen.settings.source.empty()) {
    S2L_TRY_ASSIGN(const auto from, open_source(chosen));
    S2L_TRY_ASSIGN(const auto tables, from->describe());
    for (mapping::diagnostic& one : parsed->check_tables(tables)) said.push_back(std::move(one));
  }
  const bool usable = parsed && !mapping::has_errors(said);
  if (chosen.json)
    print_json({{"file", file.path}, {"usable", usable}, {"diagnostics", as_json(said, file.text)}});
  else
    print_text("{}{}: {}\n", mapping::render(said, file.text, file.path), file.path, usable ? "good" : "not usable");
  return usable ? exit_code::done : exit_code::usage;
}

result<exit_code> run_show(const options& chosen, const mapping_options& own) {
  options named = chosen;
  named.settings.mapping = own.name;
  S2L_TRY_ASSIGN(const auto map, open_mapping(named));
  print_text("{}", map.shown());
  return exit_code::done;
}

result<exit_code> run_fmt(const mapping_options& own) {
  S2L_TRY_ASSIGN(const auto file, config::read_mapping(own.name));
  const auto tree = mapping::syntax::parse(file.text);
  if (!tree) {
    print_note("{}", mapping::render(tree.error(), file.text, file.path));
    return fail(error_kind::mapping, fmt::format("the mapping {} cannot be read", file.path));
  }
  const std::string canonical = mapping::syntax::print(*tree);
  if (own.check) {
    if (canonical == file.text) return exit_code::done;
    print_text("{} is not in canonical form\n", file.path);
    return exit_code::differences;
  }
  if (!own.in_place) {
    write_output(canonical);
    return exit_code::done;
  }
  if (canonical == file.text) return exit_code::done;
  struct stat facts {};
  if (stat(file.path.c_str(), &facts) != 0) return fail(error_kind::local, fmt::format("cannot read {}", file.path));
  S2L_TRY_ASSIGN(const auto out, output_file::create(file.path, facts.st_mode & 0777U));
  out->stream() << canonical;
  S2L_TRY(out->commit());
  return exit_code::done;
}

}  // namespace

void add_mapping(command_line& line) {
  command group = line.root().add_group("mapping", "Checks, shows and formats mapping texts.");
  auto own = std::make_shared<mapping_options>();
  const auto add_name = [&](command to) {
    to.add_argument("MAPPING", own->name, "name of a shipped mapping, or a file");
  };
  command check =
      line.add(group, "check", "Tells what is wrong with a mapping. With --source it is also held against the tables.",
               {}, [own](const options& chosen) { return run_check(chosen, *own); });
  line.add_setting(check, "source");
  line.add_setting(check, "param");
  add_name(check);
  command show =
      line.add(group, "show", "Lists each attribute: where it comes from, and whether it can be written back.",
               {.json = false}, [own](const options& chosen) { return run_show(chosen, *own); });
  line.add_setting(show, "param");
  add_name(show);
  command format = line.add(group, "fmt", "Prints a mapping in its canonical form.", {.json = false},
                            [own](const options&) { return run_fmt(*own); });
  format.add_flag("--in-place", own->in_place, "rewrite the file");
  format.add_flag("--check", own->check, "print nothing; exit code 1 when the file is not in that form", "--in-place");
  add_name(format);
}

}  // namespace sql2ldap::tools
