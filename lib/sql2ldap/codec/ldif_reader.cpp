#include <algorithm>
#include <exception>
#include <functional>

#include <sql2ldap/base/limits.hpp>
#include <sql2ldap/base/text.hpp>
#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/ldif.hpp>

namespace sql2ldap::codec {

namespace {

// One unfolded line of a record, taken apart: "name: value".
struct ldif_field {
  std::string name;
  std::string value;
};

result<ldif_field> parse_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) {
    return fail(error_kind::input, "no \":\" in " + quoted_for_message(line.substr(0, 20)));
  }
  ldif_field out{std::string(line.substr(0, colon)), {}};
  std::string_view value = line.substr(colon + 1);
  const bool is_base64 = !value.empty() && value.front() == ':';
  if (!value.empty() && value.front() == '<') {
    return fail(error_kind::input, "the value of " + quoted_for_message(out.name) + " is a URL",
                "URLs are not followed: put the value itself there, as base64 after \"::\"");
  }
  if (is_base64) value.remove_prefix(1);
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));  // FILL
  if (!is_base64) {
    out.value = value;
    return out;
  }
  while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
  std::optional<std::string> bytes = from_base64(value);
  if (!bytes) return fail(error_kind::input, "the value of " + quoted_for_message(out.name) + " is not base64");
  out.value = *std::move(bytes);
  return out;
}

bool is_field(const ldif_field& item, std::string_view name) { return equal_ignoring_ascii_case(item.name, name); }

result<std::string> canonical_dn(std::string_view text) {
  S2L_TRY_ASSIGN(const model::dn name, model::dn::parse(text));
  return name.text();
}

result<model::attribute_name> attribute_of(std::string_view text) {
  if (!model::attribute_name::is_valid(text)) {
    return fail(error_kind::input, "not an attribute name: " + quoted_for_message(text));
  }
  return model::attribute_name(text);
}

// Takes the lines of one record one by one, so that every error belongs to a line.
class record_builder {
 public:
  result<void> take(std::string_view line) {
    if (line == "-") return end_modification();
    S2L_TRY_ASSIGN(ldif_field item, parse_field(line));
    if (part_ == part::dn) return take_dn(item);
    if (is_field(item, "dn"))
      return fail(error_kind::input, "a second \"dn\": the empty line between records is missing");
    if (part_ == part::first && is_field(item, "control")) {
      return fail(error_kind::input, "controls are not supported in change records");
    }
    if (part_ == part::first && is_field(item, "changetype")) return take_changetype(item);
    if (part_ == part::first) part_ = part::content;
    switch (part_) {
      case part::content:
        return take_value(item);
      case part::modify:
        return take_modification(std::move(item));
      case part::rename:
        return take_rename(item);
      default:
        return fail(error_kind::input, "a delete record ends after its changetype");
    }
  }

  [[nodiscard]] bool empty() const { return part_ == part::dn; }

  result<ldif_reader::record> finish() && {
    switch (part_) {
      case part::content:
        if (content_.size() == 0) return fail(error_kind::input, "an entry without attributes");
        if (!is_change_) return ldif_reader::record(std::move(content_));
        origin_ = content_.first_value_of(model::names::origin);
        return change_of(std::move(origin_), model::add_entry{std::move(content_)});
      case part::modify:
        if (in_modification_) return fail(error_kind::input, "the line \"-\" after the last modification is missing");
        return change_of({}, model::modify_entry{std::move(dn_), std::move(modifications_)});
      case part::rename:
        if (rename_.new_rdn.empty() || !has_delete_old_rdn_) {
          return fail(error_kind::input, "a rename needs \"newrdn\" and \"deleteoldrdn\"");
        }
        rename_.dn = std::move(dn_);
        return change_of({}, std::move(rename_));
      case part::removal:
        return change_of({}, model::delete_entry{std::move(dn_)});
      default:
        return fail(error_kind::input, "an entry without attributes");
    }
  }

 private:
  enum class part { dn, first, content, modify, rename, removal };

  template <typename What>
  static ldif_reader::record change_of(std::string origin, What what) {
    std::vector<model::change> changes;
    changes.push_back({std::move(origin), std::move(what)});
    return changes;
  }

  result<void> take_dn(const ldif_field& item) {
    if (!is_field(item, "dn")) return fail(error_kind::input, "a record begins with \"dn:\"");
    S2L_TRY_ASSIGN(dn_, canonical_dn(item.value));
    content_.set_dn(dn_);
    part_ = part::first;
    return {};
  }

  result<void> take_changetype(const ldif_field& item) {
    is_change_ = true;
    const std::string type = ascii_lowered(item.value);
    if (type == "add") {
      part_ = part::content;
    } else if (type == "modify") {
      part_ = part::modify;
    } else if (type == "modrdn" || type == "moddn") {
      part_ = part::rename;
    } else if (type == "delete") {
      part_ = part::removal;
    } else {
      return fail(error_kind::input, "unknown changetype " + quoted_for_message(item.value));
    }
    return {};
  }

  result<void> take_value(const ldif_field& item) {
    S2L_TRY_ASSIGN(const model::attribute_name name, attribute_of(item.name));
    content_.add(name, item.value);
    return {};
  }

  result<void> take_modification(ldif_field item) {
    if (in_modification_) {
      S2L_TRY_ASSIGN(const model::attribute_name name, attribute_of(item.name));
      model::modification& current = modifications_.back();
      if (name != current.name) {
        return fail(error_kind::input, "a value of " + name.text() + " in the modification of " + current.name.text());
      }
      current.values.push_back(std::move(item.value));
      return {};
    }
    model::modification::operation op{};
    if (is_field(item, "add")) {
      op = model::modification::operation::add;
    } else if (is_field(item, "delete")) {
      op = model::modification::operation::remove;
    } else if (is_field(item, "replace")) {
      op = model::modification::operation::replace;
    } else {
      return fail(error_kind::input, "a modification begins with \"add:\", \"delete:\" or \"replace:\"");
    }
    S2L_TRY_ASSIGN(const model::attribute_name name, attribute_of(item.value));
    modifications_.push_back({op, name, {}});
    in_modification_ = true;
    return {};
  }

  result<void> end_modification() {
    if (!in_modification_) return fail(error_kind::input, "\"-\" ends no modification here");
    const model::modification& last = modifications_.back();
    if (last.op == model::modification::operation::add && last.values.empty()) {
      return fail(error_kind::input, "nothing to add to " + last.name.text());
    }
    in_modification_ = false;
    return {};
  }

  result<void> take_rename(const ldif_field& item) {
    if (is_field(item, "newrdn") && rename_.new_rdn.empty()) {
      S2L_TRY_ASSIGN(const model::dn name, model::dn::parse(item.value));
      if (name.depth() != 1) return fail(error_kind::input, "\"newrdn\" is not one RDN");
      rename_.new_rdn = name.text();
    } else if (is_field(item, "deleteoldrdn") && (item.value == "0" || item.value == "1")) {
      rename_.delete_old_rdn = item.value == "1";
      has_delete_old_rdn_ = true;
    } else if (is_field(item, "newsuperior")) {
      S2L_TRY_ASSIGN(rename_.new_superior, canonical_dn(item.value));
    } else {
      return fail(error_kind::input, "unexpected " + quoted_for_message(item.name) + " in a rename");
    }
    return {};
  }

  part part_ = part::dn;
  bool is_change_ = false;
  std::string dn_;
  std::string origin_;
  model::entry content_;
  std::vector<model::modification> modifications_;
  bool in_modification_ = false;
  model::rename_entry rename_;
  bool has_delete_old_rdn_ = false;
};

}  // namespace

ldif_reader::ldif_reader(std::istream& in, std::function<void(std::string_view)> on_comment)
    : in_(in), on_comment_(std::move(on_comment)) {}

// One line of the file without its end, which is LF or CRLF; false at the end of the file.
result<bool> ldif_reader::read_physical_line(std::string& out) {
  out.clear();
  std::streambuf& bytes = *in_.rdbuf();
  bool any = false;
  for (;;) {
    int next = std::istream::traits_type::eof();
    try {
      next = bytes.sbumpc();
    } catch (const std::exception& problem) {  // a file buffer that cannot read throws
      return fail(error_kind::local, std::string("could not read the LDIF file: ") + problem.what());
    }
    if (next == std::istream::traits_type::eof()) break;
    any = true;
    if (next == '\n') break;
    if (out.size() == limits::ldif_line_bytes_max) return fail(error_kind::input, "a line that is too long");
    out += static_cast<char>(next);
  }
  if (!any) return false;
  ++lines_read_;
  if (!out.empty() && out.back() == '\r') out.pop_back();
  return true;
}

// One line with its continuations put together; comments are taken out. False at the end of the file.
result<bool> ldif_reader::read_logical_line(std::string& out) {
  for (;;) {
    if (!has_ahead_) {
      S2L_TRY_ASSIGN(const bool any, read_physical_line(ahead_));
      if (!any) return false;
    }
    out.swap(ahead_);
    line_ = lines_read_;
    for (;;) {
      S2L_TRY_ASSIGN(has_ahead_, read_physical_line(ahead_));
      // The empty line between records has no continuation.
      if (!has_ahead_ || out.empty() || ahead_.empty() || ahead_.front() != ' ') break;
      if (out.size() + ahead_.size() > limits::ldif_line_bytes_max) {
        return fail(error_kind::input, "a line that is too long");
      }
      out.append(ahead_, 1);
    }
    if (out.empty() || out.front() != '#') return true;
    if (on_comment_) on_comment_(std::string_view(out).substr(1));
    if (!has_ahead_) return false;
  }
}

result<std::optional<ldif_reader::record>> ldif_reader::read_record() {
  record_builder builder;
  std::string line;
  std::size_t record_bytes = 0;
  for (;;) {
    S2L_TRY_ASSIGN(const bool any, read_logical_line(line));
    if (!any || line.empty()) {
      if (!builder.empty()) {
        S2L_TRY_ASSIGN(record whole, std::move(builder).finish());
        return std::optional<record>(std::move(whole));
      }
      if (!any) return std::optional<record>();
      continue;
    }
    if (!started_) {
      started_ = true;
      if (equal_ignoring_ascii_case(line.substr(0, 8), "version:")) {
        if (trimmed(std::string_view(line).substr(8)) == "1") continue;
        return fail(error_kind::input, "a version of LDIF other than 1");
      }
    }
    record_bytes += line.size();
    if (record_bytes > limits::ldif_record_bytes_max) return fail(error_kind::input, "a record that is too long");
    S2L_TRY(builder.take(line));
  }
}

result<std::optional<ldif_reader::record>> ldif_reader::next() {
  result<std::optional<record>> read = read_record();
  if (!read)
    return tl::make_unexpected(std::move(read).error().within("in line " + std::to_string(line_) + " of the LDIF"));
  return read;
}

}  // namespace sql2ldap::codec
