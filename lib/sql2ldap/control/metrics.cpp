#include <sql2ldap/control/metrics.hpp>

#include <exception>
#include <map>
#include <mutex>
#include <utility>

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <fmt/format.h>

namespace sql2ldap::control {
namespace {

class prometheus_metrics final : public metrics {
 public:
  // Throws what the library throws.
  explicit prometheus_metrics(const std::string& address) : exposer_(address, 1) {
    exposer_.RegisterCollectable(registry_);
  }

  void gauge(const std::string& name, const std::string& help, double value, const label& of) override {
    const std::lock_guard only(mutex_);
    auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(*registry_);
    prometheus::Gauge& one = family.Add(labels(of));
    one.Set(value);
    gauges_[{of.name, of.value}][&one] = &family;
  }
  void forget(const label& of) override {
    const std::lock_guard only(mutex_);
    const auto found = gauges_.find({of.name, of.value});
    if (found == gauges_.end()) return;
    for (const auto& [one, family] : found->second) family->Remove(one);
    gauges_.erase(found);
  }
  void counter(const std::string& name, const std::string& help, double total, const label& of) override {
    const std::lock_guard only(mutex_);
    prometheus::Counter& one = prometheus::BuildCounter().Name(name).Help(help).Register(*registry_).Add(labels(of));
    double& told = told_[{name, of.value}];
    one.Increment(total >= told ? total - told : total);
    told = total;
  }

 private:
  static std::map<std::string, std::string> labels(const label& of) {
    if (of.name.empty()) return {};
    return {{of.name, of.value}};
  }

  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::map<prometheus::Gauge*, prometheus::Family<prometheus::Gauge>*>>
      gauges_;                                                  // by their label
  std::map<std::pair<std::string, std::string>, double> told_;  // by name and label: the total of the last call
  std::shared_ptr<prometheus::Registry> registry_ =
      std::make_shared<prometheus::Registry>(prometheus::Registry::InsertBehavior::Merge);
  prometheus::Exposer exposer_;
};

}  // namespace

result<std::unique_ptr<metrics>> metrics::serve(const std::string& address) {
  try {
    return std::make_unique<prometheus_metrics>(address);
  } catch (const std::exception& e) {
    return fail(error_kind::usage, fmt::format("cannot serve metrics on {}: {}", address, e.what()),
                "--metrics ADDRESS:PORT, where the port is free");
  }
}

}  // namespace sql2ldap::control
