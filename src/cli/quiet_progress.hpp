// Progress for --quiet.

#pragma once

#include "base/progress.hpp"

namespace thimble::cli {

/// Silent, but ends on Ctrl-C like ConsoleProgress.
class QuietProgress : public Progress {
 public:
  bool stop_requested() const override { return interrupted(); }
};

}  // namespace thimble::cli
