#include <support/sample_data.hpp>

#include <array>
#include <random>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

#include <support/temp_dir.hpp>

namespace sql2ldap::test {
namespace {

// Made once: a million crypt(3) hashes would take hours.
constexpr std::array<std::string_view, 3> hashes{
    "$6$Zq1kd0Wm3Lr8Xc5v$lw28HIac.gAXFDlQSFUd6rErYti7ua/MfrU5tWywrZfSZUz6j87Olc6.u/tF2sUCDF1uAgJ/NZxXGHP.PN9xn1",
    "$6$pL7sYt2Nb4Gh9Kw0$xRspm2.qCg7u2OTWQfslZ3BQEy/OxUi.lp8D0Nvv4fQxiSzgsZLbBnWK6.UliKVt7JUCElFl8bDL.lvNrPOnR1",
    "{SSHA512}Fj8eX1WWEW/EaqXUt0jjuc3pA7ZrDhoYB6M7Mv3Fw8jsIQiehpCkwinpd8w8pkTStHloFskj8sjdIZeKBDYSaiYTGx8=",
};
constexpr std::array<std::string_view, 8> given_names{"Anna",   "Björn",  "Chloé", "Дмитрий",
                                                      "Eun-ji", "Fatima", "明",    "Zoë"};
constexpr std::array<std::string_view, 8> family_names{"Müller",   "Nakamura", "O'Brien", "Sá",
                                                       "Ångström", "Žižka",    "Иванов",  "Smith"};

// One table's rows in the engine's fastest plain text form.
class row_writer {
 public:
  row_writer(sql_engine engine, std::ostream& out, std::string_view table, std::string_view columns)
      : engine_(engine), out_(out), table_(table), columns_(columns) {
    if (engine_ == sql_engine::postgresql) out_ << "COPY " << table_ << " (" << columns_ << ") FROM stdin;\n";
  }
  row_writer(const row_writer&) = delete;
  row_writer& operator=(const row_writer&) = delete;
  ~row_writer() {
    if (engine_ == sql_engine::postgresql) {
      out_ << "\\.\n";
    } else if (rows_ > 0) {
      out_ << ";\n";
    }
  }

  template <typename... Fields>
  void row(const Fields&... fields) {
    line_.clear();
    (field(fields), ...);
    if (engine_ == sql_engine::postgresql) {
      out_ << line_ << '\n';
      return;
    }
    // A statement of some hundred rows parses many times faster than one statement a row.
    constexpr std::size_t rows_in_statement = 500;
    if (rows_ % rows_in_statement == 0) {
      out_ << (rows_ > 0 ? ";\n" : "") << "INSERT INTO " << table_ << " (" << columns_ << ") VALUES\n";
    } else {
      out_ << ",\n";
    }
    out_ << '(' << line_ << ')';
    ++rows_;
  }

 private:
  void field(std::string_view text) {
    const bool copy = engine_ == sql_engine::postgresql;
    if (!line_.empty()) line_ += copy ? '\t' : ',';
    if (!copy) line_ += '\'';
    for (const char letter : text) {
      if (!copy && letter == '\'') line_ += '\'';
      line_ += letter;  // no backslash, tab or newline is ever among the made values
    }
    if (!copy) line_ += '\'';
  }
  void field(std::uint64_t number) { field(std::string_view(std::to_string(number))); }

  sql_engine engine_;
  std::ostream& out_;
  std::string_view table_;
  std::string_view columns_;
  std::string line_;
  std::size_t rows_ = 0;
};

std::string domain_name(std::size_t index) { return fmt::format("domain{}.example", index); }
std::string alias_domain_name(std::size_t index) { return fmt::format("alias{}.example", index); }

class maker {
 public:
  maker(const mail_host& size, sql_engine engine, std::ostream& out)
      : size_(size), engine_(engine), out_(out), random_(size.seed) {
    if (size_.domains == 0) throw std::invalid_argument("a mail host has at least one domain");
  }

  void write() {
    out_ << "BEGIN;\n";
    domains();
    alias_domains();
    mailboxes();
    own_aliases();
    aliases();
    out_ << "COMMIT;\n";
  }

 private:
  // Of the standard's distributions only the engines are the same on every machine.
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  std::string user(std::size_t index) const {
    return fmt::format("user{}@{}", index, domain_name(index % size_.domains));
  }

  void domains() {
    row_writer table(engine_, out_, "domain", "domain, description, quota, transport, backupmx, active");
    table.row("ALL", "", 0U, "", "0", "1");
    for (std::size_t i = 0; i < size_.domains; ++i) {
      table.row(domain_name(i), fmt::format("Customer {}", below(100'000)), below(4) == 0 ? 2048U : 0U, "virtual", "0",
                below(50) == 0 ? "0" : "1");
    }
    for (std::size_t i = 0; i < size_.alias_domains; ++i) {
      table.row(alias_domain_name(i), "", 0U, "virtual", "0", "1");
    }
  }

  void alias_domains() {
    row_writer table(engine_, out_, "alias_domain", "alias_domain, target_domain, active");
    for (std::size_t i = 0; i < size_.alias_domains; ++i) {
      table.row(alias_domain_name(i), domain_name(i % size_.domains), "1");
    }
  }

  void mailboxes() {
    row_writer table(engine_, out_, "mailbox", "username, password, name, maildir, quota, domain, local_part, active");
    for (std::size_t i = 0; i < size_.users; ++i) {
      const auto domain = domain_name(i % size_.domains);
      table.row(user(i), hashes[below(hashes.size())],
                fmt::format("{} {}", given_names[below(given_names.size())], family_names[below(family_names.size())]),
                fmt::format("{}/user{}/", domain, i), below(3) == 0 ? 0 : (1 + below(20)) * 102'400'000, domain,
                fmt::format("user{}", i), below(40) == 0 ? "0" : "1");
    }
  }

  // The row of `alias` that each mailbox brings; one user in ten forwards, half of these keep no copy.
  void own_aliases() {
    row_writer table(engine_, out_, "alias", "address, goto, domain, active");
    for (std::size_t i = 0; i < size_.users; ++i) {
      auto targets = user(i);
      if (below(10) == 0) {
        const auto away = fmt::format("user{}@elsewhere.example", i);
        targets = below(2) == 0 ? away : targets + "," + away;
      }
      table.row(user(i), targets, domain_name(i % size_.domains), "1");
    }
  }

  void aliases() {
    row_writer table(engine_, out_, "alias", "address, goto, domain, active");
    const auto target = [&] { return size_.users > 0 ? user(below(size_.users)) : std::string("root"); };
    for (std::size_t i = 0; i < size_.aliases; ++i) {
      auto targets = target();
      for (std::uint64_t more = below(5); more > 0; --more) targets += "," + target();
      const auto domain = domain_name(below(size_.domains));
      table.row(fmt::format("list{}@{}", i, domain), targets, domain, below(40) == 0 ? "0" : "1");
    }
    for (std::size_t i = 0; i < size_.domains; i += 4) {
      table.row("@" + domain_name(i), target(), domain_name(i), "1");
    }
  }

  const mail_host& size_;
  sql_engine engine_;
  std::ostream& out_;
  std::mt19937_64 random_;
};

// The lines of a file in tests/data, cut at tabs; empty ones and comments left out.
std::vector<std::vector<std::string>> table_lines(std::string_view name, std::size_t columns) {
  std::vector<std::vector<std::string>> lines;
  std::istringstream in(sample_text(name));
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::vector<std::string> fields;
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, '\t');) fields.push_back(cell);
    if (fields.size() != columns)
      throw std::runtime_error(fmt::format("{}: {} columns wanted: {}", name, columns, line));
    lines.push_back(std::move(fields));
  }
  return lines;
}

}  // namespace

void write_postfixadmin_rows(const mail_host& size, sql_engine engine, std::ostream& out) {
  maker(size, engine, out).write();
}

std::string sample_text(std::string_view name) {
  return read_file(std::filesystem::path(S2L_SOURCE_DIR) / "tests" / "data" / name);
}

std::vector<sample_login> sample_logins(std::string_view name) {
  std::vector<sample_login> logins;
  for (auto& line : table_lines(name, 3)) logins.push_back({line[0], line[1] == "yes", line[2]});
  return logins;
}

std::vector<sample_reject> sample_rejects(std::string_view name) {
  std::vector<sample_reject> rejects;
  for (auto& line : table_lines(name, 2)) rejects.push_back({line[0], line[1]});
  return rejects;
}

}  // namespace sql2ldap::test
