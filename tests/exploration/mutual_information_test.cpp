#include "exploration/mutual_information.hpp"

#include "base/error.hpp"
#include "exploration/exploration_json.hpp"
#include "exploration_reference.hpp"

namespace thimble {
namespace {

using testing::labelled;

TEST(MutualInformation, AgreesWithScikitLearnAndMiller) {
  const testing::Reference reference;
  const auto& expected = reference.json["information"];
  Progress progress;
  const MutualInformation found =
      mutual_information(reference.splits.train, progress, reference.json["bins"]);
  for (std::size_t j = 0; j < found.bits.size(); ++j) {
    const double plain = expected["plain_bits"][j];
    EXPECT_NEAR(found.plain_bits[j], plain, 1e-12);
    const double corrected = std::max(0.0, plain - expected["corrections"][j].get<double>());
    EXPECT_NEAR(found.bits[j], corrected, 1e-12);
  }
}

TEST(MutualInformation, IsTheClassEntropyWhereAPixelTellsAll) {
  std::vector<std::uint8_t> pixels;
  std::vector<std::int32_t> labels;
  for (std::uint8_t i = 0; i < 200; ++i) {
    labels.push_back(i % 4);
    pixels.insert(pixels.end(), {7, static_cast<std::uint8_t>(64 * (i % 4)), 7});
  }
  Progress progress;
  const MutualInformation found =
      mutual_information(labelled({1, 3, 1}, pixels, labels, 5), progress);
  EXPECT_DOUBLE_EQ(found.class_entropy, 2);
  EXPECT_DOUBLE_EQ(found.plain_bits[1], 2);
  EXPECT_EQ(found.best, 1u);
  EXPECT_EQ(found.bits[0], 0);
}

TEST(MutualInformation, OfNoiseIsNoughtOnAverageOnceCorrected) {
  Random random(3);
  std::vector<std::uint8_t> pixels(64 * 2000);
  for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(random.below(256));
  std::vector<std::int32_t> labels(2000);
  for (std::int32_t& label : labels) label = static_cast<std::int32_t>(random.below(10));
  Progress progress;
  const MutualInformation found =
      mutual_information(labelled({8, 8, 1}, pixels, labels, 10), progress);
  double plain = 0;
  double corrected = 0;
  for (std::size_t j = 0; j < 64; ++j) {
    plain += found.plain_bits[j] / 64;
    corrected += found.bits[j] / 64;
  }
  // 15 * 9 / (2 * 2000 * ln 2) = 0.0487.
  EXPECT_NEAR(plain, 0.0487, 0.003);
  EXPECT_LT(corrected, 0.005);
}

TEST(MutualInformation, OfColoursIsThatOfTheirLuma) {
  const Dataset grey = testing::noise({9, 8, 1}, 300, 3, 1);
  Progress progress;
  EXPECT_EQ(to_json(mutual_information(grey, progress)),
            to_json(mutual_information(testing::as_rgb(grey), progress)));
}

TEST(MutualInformation, IsTheSameForAnyNumberOfThreads) {
  const Dataset dataset = testing::noise({20, 30, 1}, 200, 3, 7);
  Progress progress;
  testing::expect_same_for_any_threads(
      [&] { return to_json(mutual_information(dataset, progress)); });
}

TEST(MutualInformation, RefusesNoPicturesAndOddBins) {
  Progress progress;
  EXPECT_THROW(mutual_information(labelled({2, 2, 1}, {}, {}, 2), progress), DataError);
  const Dataset dataset = testing::noise({2, 2, 1}, 5, 2, 1);
  EXPECT_THROW(mutual_information(dataset, progress, 1), UsageError);
  EXPECT_THROW(mutual_information(dataset, progress, 257), UsageError);
}

}  // namespace
}  // namespace thimble
