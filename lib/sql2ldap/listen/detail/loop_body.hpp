// What an event_loop is made of.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace sql2ldap::listen::detail {

struct loop_body {
  boost::asio::io_context context{1};  // one thread
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> stays = make_work_guard(context);
};

}  // namespace sql2ldap::listen::detail
