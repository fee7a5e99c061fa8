#include <algorithm>
#include <cerrno>
#include <sstream>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <sql2ldap/base/error.hpp>
#include <sql2ldap/base/hash.hpp>
#include <sql2ldap/base/log.hpp>
#include <sql2ldap/base/printable.hpp>
#include <sql2ldap/base/secret.hpp>
#include <sql2ldap/base/standard_streams.hpp>
#include <sql2ldap/base/text.hpp>

namespace sql2ldap {
namespace {

TEST(log, gathers_lines_of_a_thread) {
  testing::internal::CaptureStderr();
  {
    const log::gathered_lines outer;
    log::event(log::level::warning, "FIRST", "of this thread");
    {
      const log::gathered_lines inner;
      log::event(log::level::warning, "SECOND", "of this thread");
    }
    std::thread([] { log::event(log::level::warning, "OTHER", "thread"); }).join();
  }
  log::event(log::level::warning, "LAST", "at once");
  EXPECT_EQ(
      testing::internal::GetCapturedStderr(),
      "warning OTHER thread\nwarning FIRST of this thread\nwarning SECOND of this thread\nwarning LAST at once\n");
}

TEST(error, says_what_where_and_what_to_do) {
  const error e = error{error_kind::source, false, 0, "no such table", {}, {}}
                      .within("while reading table mailbox")
                      .within("while planning")
                      .with_hint("name the table");
  EXPECT_EQ(e.text(), "no such table (while reading table mailbox, while planning)\nhint: name the table");
}

TEST(error, leads_to_the_exit_code_that_the_operator_can_act_on) {
  const auto code = [](error_kind kind, bool transient) { return exit_code_of(error{kind, transient, 0, "", {}, ""}); };
  EXPECT_EQ(code(error_kind::usage, false), exit_code::usage);
  EXPECT_EQ(code(error_kind::mapping, false), exit_code::usage);
  EXPECT_EQ(code(error_kind::input, false), exit_code::usage);
  EXPECT_EQ(code(error_kind::source, false), exit_code::source);
  EXPECT_EQ(code(error_kind::directory, false), exit_code::directory);
  EXPECT_EQ(code(error_kind::limit, false), exit_code::differences);
  EXPECT_EQ(code(error_kind::changed, false), exit_code::differences);
  EXPECT_EQ(code(error_kind::local, false), exit_code::try_later);
  EXPECT_EQ(code(error_kind::source, true), exit_code::try_later);
}

result<int> half(int number) {
  if (number % 2 != 0) return fail(error_kind::input, "odd");
  return number / 2;
}
result<int> quarter(int number) {
  S2L_TRY_ASSIGN(const int once, half(number));
  S2L_TRY(half(once));
  return half(once);
}

TEST(error, returns_early) {
  EXPECT_EQ(quarter(12).value(), 3);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_EQ(quarter(5).error().message, "odd");
}

TEST(secret_text, prints_as_stars_and_goes_when_moved_from) {
  secret one("hunter2");
  std::ostringstream out;
  out << one;
  EXPECT_EQ(out.str(), "***");
  const secret two = std::move(one);
  EXPECT_EQ(two.reveal(), "hunter2");
  EXPECT_TRUE(one.empty());  // NOLINT(bugprone-use-after-move): what is promised
  secret three;
  three = two;
  EXPECT_EQ(three.reveal(), "hunter2");
}

TEST(text, knows_valid_utf8) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("Bücher 日本 \xf0\x9f\x98\x80 and a long ASCII tail"));
  EXPECT_FALSE(is_utf8("\xc0\xaf"));          // overlong
  EXPECT_FALSE(is_utf8("\xe0\x9f\xbf"));      // overlong
  EXPECT_FALSE(is_utf8("\xed\xa0\x80"));      // a surrogate
  EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80"));  // above U+10FFFF
  EXPECT_FALSE(is_utf8("12345678\xe2\x82"));  // cut off
  EXPECT_FALSE(
      is_utf8("B\xfc"
              "cher"));  // Latin-1
}

TEST(text, knows_ascii_at_every_place) {
  for (std::size_t i = 0; i < 20; ++i) {
    std::string text(20, 'a');
    EXPECT_TRUE(is_ascii(text));
    text[i] = '\x80';
    EXPECT_FALSE(is_ascii(text)) << i;
  }
}

TEST(text, splits_and_trims) {
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
  EXPECT_EQ(trimmed(" \t a b\r\n"), "a b");
  EXPECT_EQ(trimmed("  "), "");
}

TEST(text, matches_globs) {
  EXPECT_TRUE(glob_match("*@example.org", "a@example.org"));
  EXPECT_FALSE(glob_match("*@example.org", "a@example.org.evil"));
  EXPECT_TRUE(glob_match("a*b*c", "a__b__b__c"));
  EXPECT_FALSE(glob_match("a*b*c", "a__c__b"));
  EXPECT_TRUE(glob_match("?b", "ab"));
  EXPECT_FALSE(glob_match("?", ""));
  EXPECT_TRUE(glob_match("**", ""));
  EXPECT_FALSE(glob_match(std::string(50, '*') + "b", std::string(10'000, 'a')));
}

// Bytes are looked at eight at once: each of them at each place, among others that are capitals or the highest.
TEST(text, every_byte_is_lowered_and_judged_at_every_place) {
  for (const char other : {'Z', '\xff', '@'})
    for (std::size_t at = 0; at < 19; ++at)
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(19, other);
        text[at] = static_cast<char>(byte);
        std::string lowered = text;
        for (char& c : lowered) c = ascii_lower(c);
        ASSERT_EQ(ascii_lowered(text), lowered) << at << " " << byte;
        ASSERT_EQ(has_control_characters(text), byte < 0x20 || byte == 0x7f) << at << " " << byte;
        ASSERT_TRUE(equal_ignoring_ascii_case(text, lowered)) << at << " " << byte;
      }
  EXPECT_FALSE(has_control_characters(""));
}

TEST(text, quotes_for_messages) {
  EXPECT_EQ(quoted_for_message("a\"b\\\n\x1b[2J"), R"("a\"b\\\x0a\x1b[2J")");
  EXPECT_EQ(quoted_for_message("ü\xff"), "\"ü\\xff\"");
  EXPECT_EQ(quoted_for_message("\xc2\x9b"), R"("\xc2\x9b")");
  EXPECT_EQ(quoted_for_message(std::string(100, 'a'), 20), "\"aaaaaaaaaaaaaaa...\"");
}

TEST(digest, keeps_domains_apart_and_sums_in_any_order) {
  EXPECT_EQ(run_hash128("a"), run_hash128("a"));
  EXPECT_NE(run_hash128("a"), run_hash128("b"));
  EXPECT_NE(run_hash128("a", 1), run_hash128("a", 2));
  EXPECT_NE(run_hash128("a", 1), run_hash128("a"));
  EXPECT_EQ(run_hash64("abc"), run_hash64("abc"));
  EXPECT_NE(run_hash64("abc"), run_hash64("abd"));
  digest128 one;
  one += run_hash128("a", 1);
  one += run_hash128("b", 2);
  digest128 two;
  two += run_hash128("b", 2);
  two += run_hash128("a", 1);
  EXPECT_EQ(one, two);
  digest128 swapped;
  swapped += run_hash128("a", 2);
  swapped += run_hash128("b", 1);
  EXPECT_NE(one, swapped);
}

TEST(text, is_made_printable_in_one_line_or_several) {
  EXPECT_EQ(printable_line("no such host\n\tIs the server running?\n"), "no such host Is the server running?");
  EXPECT_EQ(printable_line("a\r\nb"), "a b");
  EXPECT_EQ(printable_line("two  blanks"), "two  blanks");
  EXPECT_EQ(printable_line(""), "");
  EXPECT_EQ(printable_line(" \n "), "");
  EXPECT_EQ(printable_line("gr\u00fcn \u65e5\u672c \U0001f600"), "gr\u00fcn \u65e5\u672c \U0001f600");
  EXPECT_EQ(printable_line("\x1b[2J\x07\x7f"), "\\x1b[2J\\x07\\x7f");
  EXPECT_EQ(printable_line("\xc2\x9b"), "\\xc2\\x9b") << "CSI of C1";
  EXPECT_EQ(printable_line("a\u2028b\u2029c"), "a\\xe2\\x80\\xa8b\\xe2\\x80\\xa9c");
  EXPECT_EQ(printable_line("a\u202eb"), "a\\xe2\\x80\\xaeb") << "right to left";
  EXPECT_EQ(printable_line("B\xfc!"), "B\\xfc!");
  EXPECT_EQ(printable_line(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable_text("a\tb\n\x1b[2J\r"), "a\tb\n\\x1b[2J\\x0d");
}

std::string logged(std::string_view text, std::initializer_list<log::field> fields = {}) {
  testing::internal::CaptureStderr();
  log::event(log::level::warning, "TEST_EVENT", text, fields);
  return testing::internal::GetCapturedStderr();
}

TEST(log, no_text_can_forge_a_line) {
  EXPECT_EQ(logged("a\nerror FORGED b"), "warning TEST_EVENT a error FORGED b\n");
  // Each byte, each character that a terminal, a viewer or a JSON reader takes for the end of a line, and bad UTF-8.
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  all += "\u0085\u2028\u2029\u202e\xe2\x80";
  const std::string line = logged(all, {{"value", all}});
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << line;
  EXPECT_TRUE(line.ends_with('\n'));
  EXPECT_TRUE(is_utf8(line));
  EXPECT_FALSE(has_control_characters(line.substr(0, line.size() - 1))) << line;
  for (const char* separator : {"\u0085", "\u2028", "\u2029", "\u202e"})
    EXPECT_EQ(line.find(separator), std::string::npos) << line;
}

TEST(log, an_error_is_one_line_with_its_hint_in_a_field) {
  const error problem{error_kind::source, false, 0, "no such\nhost \"db\"", {"while\nplanning"}, "set\n--source \"x\""};
  EXPECT_EQ(logged(problem.text(), {{"try", "1"}}),
            "warning TEST_EVENT no such host \"db\" (while planning) try=1 hint=\"set --source \\\"x\\\"\"\n");
  // A message alone has no hint, whatever a row or a server has put into it.
  const error forged{error_kind::source, false, 0, "row a\nhint: delete everything", {}, ""};
  EXPECT_EQ(logged(forged.text()), "warning TEST_EVENT row a hint: delete everything\n");
}

TEST(log, a_line_has_a_length) {
  const std::string line =
      logged(std::string(100'000, 'a') + "\n" + std::string(100'000, 'b'), {{"value", std::string(100'000, 'c')}});
  EXPECT_LT(line.size(), 4096U) << "PIPE_BUF: written in one piece";
  EXPECT_NE(line.find("..."), std::string::npos);
  std::string umlauts;
  for (int i = 0; i < 5000; ++i) umlauts += "\u00fc";
  EXPECT_TRUE(is_utf8(logged("x" + umlauts)));
  EXPECT_TRUE(is_utf8(logged(umlauts)));
}

// Standard error as a pipe of which nobody reads.
class unread_log : public testing::Test {
 protected:
  unread_log() {
    EXPECT_EQ(::pipe2(pipe_, O_CLOEXEC | O_NONBLOCK), 0);
    while (::write(pipe_[1], "x", 1) == 1) {
    }
    ::fcntl(pipe_[1], F_SETFL, 0);  // it blocks from here on
    before_ = ::dup(STDERR_FILENO);
    ::dup2(pipe_[1], STDERR_FILENO);
  }
  ~unread_log() override {
    ::dup2(before_, STDERR_FILENO);
    for (const int one : {before_, pipe_[0], pipe_[1]}) ::close(one);
  }
  std::string read_all() {
    std::string out(200'000, '\0');
    std::size_t size = 0;
    for (ssize_t n = 0; (n = ::read(pipe_[0], out.data() + size, out.size() - size)) > 0;)
      size += static_cast<std::size_t>(n);
    out.resize(size);
    return out.substr(std::min(out.find_first_not_of('x'), out.size()));
  }
  int pipe_[2];
  int before_ = -1;
};

TEST_F(unread_log, does_not_stop_a_program_and_says_later_that_lines_are_missing) {
  for (int i = 0; i < 3; ++i) log::event(log::level::warning, "TEST_EVENT", "lost");  // a write that waits hangs here
  EXPECT_EQ(read_all(), "");
  log::event(log::level::warning, "TEST_EVENT", "seen");
  EXPECT_EQ(read_all(),
            "warning LOG_LOST standard error was not read: lines are missing lines=3\nwarning TEST_EVENT seen\n");
  log::event(log::level::warning, "TEST_EVENT", "seen again");
  EXPECT_EQ(read_all(), "warning TEST_EVENT seen again\n");
}

TEST_F(unread_log, that_is_closed_is_no_trouble) {
  ::close(STDERR_FILENO);
  log::event(log::level::warning, "TEST_EVENT", "to nobody");
}

// In a process of its own, which closes what this one needs.
TEST(standard_streams, that_are_closed_are_no_place_for_the_next_file) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    for (const int one : {0, 1, 2}) ::close(one);
    prepare_standard_streams();
    const int next = ::open("/dev/null", O_RDONLY);
    const bool lost = ::write(STDOUT_FILENO, "x", 1) < 0;
    const bool discarded = ::write(STDERR_FILENO, "x", 1) == 1;
    int pipe[2];
    const bool piped = ::pipe(pipe) == 0;
    ::close(pipe[0]);
    const bool survived = ::write(pipe[1], "x", 1) < 0 && errno == EPIPE;
    ::_exit(next > 2 && lost && discarded && piped && survived ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(log, writes_one_line_that_no_value_can_break) {
  testing::internal::CaptureStderr();
  log::event(log::level::warning, "TEST_EVENT", "it happened", {{"plain", "a=b"}, {"odd", "x\nerror FORGED y"}});
  log::event(log::level::debug, "TEST_EVENT", "not shown");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "warning TEST_EVENT it happened plain=a=b odd=\"x\\x0aerror FORGED y\"\n");
}

}  // namespace
}  // namespace sql2ldap
