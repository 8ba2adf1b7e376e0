// What a trained network makes of a picture before it names a class: features for other models.

#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "imaging/images.hpp"
#include "models/classifier.hpp"
#include "nn/inference_pool.hpp"

namespace thimble {

/// Embeddings of pictures by a trained network: the values that go into its last dense layer
/// (Donahue et al., "DeCAF: a deep convolutional activation feature for generic visual
/// recognition", ICML 2014), as they are when it predicts.
///
/// Of the shipped `cnn` these are the 128 values of its global pooling. They are computed in the
/// network's own precision.
///
/// Thread safety: const functions may be called from several threads at once.
class Embedder {
 public:
  /// @throws UsageError  if the model is no network or not trained, or has no embedding: no dense
  ///                     layer, or none with weights before it, so that they were the pixels
  explicit Embedder(const Classifier& classifier);
  ~Embedder();
  Embedder(Embedder&&) noexcept;
  Embedder& operator=(Embedder&&) noexcept;

  /// Values of one picture.
  std::size_t dims() const;
  /// The pictures that it takes.
  const PictureShape& input() const { return input_; }

  /// The network up to the embedding.
  const nn::InferencePool& network() const { return *network_; }

  /// @param pictures  uint8 [n, height, width, channels], of the shape input()
  /// @return          float32 [n, dims()], row-major; n = 0 gives an empty result
  /// @throws ShapeError  if the pictures are of another shape
  std::vector<float> embed(const Images& pictures) const;

  /// The same for pictures [begin, end), into `out`, float32 [end - begin, dims()].
  void embed(const Images& pictures, std::size_t begin, std::size_t end, float* out) const;

 private:
  PictureShape input_;
  std::unique_ptr<const nn::InferencePool> network_;
};

}  // namespace thimble
