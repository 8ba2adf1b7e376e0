#include "serve/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace thimble::serve {
namespace {

using testing::HasSubstr;

TEST(Metrics, FollowTheTextFormat) {
  Metrics metrics;
  metrics.counter("thimble_requests_total", "Requests.", {{"path", "/a"}, {"status", "200"}})
      .add(3);
  metrics.counter("thimble_requests_total", "Requests.", {{"path", "/b"}, {"status", "404"}}).add();
  metrics.gauge("thimble_depth", "Back\\slash\nand line.").set(-2);
  const std::string text = metrics.to_prometheus();
  EXPECT_THAT(text, HasSubstr("# HELP thimble_depth Back\\\\slash\\nand line.\n"
                              "# TYPE thimble_depth gauge\n"
                              "thimble_depth -2\n"
                              "# HELP thimble_requests_total Requests.\n"
                              "# TYPE thimble_requests_total counter\n"
                              "thimble_requests_total{path=\"/a\",status=\"200\"} 3\n"
                              "thimble_requests_total{path=\"/b\",status=\"404\"} 1\n"));
}

TEST(Metrics, EscapeLabelValues) {
  Metrics metrics;
  metrics.counter("c", "h", {{"path", "a\"b\\c\nd"}});
  EXPECT_THAT(metrics.to_prometheus(), HasSubstr("c{path=\"a\\\"b\\\\c\\nd\"} 0\n"));
}

TEST(Metrics, HistogramsAreCumulative) {
  Metrics metrics;
  Histogram& sizes = metrics.histogram("sizes", "Sizes.", {0.5, 2}, {{"model", "cnn"}});
  for (const double size : {0.25, 0.5, 1.0, 8.0}) sizes.observe(size);  // a bound is its bucket's
  EXPECT_THAT(metrics.to_prometheus(), HasSubstr("# TYPE sizes histogram\n"
                                                 "sizes_bucket{model=\"cnn\",le=\"0.5\"} 2\n"
                                                 "sizes_bucket{model=\"cnn\",le=\"2\"} 3\n"
                                                 "sizes_bucket{model=\"cnn\",le=\"+Inf\"} 4\n"
                                                 "sizes_sum{model=\"cnn\"} 9.75\n"
                                                 "sizes_count{model=\"cnn\"} 4\n"));
}

TEST(Metrics, GiveOneMemberForTheSameLabels) {
  Metrics metrics;
  Counter& first = metrics.counter("c", "h", {{"a", "1"}});
  EXPECT_EQ(&first, &metrics.counter("c", "h", {{"a", "1"}}));
  EXPECT_NE(&first, &metrics.counter("c", "h", {{"a", "2"}}));
  EXPECT_THROW(metrics.gauge("c", "h"), std::logic_error);
}

TEST(Metrics, TellOfTheProcess) {
  const std::string text = Metrics().to_prometheus();
  for (const char* name : {"process_cpu_seconds_total ", "process_open_fds ",
                           "process_resident_memory_bytes ", "process_start_time_seconds "}) {
    EXPECT_THAT(text, HasSubstr(name));
  }
}

}  // namespace
}  // namespace thimble::serve
