#include <sql2ldap/listen/detail/connection.hpp>

#include <cstring>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include <sql2ldap/base/log.hpp>

namespace sql2ldap::listen::detail {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

bool must_wait(const error_code& problem) {
  return problem == asio::error::would_block || problem == asio::error::try_again ||
         problem == asio::error::interrupted;
}

}  // namespace

connection::connection(client_house& house, client_socket socket, const serve::session_options& how,
                       std::function<void(connection&)> gone)
    : house_(house), socket_(std::move(socket)), which_(how.which), gone_(std::move(gone)) {
  session_ = serve::start_session(house_.desk, how, *this);
}

void connection::open() {
  error_code problem;
  socket_.non_blocking(true, problem);
  if (problem) return cut_off();
  turn([this] { session_->open(); });
}

void connection::retire() {
  if (over_ || std::exchange(retired_, true)) return;
  settle();
}

void connection::cut_off() {
  if (std::exchange(over_, true)) return;
  const auto self = shared_from_this();
  error_code ignored;
  socket_.close(ignored);
  drop_written(waits());
  session_.reset();
  gone_(*this);
}

void connection::cut_off_as_slow() {
  house_.desk.tell(log::level::warning, "CLIENT_SLOW",
                   std::string(serve::word_for(which_)) + ": a client does not read what it asked for");
  cut_off();
}

bool connection::is_too_slow(steady::time_point now) const {
  if (!unwritten_.empty()) return now - least_since_ > house_.bounds.write_time_max;
  if (session_->at_work()) return false;
  const auto idle_max = house_.bounds.idle_max(which_);
  return idle_max.count() != 0 && now - active_ > idle_max;
}

// What it says in one turn goes out in one write: some clients read once.
void connection::turn(const std::function<void()>& what) {
  const auto self = shared_from_this();
  const auto session = session_;  // which may be told to go away while it is called
  in_turn_ = true;
  what();
  in_turn_ = false;
  settle();
}

void connection::send(std::string bytes) {
  if (over_) return;
  house_.unwritten += bytes.size();
  if (unwritten_.empty()) {
    unwritten_ = std::move(bytes);
    least_since_ = steady::now();
    taken_ = 0;
  } else {
    unwritten_ += bytes;
  }
  settle_soon();
}

void connection::close() {
  closing_ = true;
  settle_soon();
}

void connection::ready() {
  takes_bytes_ = true;
  settle_soon();
}

// Workers hand over many answers at once.
void connection::settle_soon() {
  if (in_turn_ || std::exchange(settling_, true)) return;
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->settling_ = false;
    self->settle();
  });
}

// What comes next, after anything has happened.
void connection::settle() {
  if (over_) return;
  const auto self = shared_from_this();
  if (!unwritten_.empty() && !writing_) write();
  if (over_) return;
  if (waits() > house_.bounds.unwritten_max) return cut_off_as_slow();
  if (house_.unwritten > house_.bounds.unwritten_of_all_max) house_.relieve();
  if (over_) return;
  if (unwritten_.empty() && (closing_ || (retired_ && !session_->at_work()))) return cut_off();
  if (takes_bytes_ && !closing_ && !retired_ && !ended_ && waits() <= house_.bounds.unwritten_pause) read_soon();
}

void connection::read_soon() {
  if (std::exchange(reading_, true)) return;
  // Without a buffer of its own while it waits.
  socket_.async_wait(client_socket::wait_read, [self = shared_from_this()](error_code problem) {
    self->reading_ = false;
    if (self->over_) return;
    if (problem) return self->cut_off();
    self->read();
  });
}

void connection::read() {
  if (closing_ || retired_) return settle();
  error_code problem;
  const std::size_t count = socket_.read_some(asio::buffer(house_.chunk), problem);
  if (must_wait(problem)) return read_soon();
  if (problem && problem != asio::error::eof) return cut_off();
  active_ = steady::now();
  takes_bytes_ = false;
  if (!problem) {
    turn([&] { session_->feed(std::string_view(house_.chunk).substr(0, count)); });
    ::explicit_bzero(house_.chunk.data(), count);  // there may be a password in it
    return;
  }
  ended_ = true;
  turn([this] { session_->end(); });
}

void connection::write() {
  error_code problem;
  const auto left = asio::buffer(unwritten_.data() + written_, waits());
  const std::size_t count = socket_.write_some(left, problem);
  if (problem && !must_wait(problem)) return cut_off();
  if (count > 0) active_ = steady::now();
  taken_ += count;
  if (taken_ >= house_.bounds.write_least) {
    least_since_ = active_;
    taken_ = 0;
  }
  drop_written(count);
  if (!unwritten_.empty()) write_soon();
}

void connection::write_soon() {
  writing_ = true;
  socket_.async_wait(client_socket::wait_write, [self = shared_from_this()](error_code problem) {
    self->writing_ = false;
    if (self->over_) return;
    if (problem) return self->cut_off();
    self->settle();
  });
}

void connection::drop_written(std::size_t count) {
  house_.unwritten -= count;
  written_ += count;
  // Moving the rest only when it is the smaller part keeps the cost of it below that of writing.
  if (written_ <= unwritten_.size() / 2) return;
  unwritten_ = unwritten_.substr(written_);
  written_ = 0;
}

}  // namespace sql2ldap::listen::detail
