// Any bytes as an IDX file, plain or gzip: of pictures, whole and in blocks, and of labels.

#include "base/error.hpp"
#include "data/idx.hpp"
#include "input_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const thimble::InputFile file(data, size);
  try {
    (void)thimble::read_idx_images(file.path());
  } catch (const thimble::DataError&) {
  }
  try {
    thimble::IdxImageReader reader(file.path());
    while (!reader.read(3).empty()) {
    }
  } catch (const thimble::DataError&) {
  }
  try {
    (void)thimble::read_idx_labels(file.path());
  } catch (const thimble::DataError&) {
  }
  return 0;
}
