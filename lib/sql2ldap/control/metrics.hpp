// Numbers for Prometheus, in its text format over HTTP.
#pragma once

#include <memory>
#include <string>

#include <sql2ldap/base/error.hpp>

namespace sql2ldap::control {

class metrics {
 public:
  // "127.0.0.1:9877" or "[::1]:9877".
  [[nodiscard]] static result<std::unique_ptr<metrics>> serve(const std::string& address);
  virtual ~metrics() = default;

  // From any thread. The first call of a name makes the metric; `help` counts then. Labels: at most one.
  struct label {
    std::string name;
    std::string value;
  };
  virtual void gauge(const std::string& name, const std::string& help, double value, const label& of = {}) = 0;
  // There is no such thing any more: its gauges are told no longer.
  virtual void forget(const label& of) = 0;
  // `total` since somebody began to count; where it is less than last time, another has begun, and the sum goes on.
  virtual void counter(const std::string& name, const std::string& help, double total, const label& of = {}) = 0;
};

}  // namespace sql2ldap::control
