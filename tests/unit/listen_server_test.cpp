// Clients over real sockets: each protocol, and those who are idle, slow, fast, mute, rude or too many.
#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <future>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <sql2ldap/codec/base64.hpp>
#include <sql2ldap/codec/password_verify.hpp>
#include <sql2ldap/listen/event_loop.hpp>
#include <sql2ldap/listen/socket_server.hpp>
#include <sql2ldap/listen/worker_pool.hpp>
#include <sql2ldap/serve/waiting_line.hpp>
#include <support/child_process.hpp>
#include <support/local_client.hpp>
#include <support/session_client.hpp>
#include <support/temp_dir.hpp>

namespace sql2ldap::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

const std::string host = R"(dn: associatedDomain=example.org,dc=org
objectClass: s2lMailDomain
associatedDomain: example.org
s2lEnabled: TRUE

dn: uid=anna@example.org,associatedDomain=example.org,dc=org
objectClass: s2lMailAccount
uid: anna@example.org
mail: anna@example.org
mailLocalAddress: anna@example.org
userPassword: right
s2lEnabled: TRUE
uidNumber: 1001
gidNumber: 1002
homeDirectory: /var/vmail/anna

)" + ("dn: uid=long,dc=org\nobjectClass: s2lMailAccount\nuid: long\ns2lEnabled: TRUE\nhomeDirectory: /" +
      std::string(8000, 'x') + "\n");
const std::string asks_for_8000_bytes = "Lshared/userdb/long\tlong\n";

// A server in a thread of its own, as a daemon has it; its lookups can be held up.
class running_server {
 public:
  explicit running_server(listen::server_bounds bounds = {}, bool slow_lookups = false) {
    std::promise<void> started;
    thread_ = std::thread([this, bounds, slow_lookups, &started] {
      serve::no_workers at_once;
      serve::workers& how = slow_lookups ? static_cast<serve::workers&>(held_) : at_once;
      serve::login_check logins(
          desk_.answers, how, hashing_, desk_.guesses,
          [this](const serve::login_attempt& who, const auto&) {
            const std::lock_guard only(mutex_);
            logins_.push_back(who.service);
          },
          [](const serve::account& whose, const secret& password) {
            return serve::verify_stored_password(whose, password);
          },
          [](const serve::account& whose) { return codec::is_quickly_verified(whose.passwords); });
      serve::desk_of_answers shared{desk_.answers, how, lookups_, logins};
      shared.tell = [this](log::level, std::string_view id, const std::string&) {
        const std::lock_guard only(mutex_);
        log_ += std::string(id) + "\n";
      };
      shared.after = [this](std::chrono::milliseconds time, std::function<void()> what) {
        ++delayed_;
        loop_.after(time / 10, std::move(what));
      };
      listen::socket_server server(loop_, shared, bounds);
      server_ = &server;
      for (const char* word : {"auth-client", "auth-userdb", "dict", "socketmap", "query"}) {
        auto made = listen::listening_socket::open(*listen::parse_endpoint(fmt::format("{}:{}", word, path(word))));
        if (!made || !server.serve(*std::move(made))) std::abort();
      }
      auto port = listen::listening_socket::open(*listen::parse_endpoint("tcp:127.0.0.1:0,map=domains"));
      port_ = port->port();
      if (!server.serve(*std::move(port))) std::abort();
      started.set_value();
      loop_.run();
      server_ = nullptr;
    });
    started.get_future().wait();
  }
  ~running_server() {
    loop_.stop();
    thread_.join();
  }

  [[nodiscard]] std::string path(std::string_view protocol) const { return folder_ / protocol; }
  [[nodiscard]] int delayed() const { return delayed_; }  // answers that were held back for a while
  [[nodiscard]] std::uint16_t port() const { return port_; }
  local_client client(std::string_view protocol) const { return local_client(path(protocol)); }
  // In the loop's thread.
  template <typename Ask>
  auto in_loop(Ask ask) {
    std::promise<decltype(ask(*server_))> answer;
    loop_.post([&] { answer.set_value(ask(*server_)); });
    return answer.get_future().get();
  }
  std::vector<listen::socket_status> status() {
    return in_loop([](auto& server) { return server.status(); });
  }
  std::size_t clients() {
    std::size_t out = 0;
    for (const auto& one : status()) out += one.clients;
    return out;
  }
  std::uint64_t cut_off() {
    std::uint64_t out = 0;
    for (const auto& one : status()) out += one.cut_off;
    return out;
  }
  void stop() {
    loop_.post([this] { server_->stop([this] { loop_.stop(); }); });
  }
  void wait() {
    thread_.join(), thread_ = std::thread([] {});
  }
  std::string log() {
    const std::lock_guard only(mutex_);
    return log_;
  }
  // Their services, in the order in which they were told.
  std::vector<std::string> logins() {
    const std::lock_guard only(mutex_);
    return logins_;
  }
  // Nothing is read or written until the promise is kept.
  void wait_for(std::future<void> what) {
    loop_.post([what = std::make_shared<std::future<void>>(std::move(what))] { what->wait(); });
  }

  // Lookups that wait until a test lets them go on.
  class gate : public serve::workers {
   public:
    explicit gate(serve::workers& through) : through_(through) {}
    bool run(std::function<void()> work, std::function<void()> done, const serve::asker& by) override {
      return through_.run(
          [this, work = std::move(work)] {
            ++waiting_;
            open.wait(false);
            work();
          },
          std::move(done), by);
    }
    // Until there is one that waits.
    bool comes() const {
      return eventually(20s, [&] { return waiting_ > 0; });
    }
    std::atomic<bool> open = false;

   private:
    serve::workers& through_;
    std::atomic<int> waiting_ = 0;
  };
  gate& held() { return held_; }

 private:
  temp_dir folder_;
  session_desk desk_{host};
  listen::event_loop loop_;
  listen::worker_pool lookups_{loop_, {.threads = 1, .waiting_max = 100}};
  listen::worker_pool hashing_{loop_, {.threads = 1, .waiting_max = 100}};
  gate held_{lookups_};
  listen::socket_server* server_ = nullptr;
  std::atomic<int> delayed_ = 0;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::string log_;
  std::vector<std::string> logins_;
  std::thread thread_;
};

std::string login_with(std::string_view password) {
  std::string bytes = "_anna@example.org_" + std::string(password);
  for (char& c : bytes)
    if (c == '_') c = '\0';
  return "VERSION\t1\t2\nCPID\t7\nAUTH\t1\tPLAIN\tservice=smtp\tresp=" + codec::base64(bytes) + "\n";
}

TEST(listen_server, speaks_each_protocol) {
  running_server server;
  local_client auth = server.client("auth-client");
  EXPECT_THAT(auth.read_until("DONE\n"), HasSubstr("MECH\tPLAIN"));
  EXPECT_THAT(auth.ask(login_with("right"), "\n"), StartsWith("OK\t1\tuser=anna@example.org"));
  EXPECT_THAT(server.client("auth-userdb").ask("VERSION\t1\t0\nUSER\t1\tanna@example.org\tservice=lda\n", "anna\n"),
              HasSubstr("USER\t1\tanna@example.org\tuid=1001\tgid=1002\thome=/var/vmail/anna"));
  EXPECT_THAT(server.client("dict").ask("H3\t2\t0\t\tx\nLshared/userdb/anna@example.org\tanna@example.org\n", "\n"),
              StartsWith("O{"));
  EXPECT_EQ(server.client("socketmap").ask("24:mailboxes x@example.org,,", ","), "9:NOTFOUND ,");
  EXPECT_EQ(server.client("query").ask("domain example.org\n", "\n"), "yes local\n");
  EXPECT_EQ(local_client(server.port()).ask("get example.org\n", "\n"), "200 example.org\n");
}

TEST(listen_server, tells_a_wrong_password_later_unless_the_client_waits_itself) {
  running_server server;  // with a tenth of the time
  const auto refused = [&](const std::string& request) {
    local_client client = server.client("auth-client");
    client.read_until("DONE\n");
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_THAT(client.ask(request, "\n"), StartsWith("FAIL\t1\tuser=anna@example.org"));
    return std::chrono::steady_clock::now() - begun;
  };
  std::string hurried = login_with("wrong");
  hurried.replace(hurried.find("\tresp="), 6, "\tno-penalty\tresp=");
  EXPECT_GE(refused(login_with("wrong")), limits::wrong_password_delay / 11);  // from the question on
  EXPECT_EQ(server.delayed(), 1);
  refused(hurried);
  EXPECT_EQ(server.delayed(), 1);
}

TEST(listen_server, has_room_for_a_thousand_that_are_idle) {
  running_server server;
  std::vector<local_client> idle;
  for (int i = 0; i < 500; ++i) {
    idle.push_back(server.client("auth-client"));
    idle.push_back(server.client("dict"));
  }
  local_client busy = server.client("query");
  EXPECT_EQ(busy.ask("domain example.org\n", "\n"), "yes local\n");
  local_client pipelined = server.client("dict");
  pipelined.send("H3\t2\t0\t\tx\n");
  for (int i = 0; i < 1000; ++i)
    ASSERT_THAT(pipelined.ask("Lshared/userdb/anna@example.org\ta\n", "\n"), StartsWith("O{"));
  EXPECT_EQ(server.clients(), 1001U);
  for (local_client& one : idle) one.half_close();
  EXPECT_TRUE(eventually(20s, [&] { return server.clients() == 1; }));
}

TEST(listen_server, lets_a_slow_client_have_its_turn_while_another_floods) {
  running_server server;
  std::atomic<bool> enough = false;
  std::thread flood([&] {
    local_client client = server.client("dict");
    client.send("H3\t2\t0\t\tx\n");
    std::string lines;
    for (int i = 0; i < 2000; ++i) lines += "Lshared/userdb/anna@example.org\ta\n";
    while (!enough) {
      client.send(lines);
      for (int i = 0; i < 2000; ++i) client.read_until("\n");
    }
  });
  local_client slow = server.client("socketmap");
  const std::string request = "28:mailboxes nobody@example.org,";
  for (int turn = 0; turn < 3; ++turn) {
    for (const char c : request) slow.send(std::string(1, c));
    EXPECT_EQ(slow.read_until(",", 5s), "9:NOTFOUND ,");
  }
  enough = true;
  flood.join();
}

TEST(listen_server, gives_one_that_floods_no_more_than_its_turn) {
  running_server server;
  std::vector<local_client> idle;
  for (int i = 0; i < 1000; ++i) idle.push_back(server.client("auth-client"));
  const auto lines = [](std::string_view service, int count) {
    std::string out = "VERSION\t1\t2\nCPID\t7\n";
    const std::string login = codec::base64(std::string("\0anna@example.org\0right", 23));
    for (int i = 1; i <= count; ++i) out += fmt::format("AUTH\t{}\tPLAIN\tservice={}\tresp={}\n", i, service, login);
    return out;
  };
  constexpr int flooded = 1000;
  const std::string flood = lines("flood", flooded);
  local_client floods = server.client("auth-client");
  std::vector<local_client> others;
  for (int i = 0; i < 3; ++i) others.push_back(server.client("auth-client"));
  ASSERT_TRUE(eventually(20s, [&] { return server.clients() == 1004U; }));

  std::promise<void> begin;
  server.wait_for(begin.get_future());
  ASSERT_EQ(floods.send_some(flood), flood.size());  // without reading an answer
  for (local_client& one : others) one.send(lines("other", 1));
  begin.set_value();
  for (local_client& one : others) {
    EXPECT_THAT(one.read_until("DONE\n"), HasSubstr("MECH"));
    EXPECT_THAT(one.read_until("\n"), StartsWith("OK\t1\tuser=anna@example.org"));
  }
  EXPECT_THAT(floods.read_until("DONE\n"), HasSubstr("MECH"));
  for (int i = 1; i <= flooded; ++i) ASSERT_THAT(floods.read_until("\n"), StartsWith(fmt::format("OK\t{}\t", i)));
  const auto told = server.logins();
  const std::size_t a_turn = limits::client_chunk_bytes / (flood.size() / flooded) + 1;
  const auto last = std::find(told.rbegin(), told.rend(), "other");
  // The loop may come back to it once or twice before it asks the kernel who else is there.
  EXPECT_LE(static_cast<std::size_t>(told.rend() - last), 4 * a_turn + others.size());
  EXPECT_EQ(told.size(), flooded + others.size());
}

TEST(listen_server, answers_a_client_that_has_closed_its_half) {
  running_server server;
  local_client query = server.client("query");
  query.send("domain example.org");
  query.half_close();
  EXPECT_EQ(query.read_all(), "yes local\n");
  local_client many = server.client("socketmap");
  std::string requests;
  std::string answers;
  for (int i = 0; i < 5000; ++i) {
    requests += "28:mailboxes nobody@example.org,";
    answers += "9:NOTFOUND ,";
  }
  many.send(requests);
  many.half_close();
  EXPECT_EQ(many.read_all(), answers);
}

TEST(listen_server, cuts_off_who_never_reads) {
  listen::server_bounds bounds;
  bounds.write_time_max = 300ms;
  bounds.sweep_every = 50ms;
  running_server server(bounds);
  local_client client = server.client("dict");
  client.send("H3\t2\t0\t\tx\n");
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "Lshared/userdb/anna@example.org\ta\n";
  // It is not read from any more when enough waits for it, long before this.
  std::size_t sent = 0;
  const bool gone = eventually(20s, [&] {
    sent += client.send_some(lines);
    return server.cut_off() == 1;
  });
  EXPECT_TRUE(gone);
  EXPECT_LT(sent, 16U << 20U);
  EXPECT_EQ(server.client("query").ask("domain example.org\n", "\n"), "yes local\n");
}

TEST(listen_server, cuts_off_who_reads_drop_by_drop) {
  listen::server_bounds bounds;
  bounds.unwritten_pause = 10U << 20U;
  bounds.write_time_max = 1s;
  bounds.write_least = 100U << 20U;
  bounds.sweep_every = 50ms;
  running_server server(bounds);
  local_client client = server.client("dict");
  client.send("H3\t2\t0\t\tx\n");
  for (int i = 0; i < 300; ++i) client.send(asks_for_8000_bytes);
  EXPECT_TRUE(eventually(20s, [&] {
    client.send_some(asks_for_8000_bytes);
    client.read_until("\n");
    return server.cut_off() == 1;
  }));
}

TEST(listen_server, keeps_nothing_that_is_written_of_a_client_that_is_always_behind) {
  listen::server_bounds bounds;
  bounds.unwritten_pause = 1U << 20U;
  running_server server(bounds);
  local_client client = server.client("dict");
  client.send("H3\t2\t0\t\tx\n");
  const auto in_use = [] {
    const auto now = ::mallinfo2();
    return now.uordblks + now.hblkhd;
  };
  const std::size_t before = in_use();
  for (int i = 0; i < 200; ++i) client.send(asks_for_8000_bytes);  // more than the socket holds, and than it reads
  for (int i = 0; i < 4000; ++i) {
    client.send(asks_for_8000_bytes);
    ASSERT_THAT(client.read_until("\n"), StartsWith("O{"));
  }
  // 1.6 MB wait at most, as much again is written and not dropped yet, and a string that grows takes three times what
  // it holds for a moment; all that was written is 32 MB.
  EXPECT_LT(in_use(), before + (16U << 20U));
}

TEST(listen_server, of_all_cuts_off_the_one_for_whom_most_waits) {
  listen::server_bounds bounds;
  bounds.unwritten_pause = 10'000'000;
  bounds.unwritten_of_all_max = 560'000;
  running_server server(bounds);
  const auto ask = [](local_client& client, int times) {
    client.send("H3\t2\t0\t\tx\n");
    for (int i = 0; i < times; ++i) client.send(asks_for_8000_bytes);
  };
  local_client mute = server.client("dict");
  ask(mute, 80);
  local_client other = server.client("dict");
  ask(other, 60);
  EXPECT_TRUE(eventually(20s, [&] { return server.cut_off() == 1; }));
  for (int i = 0; i < 60; ++i) ASSERT_THAT(other.read_until("\n"), StartsWith("O{")) << i;
  mute.read_all();
  EXPECT_EQ(server.cut_off(), 1U);
  EXPECT_THAT(server.log(), HasSubstr("CLIENT_SLOW"));
}

TEST(listen_server, cuts_off_for_whom_too_much_waits) {
  listen::server_bounds bounds;
  bounds.unwritten_max = 100;
  bounds.unwritten_pause = 50;
  running_server server(bounds);
  local_client client = server.client("dict");
  std::string lines = "H3\t2\t0\t\tx\n";
  for (int i = 0; i < 100'000; ++i) lines += "Lshared/userdb/anna@example.org\ta\n";
  client.send(lines);
  client.half_close();
  EXPECT_TRUE(eventually(20s, [&] { return server.log().find("CLIENT_SLOW") != std::string::npos; }));
}

TEST(listen_server, cuts_off_what_never_ends_at_the_protocols_bound) {
  running_server server;
  const std::string megabyte(1U << 20U, 'x');
  for (const char* protocol : {"auth-client", "auth-userdb", "dict", "socketmap", "query"}) {
    local_client client = server.client(protocol);
    std::size_t sent = 0;
    while (sent < 1024 && client.send(megabyte)) ++sent;
    EXPECT_LT(sent, 4U) << protocol;
  }
  EXPECT_TRUE(eventually(20s, [&] { return server.clients() == 0; }));
}

TEST(listen_server, closes_what_is_idle_for_too_long) {
  listen::server_bounds bounds;
  bounds.sweep_every = 50ms;
  bounds.idle_max = [](serve::protocol of) { return of == serve::protocol::dict ? 100ms : 1h; };
  running_server server(bounds);
  local_client kept = server.client("auth-userdb");
  local_client closed = server.client("dict");
  EXPECT_EQ(closed.read_all(), "");
  EXPECT_THAT(kept.ask("VERSION\t1\t0\nUSER\t1\tx\tservice=lda\n", "NOTFOUND\t1\n"), HasSubstr("NOTFOUND"));
}

TEST(listen_server, turns_away_who_is_too_many) {
  listen::server_bounds bounds;
  bounds.clients_per_socket_max = 2;
  bounds.clients_max = 3;
  running_server server(bounds);
  local_client first = server.client("dict");
  {
    local_client second = server.client("dict");
    EXPECT_EQ(server.client("dict").read_all(), "") << "one socket is full";
    local_client third = server.client("socketmap");
    EXPECT_EQ(third.ask("28:mailboxes nobody@example.org,", ","), "9:NOTFOUND ,") << "another is not";
    EXPECT_EQ(server.client("query").read_all(), "") << "all are full";
  }
  EXPECT_TRUE(eventually(
      20s, [&] { return server.client("dict").ask("H3\t2\t0\t\tx\nLshared/userdb/x\tx\n", "\n") == "N\n"; }));
  EXPECT_THAT(server.log(), HasSubstr("CLIENTS_FULL"));
}

TEST(listen_server, waits_when_there_are_no_descriptors) {
  running_server server;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  local_client old = server.client("socketmap");
  ASSERT_EQ(old.ask("28:mailboxes nobody@example.org,", ","), "9:NOTFOUND ,");
  {
    local_client waiting = [&] {
      // Room for the client's end and none for the server's.
      const int free = ::dup(0);
      ::close(free);
      rlimit few = before;
      few.rlim_cur = static_cast<rlim_t>(free) + 1;
      EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
      return server.client("query");
    }();
    EXPECT_TRUE(eventually(20s, [&] { return server.log().find("CLIENTS_WAIT") != std::string::npos; }));
    EXPECT_EQ(old.ask("28:mailboxes nobody@example.org,", ","), "9:NOTFOUND ,") << "who is in is served";
    rusage begun{};
    ::getrusage(RUSAGE_SELF, &begun);
    std::this_thread::sleep_for(500ms);  // in which a loop that spins would burn all of it
    rusage ended{};
    ::getrusage(RUSAGE_SELF, &ended);
    EXPECT_LT(
        (ended.ru_utime.tv_sec - begun.ru_utime.tv_sec) * 1'000'000 + ended.ru_utime.tv_usec - begun.ru_utime.tv_usec,
        250'000);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(waiting.ask("domain example.org\n", "\n"), "yes local\n");
  }
}

TEST(listen_server, answers_what_is_at_work_before_it_stops) {
  running_server server({}, true);
  local_client asking = server.client("query");
  local_client idle = server.client("dict");
  asking.send("domain example.org\n");
  ASSERT_TRUE(server.held().comes());
  server.stop();
  EXPECT_EQ(idle.read_all(), "");
  EXPECT_FALSE(somebody_listens(server.path("query")));
  server.held().open = true;
  server.held().open.notify_all();
  EXPECT_EQ(asking.read_all(), "yes local\n");
  server.wait();
}

TEST(listen_server, stops_without_what_takes_too_long) {
  listen::server_bounds bounds;
  bounds.stop_wait = 100ms;
  running_server server(bounds, true);
  local_client asking = server.client("query");
  asking.send("domain example.org\n");
  ASSERT_TRUE(server.held().comes());
  server.stop();
  EXPECT_EQ(asking.read_all(), "");
  server.held().open = true;
  server.held().open.notify_all();
  server.wait();
}

TEST(listen_server, forgets_the_answer_for_who_has_gone) {
  running_server server({}, true);
  {
    local_client asking = server.client("query");
    asking.send("domain example.org\n");
    ASSERT_TRUE(server.held().comes());
  }
  server.held().open = true;
  server.held().open.notify_all();
  EXPECT_TRUE(eventually(20s, [&] { return server.clients() == 0; }));
}

TEST(worker_pool, has_an_end) {
  listen::event_loop loop;
  listen::worker_pool pool(loop, {.threads = 1, .waiting_max = 2});
  std::atomic<bool> open = false;
  std::atomic<int> worked = 0;
  std::vector<std::thread::id> done_in;
  const auto work = [&] {
    open.wait(false);
    ++worked;
    worked.notify_all();
  };
  const auto done = [&] {
    done_in.push_back(std::this_thread::get_id());
    if (done_in.size() == 3) loop.stop();
  };
  int taken = 0;
  EXPECT_TRUE(eventually(20s, [&] {
    taken += pool.run(work, done) ? 1 : 0;
    return taken == 3;  // one at work, two that wait
  }));
  EXPECT_FALSE(pool.run(work, done));
  open = true;
  open.notify_all();
  loop.run();
  EXPECT_EQ(done_in, std::vector<std::thread::id>(3, std::this_thread::get_id()));
}

class one_worker : public testing::Test {
 protected:
  // Until what waits is done.
  void go_on(std::size_t count) {
    expected_ = count;
    open_ = true;
    open_.notify_all();
    loop_.run();
  }
  void run(const std::string& name, const serve::asker& by) {
    ASSERT_TRUE(pool_.run([this, name] { worked_ += name; }, [this] { done(); }, by));
  }
  void done() {
    if (++done_ == expected_) loop_.stop();
  }
  void hold() {
    const auto wait = [this] {
      held_ = true;
      held_.notify_all();
      open_.wait(false);
    };
    ASSERT_TRUE(pool_.run(wait, [this] { done(); }));
    held_.wait(false);
  }

  listen::event_loop loop_;
  std::atomic<bool> held_ = false;
  std::atomic<bool> open_ = false;
  std::string worked_;
  std::size_t done_ = 0;
  std::size_t expected_ = 0;
  listen::worker_pool pool_{loop_, {.threads = 1, .waiting_max = 100, .patience = 1h}};
};

TEST_F(one_worker, serves_those_who_ask_in_turn) {
  hold();
  const std::vector<std::shared_ptr<int>> askers = {std::make_shared<int>(), std::make_shared<int>(),
                                                    std::make_shared<int>()};
  for (const char name : {'a', 'b', 'c'})
    for (int i = 0; i < 20; ++i) run(std::string(1, name), askers[static_cast<std::size_t>(name - 'a')]);
  go_on(61);
  EXPECT_THAT(worked_.substr(0, 3), testing::UnorderedElementsAre('a', 'b', 'c')) << worked_;
}

TEST_F(one_worker, leaves_out_what_nobody_waits_for) {
  auto gone = std::make_shared<int>();
  const auto there = std::make_shared<int>();
  hold();
  run("g", gone);
  run("t", there);
  run("n", {});
  gone.reset();
  go_on(4);
  EXPECT_THAT(worked_, testing::UnorderedElementsAre('t', 'n'));
}

// One that never ends of itself: what waits behind it is answered all the same.
TEST(worker_pool, answers_what_has_waited_for_too_long_while_all_workers_are_busy) {
  listen::event_loop loop;
  std::atomic<bool> open = false;
  std::atomic<bool> worked = false;
  std::atomic<bool> held = false;
  listen::worker_pool pool(loop, {.threads = 1, .waiting_max = 3, .patience = 10ms});
  ASSERT_TRUE(pool.run(
      [&] {
        held = true;
        held.notify_all();
        open.wait(false);
      },
      [] {}));
  held.wait(false);
  int answered = 0;
  auto password = std::make_shared<int>();
  const std::weak_ptr<int> kept = password;
  ASSERT_TRUE(pool.run([&, password] { worked = true; },
                       [&] {
                         EXPECT_TRUE(kept.expired()) << "what the work holds goes away before";
                         if (++answered == 2) loop.stop();
                       }));
  ASSERT_TRUE(pool.run([&] { worked = true; },
                       [&] {
                         if (++answered == 2) loop.stop();
                       }));
  password.reset();
  loop.run();
  EXPECT_EQ(answered, 2);
  answered = 1;
  ASSERT_TRUE(pool.run([&] { worked = true; },
                       [&] {
                         if (++answered == 2) loop.stop();
                       }));
  loop.run();  // and again
  open = true;
  open.notify_all();
  EXPECT_FALSE(worked);
}

TEST(worker_pool, works_on_no_more_than_two_of_one_lane) {
  listen::event_loop loop;
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::atomic<bool> open = false;
  int done = 0;
  listen::worker_pool pool(loop, {.threads = 4, .waiting_max = 100, .patience = 1h});
  const auto slow = [&] {
    most = std::max<int>(most, ++running);
    open.wait(false);
    --running;
  };
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(pool.run_in_lane("anna", slow,
                                 [&] {
                                   if (++done == 11) loop.stop();
                                 },
                                 {}));
  // Another account is served while that lane is full: only then are the others let go.
  ASSERT_TRUE(pool.run_in_lane(
      "bert", [&] { open = true, open.notify_all(); },
      [&] {
        if (++done == 11) loop.stop();
      },
      {}));
  loop.run();
  EXPECT_LE(most, 2);
}

TEST(waiting_line, passes_over_full_lanes_in_the_order_of_the_others) {
  serve::waiting_line line(100, 1h);
  const auto add = [&](const std::string& lane) { ASSERT_TRUE(line.add({[] {}, [] {}, {}, lane})); };
  for (const char* lane : {"a", "a", "a", "b", "", "a"}) add(lane);
  std::string taken;
  while (const auto next = line.take()) taken += next->lane + ",";
  EXPECT_EQ(taken, "a,a,b,,");
  EXPECT_FALSE(line.empty());
  line.leave("a");
  EXPECT_EQ(line.take().value().lane, "a");
  EXPECT_FALSE(line.take().has_value());
  line.leave("a");
  line.leave("a");
  EXPECT_EQ(line.take().value().lane, "a");
  EXPECT_TRUE(line.empty());
}

TEST(event_loop, tells_signals_and_time) {
  listen::event_loop loop;
  int ticks = 0;
  int signals = 0;
  bool passed = false;
  const auto stop_after_all = [&] {
    if (ticks > 2 && passed) loop.stop();
  };
  loop.every(1ms, [&] {
    ++ticks;
    stop_after_all();
  });
  loop.on_signal(SIGUSR1, [&] {
    if (++signals == 2)
      loop.after(20ms, [&] {
        passed = true;
        stop_after_all();
      });
    else
      ::raise(SIGUSR1);
  });
  ::raise(SIGUSR1);
  loop.run();
  EXPECT_EQ(signals, 2);
  EXPECT_GT(ticks, 2);
}

TEST(event_loop, tells_whenever_there_is_something_to_read_until_the_handle_goes_away) {
  listen::event_loop loop;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  int told = 0;
  result<listen::event_loop::watch> watch;
  watch = loop.on_readable(ends[0], [&] {
    if (++told == 1) return;  // what is left there is told again
    char byte = 0;
    EXPECT_EQ(::read(ends[0], &byte, 1), 1);
    if (told < 3) return;
    watch->reset();
    EXPECT_EQ(::write(ends[1], "c", 1), 1);
    EXPECT_NE(::fcntl(ends[0], F_GETFD), -1) << "not ours to close";
    loop.after(20ms, [&] { loop.stop(); });
  });
  ASSERT_TRUE(watch);
  ASSERT_EQ(::write(ends[1], "ab", 2), 2);
  loop.run();
  EXPECT_EQ(told, 3);
  EXPECT_FALSE(loop.on_readable(-1, [] {}));
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace sql2ldap::test
