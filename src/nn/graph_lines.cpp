// Graphs as lines of text: the syntax in graph.hpp, read and written.

#include <charconv>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "nn/graph.hpp"

namespace thimble::nn {
namespace {

/// One line taken apart: its word, the bare arguments and the key=value ones.
class Line {
 public:
  Line(const std::string& text, int class_count) : text_(text), class_count_(class_count) {
    for (const auto& token : split(text, ' ')) {
      if (token.empty()) continue;
      if (word_.empty()) {
        word_ = token;
      } else if (const auto equals = token.find('='); equals != std::string::npos) {
        options_[token.substr(0, equals)] = token.substr(equals + 1);
      } else {
        arguments_.push_back(token);
      }
    }
  }

  const std::string& word() const { return word_; }

  [[noreturn]] void fail(const std::string& problem) const {
    throw UsageError(fmt::format("layer \"{}\": {}", text_, problem));
  }

  std::string next(const char* what) {
    if (used_ == arguments_.size()) fail(fmt::format("{} is missing", what));
    return arguments_[used_++];
  }
  bool has_next() const { return used_ < arguments_.size(); }

  int next_int(const char* what) {
    const std::string value = next(what);
    if (value == "classes" && class_count_ > 0) return class_count_;
    return number<int>(value, what);
  }
  double next_double(const char* what) { return number<double>(next(what), what); }

  int option(const char* key, int fallback) {
    const auto value = take(key);
    return value ? number<int>(*value, key) : fallback;
  }
  double option(const char* key, double fallback) {
    const auto value = take(key);
    return value ? number<double>(*value, key) : fallback;
  }
  Extent option(const char* key, Extent fallback) {
    const auto value = take(key);
    return value ? extent(*value, key) : fallback;
  }
  bool flag(const char* key, bool fallback) {
    const auto value = take(key);
    if (!value) return fallback;
    if (*value != "true" && *value != "false") {
      fail(fmt::format("{}={}, expected true or false", key, *value));
    }
    return *value == "true";
  }

  /// "3" or "3x5".
  Extent extent(const std::string& value, const char* what) const {
    const auto cross = value.find('x');
    const int height = number<int>(value.substr(0, cross), what);
    if (cross == std::string::npos) return {height, height};
    return {height, number<int>(value.substr(cross + 1), what)};
  }

  template <class T>
  T number(const std::string& value, const char* what) const {
    T result{};
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
    if (error != std::errc() || end != value.data() + value.size()) {
      fail(fmt::format("{} is '{}', expected a number", what, value));
    }
    return result;
  }

  void finish() const {
    if (used_ < arguments_.size()) fail(fmt::format("'{}' is not expected", arguments_[used_]));
    if (!options_.empty()) fail(unknown_name("option", options_.begin()->first, known_));
  }

 private:
  std::optional<std::string> take(const char* key) {
    known_.emplace_back(key);
    const auto found = options_.find(key);
    if (found == options_.end()) return std::nullopt;
    std::string value = found->second;
    options_.erase(found);
    return value;
  }

  const std::string& text_;
  int class_count_;
  std::string word_;
  std::vector<std::string> arguments_;
  std::size_t used_ = 0;
  std::map<std::string, std::string> options_;
  std::vector<std::string> known_;
};

class Parser {
 public:
  Parser(Shape input, int class_count) : graph_(input), class_count_(class_count) {}

  void read(const std::string& text) {
    Line line(text, class_count_);
    const std::string& word = line.word();
    if (word == "mark") {
      marks_[line.next("the name of the mark")] = at_;
      line.finish();
      return;
    }
    if (word == "from") {
      at_ = marked(line);
      line.finish();
      return;
    }
    try {
      at_ = layer(word, line);
    } catch (const UsageError& error) {
      const std::string message = error.what();
      if (message.starts_with("layer \"")) throw;
      line.fail(message);
    }
    line.finish();
  }

  Graph finish() { return std::move(graph_); }

 private:
  int layer(const std::string& word, Line& line) {
    if (word == "conv") return conv(line);
    if (word == "dense") {
      const int features = line.next_int("the number of output features");
      return graph_.dense(at_, features, line.flag("bias", true));
    }
    if (word == "batch_norm") {
      const double epsilon = line.option("epsilon", 1e-5);
      return graph_.batch_norm(at_, epsilon, line.option("momentum", 0.1));
    }
    if (word == "max_pool" || word == "avg_pool") {
      const Extent kernel = line.extent(line.next("the window"), "the window");
      const Extent stride = line.option("stride", kernel);
      return graph_.pool(word == "max_pool" ? LayerKind::max_pool : LayerKind::avg_pool, at_,
                         kernel, stride, line.option("pad", Extent{0, 0}));
    }
    if (word == "global_max_pool") return graph_.global_pool(LayerKind::global_max_pool, at_);
    if (word == "global_avg_pool") return graph_.global_pool(LayerKind::global_avg_pool, at_);
    if (word == "relu") return graph_.activation(LayerKind::relu, at_);
    if (word == "gelu") return graph_.activation(LayerKind::gelu, at_);
    if (word == "dropout") return graph_.dropout(at_, line.next_double("the rate"));
    if (word == "flatten") return graph_.flatten(at_);
    if (word == "add") return graph_.add(at_, marked(line));
    static const std::vector<std::string> words{"conv",
                                                "dense",
                                                "batch_norm",
                                                "max_pool",
                                                "avg_pool",
                                                "global_max_pool",
                                                "global_avg_pool",
                                                "relu",
                                                "gelu",
                                                "dropout",
                                                "flatten",
                                                "mark",
                                                "from",
                                                "add"};
    line.fail(unknown_name("layer", word, words));
  }

  int marked(Line& line) {
    const std::string name = line.next("the name of the mark");
    const auto mark = marks_.find(name);
    if (mark == marks_.end()) line.fail(fmt::format("no `mark {}` before it", name));
    return mark->second;
  }

  int conv(Line& line) {
    Layer options;
    options.features = line.next_int("the number of output channels");
    options.kernel = line.extent(line.next("the kernel"), "the kernel");
    options.stride = line.option("stride", Extent{1, 1});
    options.pad = line.option("pad", Extent{0, 0});
    options.groups = line.option("groups", 1);
    options.bias = line.flag("bias", true);
    return graph_.conv(at_, std::move(options));
  }

  Graph graph_;
  int class_count_;
  int at_ = 0;
  std::map<std::string, int> marks_;
};

std::string line_of(const Layer& l) {
  const std::string word = to_string(l.kind);
  switch (l.kind) {
    case LayerKind::conv:
      return fmt::format("conv {} {} stride={} pad={} groups={} bias={}", l.features,
                         to_string(l.kernel), to_string(l.stride), to_string(l.pad), l.groups,
                         l.bias);
    case LayerKind::dense:
      return fmt::format("dense {} bias={}", l.features, l.bias);
    case LayerKind::batch_norm:
      return fmt::format("batch_norm epsilon={} momentum={}", l.epsilon, l.momentum);
    case LayerKind::max_pool:
    case LayerKind::avg_pool:
      return fmt::format("{} {} stride={} pad={}", word, to_string(l.kernel), to_string(l.stride),
                         to_string(l.pad));
    case LayerKind::dropout:
      return fmt::format("dropout {}", l.rate);
    default:
      return word;
  }
}

}  // namespace

Graph Graph::parse(Shape input, std::span<const std::string> lines, int class_count) {
  Parser parser(input, class_count);
  for (const auto& line : lines) parser.read(line);
  return parser.finish();
}

std::vector<std::string> Graph::lines() const {
  // A layer follows its predecessor unless a line says otherwise; the places that lines reach back
  // to get marks.
  std::vector<bool> marked(layers_.size());
  for (std::size_t i = 1; i < layers_.size(); ++i) {
    const Layer& l = layers_[i];
    if (l.inputs[0] != static_cast<int>(i) - 1)
      marked[static_cast<std::size_t>(l.inputs[0])] = true;
    if (l.kind == LayerKind::add) marked[static_cast<std::size_t>(l.inputs[1])] = true;
  }
  std::vector<std::string> all;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& l = layers_[i];
    if (i > 0) {
      if (l.inputs[0] != static_cast<int>(i) - 1) {
        all.push_back(fmt::format("from {}", layer(l.inputs[0]).name));
      }
      all.push_back(l.kind == LayerKind::add ? fmt::format("add {}", layer(l.inputs[1]).name)
                                             : line_of(l));
    }
    if (marked[i]) all.push_back(fmt::format("mark {}", l.name));
  }
  return all;
}

}  // namespace thimble::nn
