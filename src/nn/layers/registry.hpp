// The kinds of layer, by the word that begins their lines.

#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nn/layer.hpp"

namespace thimble::nn {

class LayerLine;

/// A small network of one kind of layer, as parse() takes it, on which the tests try the kind:
/// every option in some example, extents that differ from each other.
struct LayerExample {
  Shape input;
  std::vector<std::string> lines;
};

struct LayerKind {
  const char* word;
  /// Makes a layer of its line, behind line.input().
  /// @throws UsageError  if an option is out of range or the shapes do not fit
  std::unique_ptr<Layer> (*parse)(LayerLine& line);
  std::vector<LayerExample> examples;
  /// False if it decides between values, as ReLU and max pooling do: where rounding makes it decide
  /// otherwise, a whole gradient differs.
  bool is_smooth = true;
};

const std::vector<LayerKind>& layer_kinds();

/// Null if there is no kind of that word.
const LayerKind* find_layer_kind(std::string_view word);

}  // namespace thimble::nn
