// Graphs as lines of text: the syntax in graph.hpp, read and written. The kinds of layer read and
// write their own lines.

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "nn/graph.hpp"
#include "nn/layers/layer_line.hpp"
#include "nn/layers/registry.hpp"

namespace thimble::nn {
namespace {

class Parser {
 public:
  Parser(Shape input, int class_count) : graph_(input), class_count_(class_count) {}

  void read(const std::string& text) {
    LayerLine line(text, class_count_, graph_.value(at_), marks_);
    if (line.word() == "mark") {
      marks_[line.next("the name of the mark")] = graph_.value(at_);
    } else if (line.word() == "from") {
      at_ = line.marked_input().layer;
    } else {
      at_ = add_layer(line);
    }
    line.finish();
  }

  Graph finish() { return std::move(graph_); }

 private:
  int add_layer(LayerLine& line) {
    const LayerKind* kind = find_layer_kind(line.word());
    if (kind == nullptr) line.fail(unknown_name("layer", line.word(), known_words()));
    try {
      return graph_.append(kind->parse(line));
    } catch (const UsageError& error) {
      const std::string message = error.what();
      if (message.starts_with("layer \"")) throw;
      line.fail(message);
    }
  }

  static std::vector<std::string> known_words() {
    std::vector<std::string> words;
    for (const LayerKind& kind : layer_kinds()) words.emplace_back(kind.word);
    words.insert(words.end(), {"mark", "from"});
    return words;
  }

  Graph graph_;
  int class_count_;
  int at_ = 0;
  LayerMarks marks_;
};

/// True if the layer takes the value of the one before it, so that no line has to say so.
bool follows_its_predecessor(const Layer& layer) {
  return layer.inputs().front().layer == layer.index() - 1;
}

}  // namespace

Graph Graph::parse(Shape input, std::span<const std::string> lines, int class_count) {
  Parser parser(input, class_count);
  for (const auto& line : lines) parser.read(line);
  return parser.finish();
}

std::vector<std::string> Graph::lines() const {
  // The places that lines reach back to get marks, with the names of their layers.
  std::vector<bool> marked(layers_.size());
  for (std::size_t i = 1; i < layers_.size(); ++i) {
    const auto& inputs = layers_[i]->inputs();
    for (std::size_t k = follows_its_predecessor(*layers_[i]) ? 1 : 0; k < inputs.size(); ++k) {
      marked[static_cast<std::size_t>(inputs[k].layer)] = true;
    }
  }
  std::vector<std::string> all;
  for (const auto& layer : layers_) {
    if (layer->index() > 0) {
      if (!follows_its_predecessor(*layer)) all.push_back("from " + layer->inputs().front().name);
      all.push_back(layer->line());
    }
    if (marked[static_cast<std::size_t>(layer->index())]) all.push_back("mark " + layer->name());
  }
  return all;
}

}  // namespace thimble::nn
