#include <algorithm>
#include <cstdint>

#include <sql2ldap/mapping/detail/comments.hpp>

namespace sql2ldap::mapping::syntax::detail {
namespace {

// Walks the text from node to node, in order, and hands out what lies between.
class attacher {
 public:
  attacher(std::string_view source, const parser_state& state)
      : source_(source), state_(state), next_(state.comments().begin()) {}

  // The lines before a node from `begin` to `end`. Comments inside it come there, too: the tree has
  // no other place for them.
  void lead(std::vector<std::string>& lines, std::uint32_t begin, std::uint32_t end) {
    take_until(lines, begin);
    add_empty_line(lines, begin);
    for (; next_ != state_.comments().end() && next_->first < end; ++next_) lines.push_back(line_of(next_->second));
    at_ = end;
    block_start_ = false;
  }
  // The comment on the line where the last node ended.
  void trail(std::string& text) {
    if (next_ == state_.comments().end()) return;
    const std::string_view between = source_.substr(at_, next_->first - at_);
    if (between.find_first_not_of(" \t\r") != std::string_view::npos) return;
    text = line_of(next_->second);
    at_ = next_->second.end;
    ++next_;
  }
  void begin_block() { block_start_ = true; }
  // The comments up to the end of a block.
  void end_block(std::vector<std::string>& lines, std::uint32_t begin, std::uint32_t end) {
    take_until(lines, begin);
    at_ = end;
    block_start_ = false;
  }
  // The end of the first "{" from `place` on. A brace inside of a text is no token of its own.
  [[nodiscard]] std::uint32_t end_of_brace(std::uint32_t place) const {
    const auto& tokens = state_.tokens();
    auto it = std::lower_bound(tokens.begin(), tokens.end(), place,
                               [](const parser_state::token& t, std::uint32_t p) { return t.begin < p; });
    while (source_[it->begin] != '{') ++it;
    return it->end;
  }

 private:
  // "" means an empty line, so a comment without text keeps one blank.
  static std::string line_of(const parser_state::comment& c) { return c.text.empty() ? " " : c.text; }

  void take_until(std::vector<std::string>& lines, std::uint32_t end) {
    for (; next_ != state_.comments().end() && next_->first < end; ++next_) {
      add_empty_line(lines, next_->first);
      lines.push_back(line_of(next_->second));
      at_ = next_->second.end;
    }
  }
  // Several empty lines are one; behind an opening brace they are none.
  void add_empty_line(std::vector<std::string>& lines, std::uint32_t to) {
    const std::string_view between = source_.substr(at_, to - at_);
    if (std::count(between.begin(), between.end(), '\n') > 1 && !(block_start_ && lines.empty())) lines.emplace_back();
  }

  std::string_view source_;
  const parser_state& state_;
  std::map<std::uint32_t, parser_state::comment>::const_iterator next_;
  std::uint32_t at_ = 0;
  bool block_start_ = true;
};

std::uint32_t end_of(position p) { return p.offset + p.length; }

void attach(attacher& walk, partition& node, comments& notes) {
  walk.lead(notes.before, node.at.offset, walk.end_of_brace(node.value->at.offset + node.value->at.length));
  walk.begin_block();
  for (partition_rule& rule : node.rules) {
    walk.lead(rule.notes.before, rule.at.offset, end_of(rule.at));
    walk.trail(rule.notes.after);
  }
  walk.end_block(node.closing, end_of(node.at) - 1, end_of(node.at));
}

void attach(attacher& walk, statement& node) {
  if (auto* const rules = std::get_if<partition>(&node.node)) {
    attach(walk, *rules, node.notes);
  } else {
    const position at = std::visit([](const auto& n) { return n.at; }, node.node);
    walk.lead(node.notes.before, at.offset, end_of(at));
  }
  walk.trail(node.notes.after);
}

void attach(attacher& walk, entry& node) {
  const std::uint32_t header_end = node.where ? end_of(node.where->at) : end_of(node.kind.at);
  walk.lead(node.notes.before, node.at.offset, walk.end_of_brace(header_end));
  walk.trail(node.notes.after);
  walk.begin_block();
  for (statement& one : node.statements) attach(walk, one);
  walk.end_block(node.closing, end_of(node.at) - 1, end_of(node.at));
}

template <typename Item>
void attach(attacher& walk, Item& node) {
  walk.lead(node.notes.before, node.at.offset, end_of(node.at));
  walk.trail(node.notes.after);
}

}  // namespace

void attach_comments(file& tree, std::string_view source, const parser_state& state) {
  attacher walk(source, state);
  const auto& header = state.tokens();  // mapping "name"
  walk.lead(tree.notes.before, header[0].begin, header[1].end);
  walk.trail(tree.notes.after);
  for (auto& item : tree.items) std::visit([&](auto& node) { attach(walk, node); }, item);
  walk.end_block(tree.closing, static_cast<std::uint32_t>(source.size()), static_cast<std::uint32_t>(source.size()));
}

}  // namespace sql2ldap::mapping::syntax::detail
