// Any bytes as a CSV file, plain or gzip, with and without labels.

#include "base/error.hpp"
#include "data/csv.hpp"
#include "input_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const thimble::InputFile file(data, size);
  for (const auto labels :
       {thimble::CsvReader::Labels::required, thimble::CsvReader::Labels::optional}) {
    try {
      thimble::CsvReader reader(file.path(), labels);
      while (!reader.read(3).images.empty()) {
      }
    } catch (const thimble::DataError&) {
    }
  }
  return 0;
}
