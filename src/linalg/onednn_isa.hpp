// oneDNN chooses kernels of its own: it is told what ours are told.

#pragma once

namespace thimble::linalg {

/// Keeps oneDNN to isa(), and to ONEDNN_MAX_CPU_ISA where that is narrower. To be called before
/// oneDNN is used, wherever that may come first; the first call counts.
void limit_onednn();

}  // namespace thimble::linalg
