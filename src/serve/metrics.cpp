#include "serve/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <variant>

#include "serve/process_figures.hpp"

namespace thimble::serve {
namespace {

std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (quotes && c == '"')) out += '\\';
    out += c;
  }
  return out;
}

/// path="/v1/classify",status="200"
std::string label_text(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    if (!text.empty()) text += ',';
    text += name + "=\"" + escaped(value, true) + '"';
  }
  return text;
}

std::string braced(const std::string& labels) { return labels.empty() ? "" : '{' + labels + '}'; }

void append_histogram(const std::string& name, const std::string& labels,
                      const Histogram& histogram, std::string& out) {
  const auto to = std::back_inserter(out);
  const std::string separator = labels.empty() ? "" : ",";
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= histogram.bounds().size(); ++i) {
    total += histogram.count(i);
    const std::string bound =
        i < histogram.bounds().size() ? fmt::format("{}", histogram.bounds()[i]) : "+Inf";
    fmt::format_to(to, "{}_bucket{{{}{}le=\"{}\"}} {}\n", name, labels, separator, bound, total);
  }
  fmt::format_to(to, "{}_sum{} {}\n", name, braced(labels), histogram.sum());
  fmt::format_to(to, "{}_count{} {}\n", name, braced(labels), total);
}

}  // namespace

struct Metrics::Family {
  std::string help;
  const char* type = nullptr;
  std::map<std::string, std::variant<Counter, Gauge, Histogram>> members;  // by label_text()

  template <class Figure, class... Arguments>
  Figure& member(const Labels& labels, Arguments&&... arguments) {
    const auto [place, made] = members.try_emplace(label_text(labels), std::in_place_type<Figure>,
                                                   std::forward<Arguments>(arguments)...);
    return std::get<Figure>(place->second);
  }
};

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {}

void Histogram::observe(double value) {
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

Metrics::Family& Metrics::family(const std::string& name, const std::string& help,
                                 const char* type) {
  std::shared_ptr<Family>& family = families_[name];
  if (!family) {
    family = std::make_shared<Family>();
    family->help = help;
    family->type = type;
  }
  if (std::string_view(family->type) != type) {
    throw std::logic_error("metric " + name + " is a " + family->type + ", not a " + type);
  }
  return *family;
}

Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  return family(name, help, "counter").member<Counter>(labels);
}

Gauge& Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  return family(name, help, "gauge").member<Gauge>(labels);
}

Histogram& Metrics::histogram(const std::string& name, const std::string& help,
                              const std::vector<double>& bounds, const Labels& labels) {
  const std::lock_guard lock(mutex_);
  return family(name, help, "histogram").member<Histogram>(labels, bounds);
}

std::string Metrics::to_prometheus() const {
  std::string text = process_figures();
  const auto to = std::back_inserter(text);
  const std::lock_guard lock(mutex_);
  for (const auto& [name, family] : families_) {
    fmt::format_to(to, "# HELP {0} {1}\n# TYPE {0} {2}\n", name, escaped(family->help, false),
                   family->type);
    for (const auto& [labels, member] : family->members) {
      if (const auto* histogram = std::get_if<Histogram>(&member)) {
        append_histogram(name, labels, *histogram, text);
      } else if (const auto* gauge = std::get_if<Gauge>(&member)) {
        fmt::format_to(to, "{}{} {}\n", name, braced(labels), gauge->value());
      } else {
        fmt::format_to(to, "{}{} {}\n", name, braced(labels), std::get<Counter>(member).value());
      }
    }
  }
  return text;
}

const std::vector<double>& latency_bounds() {
  static const std::vector<double> bounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                          0.01,   0.025,   0.05,   0.1,   0.25,   0.5,
                                          1,      2.5,     5,      10,    30};
  return bounds;
}

}  // namespace thimble::serve
