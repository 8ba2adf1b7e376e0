// Pictures in, answers out, for many callers at once: the models, the queue before them, and the
// threads that work it off.

#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "imaging/codec.hpp"
#include "models/classifier.hpp"
#include "serve/metrics.hpp"

namespace thimble::serve {

struct ServiceOptions {
  int workers = 0;               ///< threads that decode and predict; 0: one a core
  std::size_t max_queue = 1024;  ///< pictures that may wait; beyond them submit() refuses
  std::size_t max_queue_bytes = 256'000'000;  ///< ... and encoded bytes
  std::size_t max_batch = 64;                 ///< pictures that a worker takes at a time
  std::size_t max_batch_bytes = 512'000;  ///< ... and encoded bytes, so that large ones spread out
  DecodeLimits limits;
};

/// A picture as it was sent.
struct EncodedPicture {
  std::string name;   ///< for messages: its file name, or "picture 2"
  std::string bytes;  ///< of a PNG, JPEG or WebP file
};

struct Job {
  std::string model;  ///< a model's name; empty: the default one
  std::vector<EncodedPicture> pictures;
  bool seen = false;  ///< also give the picture as the model saw it
};

/// What a client should know about an answer.
struct Notice {
  std::string code;     ///< "unfamiliar", "unsure", "no_object", "synthetic_model"
  std::string message;  ///< a sentence
};

/// The answer for one picture: either an error, or all of the rest.
struct PictureAnswer {
  std::string name;
  std::string error;                 ///< why it cannot be classified; empty: it was
  bool failed = false;               ///< the error is the service's, not the picture's
  std::vector<float> probabilities;  ///< calibrated, one a class, they sum to 1
  bool familiar = true;              ///< looks like what the model was trained on
  std::optional<float> novelty;  ///< above 1: not familiar; none where the model has no detector
  std::vector<Notice> notices;
  std::vector<std::byte> seen;  ///< a PNG file; empty unless asked for
};

/// A model in use. Stays whole for whoever holds it, also when the service has moved on.
struct ServedModel {
  std::string name;     ///< under which it is asked for
  std::string version;  ///< first 12 hex digits of its file's SHA-256
  std::string path;
  std::unique_ptr<const Classifier> classifier;
};

struct JobAnswer {
  std::shared_ptr<const ServedModel> model;
  std::vector<PictureAnswer> pictures;  ///< in the order sent
  double queue_ms = 0;                  ///< waited for a worker
  double prepare_ms = 0;  ///< decoding and bringing into the data set's style, summed over pictures
  double predict_ms = 0;  ///< the model, shared with the others of the batch
};

enum class Submission {
  accepted,    ///< `done` will be called
  queue_full,  ///< try again in a second
  unknown_model,
  stopping,
};

/// Thread safety: all functions.
class Service {
 public:
  /// Loads the models; the first is the default. Named "NAME=PATH" or "PATH", where the name is
  /// then that of the model's description; a path is all that load_classifier() takes.
  /// @throws UsageError, FileError, DataError  as load_classifier(); UsageError if two have one
  /// name
  Service(const std::vector<std::string>& models, const ServiceOptions& options, Metrics& metrics);
  /// Serves models that are there already; reload() leaves them as they are.
  /// @throws UsageError  if there are none, or two have one name
  Service(std::vector<std::shared_ptr<const ServedModel>> models, const ServiceOptions& options,
          Metrics& metrics);
  /// Works off what is queued.
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Queues a job. `done` is called once, on a worker's thread, if the job was accepted.
  ///
  /// Jobs for one model that wait at the same time are answered in one batch: nobody waits for a
  /// batch to fill. A job of many pictures is worked off in pieces, in turn with the others.
  /// @throws UsageError  if it has no pictures
  Submission submit(Job job, std::function<void(JobAnswer)> done);

  /// The models, the default one first.
  std::vector<std::shared_ptr<const ServedModel>> models() const;
  /// Null if there is none of that name; empty name: the default one.
  std::shared_ptr<const ServedModel> model(const std::string& name) const;

  /// Reads all model files again. Requests under way keep the model that they began with. Where one
  /// cannot be loaded, all stay as they are.
  /// @throws UsageError, FileError, DataError  as the constructor
  void reload();

  /// Takes no more jobs (submit() gives `stopping`); those queued are worked off, which the
  /// destructor waits for.
  void stop();
  bool stopping() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thimble::serve
