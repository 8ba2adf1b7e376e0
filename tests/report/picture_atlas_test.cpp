#include "report/picture_atlas.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "data/synthetic.hpp"

namespace thimble::report {
namespace {

using ::testing::StartsWith;

Picture plain(PictureShape shape, std::uint8_t value) {
  Picture picture(shape);
  std::fill(picture.pixels.begin(), picture.pixels.end(), value);
  return picture;
}

std::vector<std::byte> decode_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::byte> bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<std::uint32_t>(kDigits.find(c));
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<std::byte>(bits >> count & 0xFF));
    }
  }
  return bytes;
}

Picture sheet_picture(const nlohmann::json& sheet) {
  const auto uri = sheet.at("png").get<std::string>();
  const std::string prefix = "data:image/png;base64,";
  EXPECT_THAT(uri, StartsWith(prefix));
  return decode_picture(decode_base64(uri.substr(prefix.size())), "sheet");
}

TEST(PictureAtlas, KeepsEachSampleOnce) {
  const DatasetSplits splits = make_synthetic({.train = 10, .test = 10});
  PictureAtlas atlas;
  const PictureIndex third = atlas.add(splits.train, 3);
  const PictureIndex of_test = atlas.add(*splits.test, 3);
  EXPECT_NE(third, of_test);
  EXPECT_EQ(atlas.add(splits.train, 3), third);
  EXPECT_EQ(atlas.size(), 2u);
  const std::span<const std::uint8_t> pixels = splits.train.images[3];
  EXPECT_TRUE(std::equal(pixels.begin(), pixels.end(), atlas[third].pixels.begin()));
}

TEST(PictureAtlas, RefusesWhatIsNotThere) {
  PictureAtlas atlas;
  EXPECT_THROW(atlas[PictureIndex{0}], ShapeError);
  EXPECT_THROW(atlas.add(Picture(PictureShape{2, 2, 4})), ShapeError);
  EXPECT_THROW(atlas.add(Picture()), ShapeError);
}

TEST(PictureAtlas, DrawsSheetsByShape) {
  PictureAtlas atlas;
  atlas.add(plain({3, 2, 1}, 10));
  atlas.add(plain({3, 2, 3}, 20));
  atlas.add(plain({3, 2, 1}, 30));
  const nlohmann::json json = atlas.to_json();
  EXPECT_EQ(json.at("places"), nlohmann::json::parse("[[0,0],[1,0],[0,1]]"));
  ASSERT_EQ(json.at("sheets").size(), 2u);
  const nlohmann::json& sheet = json.at("sheets")[0];
  EXPECT_EQ(sheet.at("width"), 2);
  EXPECT_EQ(sheet.at("height"), 3);
  EXPECT_EQ(sheet.at("columns"), 2);
  EXPECT_EQ(sheet.at("rows"), 1);
  const Picture grey = sheet_picture(sheet);
  EXPECT_EQ(grey.shape, (PictureShape{3, 4, 1}));
  EXPECT_EQ(grey.pixels,
            (std::vector<std::uint8_t>{10, 10, 30, 30, 10, 10, 30, 30, 10, 10, 30, 30}));
  EXPECT_EQ(sheet_picture(json.at("sheets")[1]), plain({3, 2, 3}, 20));
}

TEST(PictureAtlas, StartsAnotherSheetWhenOneIsFull) {
  PictureAtlas atlas;
  const int edge = PictureAtlas::kMaxEdge;
  const std::size_t on_a_sheet = 21 * 21;  // of 96 pixels each on 2048
  for (std::size_t i = 0; i <= on_a_sheet; ++i) atlas.add(plain({edge, edge, 1}, 128));
  const nlohmann::json json = atlas.to_json();
  ASSERT_EQ(json.at("sheets").size(), 2u);
  EXPECT_EQ(json.at("places").back(), nlohmann::json::parse("[1,0]"));
  EXPECT_EQ(json.at("sheets")[1].at("columns"), 1);
}

TEST(PictureAtlas, ShrinksLargePictures) {
  PictureAtlas atlas;
  const PictureIndex wide = atlas.add(plain({100, 960, 3}, 77));
  EXPECT_EQ(atlas[wide], plain({10, 96, 3}, 77));
}

TEST(PictureAtlas, IsEmptyAtFirst) {
  EXPECT_EQ(PictureAtlas().to_json(), nlohmann::json::parse(R"({"sheets": [], "places": []})"));
}

}  // namespace
}  // namespace thimble::report
