// The embedding of a trained network as a feature step of classical models:
//
//     model:cnn                       of a shipped model
//     model:runs/shoes weight=0.1     of a run or a model file, times 0.1, to stand beside others
//     model:"runs/all shoes"          of one with blanks in its name
//
// Spelled out, a line also has the file's SHA-256 (sha256=…), so that a recipe that is used again
// means the same network. A trained model holds the network itself: it needs no other file.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "classical/feature_pipeline.hpp"
#include "models/model_file.hpp"

namespace thimble {

class Embedder;

/// The networks that the feature steps of one classifier use.
class NetworkSteps {
 public:
  /// None yet: make() reads them from the files that the lines name.
  NetworkSteps() = default;

  /// Those that save() left in a model file; make() then reads no other file.
  /// @throws DataError  if one is damaged or no network; names `place`
  NetworkSteps(const ModelFile& file, const std::string& place);

  /// The step of a line whose word begins with "model:", else null. A network that is known already
  /// is not read again.
  /// @throws UsageError            if the model is missing, no network, or no longer the file that
  ///                               the line's sha256 says
  /// @throws FileError, DataError  if it cannot be read
  std::unique_ptr<classical::PictureStep> make(classical::FeatureLine& line);

  /// What the line of a step says, which make() gave before.
  struct Embedding {
    const Embedder& embedder;
    float weight;  ///< of all values
  };
  /// @return             nothing for lines that make() gives null for
  /// @throws UsageError  if its network is not known
  std::optional<Embedding> embedding(classical::FeatureLine& line) const;

  /// Adds the networks to a model file: tensors "network.0.…" and metadata "thimble.networks".
  void save(ModelFile& file) const;

 private:
  struct Network;
  class Step;

  std::shared_ptr<const Network> find(const std::string& sha256) const;
  std::shared_ptr<const Network> read(const std::string& model);

  bool may_read_files_ = true;
  std::vector<std::shared_ptr<const Network>> networks_;
};

}  // namespace thimble
