#include <utf8proc.h>

#include <sql2ldap/base/limits.hpp>

#include <cstdint>
#include <sql2ldap/mapping/detail/comments.hpp>
#include <sql2ldap/mapping/detail/grammar.hpp>

namespace sql2ldap::mapping::syntax {
namespace {

diagnostics one_error(std::size_t offset, std::string message, std::string hint = {}) {
  return {{diagnostic::severity::error, {static_cast<std::uint32_t>(offset), 1}, std::move(message), std::move(hint)}};
}

// The grammar may rely on this: UTF-8 without NUL, of bounded size.
diagnostics check_bytes(std::string_view source) {
  if (source.size() > limits::mapping_text_bytes_max)
    return one_error(0, "the text has more than " + std::to_string(limits::mapping_text_bytes_max) + " bytes");
  if (source.starts_with("\xEF\xBB\xBF"))
    return one_error(0, "the text begins with a byte order mark", "save it as UTF-8 without one");
  for (std::size_t at = 0; at < source.size();) {
    if (source[at] == '\0') return one_error(at, "there is a NUL byte in the text");
    utf8proc_int32_t code_point = 0;
    const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(source.data() + at),
                                         static_cast<utf8proc_ssize_t>(source.size() - at), &code_point);
    if (length <= 0) return one_error(at, "this is not UTF-8", "save the text as UTF-8");
    at += static_cast<std::size_t>(length);
  }
  return {};
}

}  // namespace

tl::expected<file, diagnostics> parse(std::string_view source) {
  if (diagnostics faults = check_bytes(source); !faults.empty()) return tl::make_unexpected(std::move(faults));
  detail::parser_state state(source);
  file tree;
  detail::iterator first = state.begin();
  const detail::context context = detail::x3::make_context<detail::state_tag>(state);
  detail::a_file.parse(first, state.end(), context, detail::x3::unused, tree);
  if (!state.messages.empty()) return tl::make_unexpected(std::move(state.messages));
  detail::attach_comments(tree, source, state);
  return tree;
}

}  // namespace sql2ldap::mapping::syntax
