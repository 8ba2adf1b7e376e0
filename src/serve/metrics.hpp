// The service's figures, in the text format that Prometheus collects
// (https://prometheus.io/docs/instrumenting/exposition_formats/).

#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace thimble::serve {

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Counts observations by size. No locks: a scrape may see an observation in the sum and not yet in
/// its bucket.
class Histogram {
 public:
  /// @param bounds  upper bounds of the buckets, ascending; the last bucket is without bound
  explicit Histogram(std::vector<double> bounds);
  void observe(double value);

  const std::vector<double>& bounds() const { return bounds_; }
  /// Of bucket i, not cumulative; i = bounds().size() is the one without bound.
  std::uint64_t count(std::size_t i) const { return counts_[i].load(std::memory_order_relaxed); }
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  std::vector<double> bounds_;
  std::vector<std::atomic<std::uint64_t>> counts_;
  std::atomic<double> sum_{0};
};

/// Label names and values of one member of a family: {{"path", "/v1/classify"}, {"status", "200"}}.
using Labels = std::vector<std::pair<std::string, std::string>>;

/// All figures of a program. What it hands out lives as long as it does.
///
/// Thread safety: all functions. Keep the references that it returns; looking one up takes a lock.
class Metrics {
 public:
  /// The member of the family `name` with these labels, made at first use.
  Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  Histogram& histogram(const std::string& name, const std::string& help,
                       const std::vector<double>& bounds, const Labels& labels = {});

  /// Everything, families by name; before them those of the process (memory, files, CPU time) as
  /// they are now.
  std::string to_prometheus() const;

 private:
  struct Family;
  Family& family(const std::string& name, const std::string& help, const char* type);

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Family>> families_;
};

/// Buckets for latencies in seconds, 100 us to 30 s.
const std::vector<double>& latency_bounds();

}  // namespace thimble::serve
