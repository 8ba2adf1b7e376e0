// Pictures to try the service with. None is cut from a data set: Thimble draws them.

#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "imaging/codec.hpp"
#include "serve/api/static_files.hpp"

namespace thimble::serve {

struct Sample {
  std::size_t label;   ///< index into garment_class_names()
  std::uint64_t seed;  ///< of draw_garment()
};

/// Two of each class, in the order of the classes.
const std::vector<Sample>& samples();

/// A garment as a shop would photograph it: in colour, on white, with a margin; 280x280 RGB.
Picture draw_sample(const Sample& sample);

/// The samples as files, each drawn when it is first asked for.
///
/// Thread safety: all functions.
class SampleFiles {
 public:
  SampleFiles();

  /// Null where there is no sample of that number: "0", "1", ...
  const StaticFile* find(const std::string& id);

  /// Is it there already? Otherwise find() takes some ten milliseconds.
  bool is_drawn(const std::string& id) const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<const StaticFile>> files_;
};

}  // namespace thimble::serve
