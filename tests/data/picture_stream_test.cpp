#include "data/picture_stream.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "data/csv.hpp"
#include "data/idx.hpp"
#include "imaging/codec.hpp"
#include "imaging/resize.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr PictureShape kShape{5, 5, 1};

Images random_images(PictureShape shape, std::size_t n, std::uint64_t seed = 1) {
  Random random(seed);
  Images images(shape, n);
  for (std::uint8_t& pixel : images.pixels()) pixel = static_cast<std::uint8_t>(random.bits());
  return images;
}

bool same(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

struct Everything {
  Images images;
  std::vector<std::string> names;  // "file" or "file#index", without the folder
  std::vector<std::string> failures;
  std::size_t largest_batch = 0;
};

class PictureStreams : public ::testing::Test {
 protected:
  fs::path write_picture(const std::string& name, const Images& images, std::size_t i) {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    write_png(path, Picture(images.shape(), {images[i].begin(), images[i].end()}));
    return path;
  }

  fs::path write(const std::string& name, const std::string& text) {
    write_text(folder_ / name, text);
    return folder_ / name;
  }

  fs::path write_rows(const std::string& name, const Images& images) {
    std::string text;
    for (std::size_t i = 0; i < images.size(); ++i) {
      for (std::size_t p = 0; p < images.shape().size(); ++p) {
        text += fmt::format("{}{}", p == 0 ? "" : ",", images[i][p]);
      }
      text += "\n";
    }
    return write(name, text);
  }

  Everything read_all(const std::vector<fs::path>& inputs, std::size_t most = 4) {
    PictureStream stream(inputs, kShape);
    Everything all;
    while (!stream.at_end()) {
      const PictureBatch batch = stream.read(most);
      EXPECT_EQ(batch.images.size(), batch.origins.size());
      EXPECT_EQ(batch.images.shape(), kShape);
      all.largest_batch = std::max(all.largest_batch, batch.images.size());
      all.images.append(batch.images);
      for (const PictureOrigin& origin : batch.origins) {
        const std::string name = fs::path(origin.file).lexically_relative(folder_.path()).string();
        all.names.push_back(origin.index ? fmt::format("{}#{}", name, *origin.index) : name);
      }
      all.failures.insert(all.failures.end(), batch.failures.begin(), batch.failures.end());
    }
    return all;
  }

  TemporaryFolder folder_;
};

TEST_F(PictureStreams, KeepTheOrderOverAllKinds) {
  const Images images = random_images(kShape, 20);
  const Images idx = random_images(kShape, 6, 2);
  const Images csv = random_images(kShape, 3, 3);
  const fs::path first = write_picture("z.png", images, 0);
  const fs::path second = write_picture("y.png", images, 1);
  write_picture("tree/b/2.png", images, 3);
  write_picture("tree/b/10.png", images, 2);
  write_picture("tree/c.PNG", images, 4);
  write_picture("tree/.hidden.png", images, 5);
  write("tree/notes.txt", "not a picture");
  write_idx_images(folder_ / "some-images.gz", idx, true);
  const fs::path rows = write_rows("rows.csv", csv);

  const Everything all =
      read_all({first, second, folder_ / "tree", folder_ / "some-images.gz", rows, first});
  EXPECT_THAT(all.failures, ElementsAre());
  EXPECT_THAT(all.names,
              ElementsAre("z.png", "y.png", "tree/b/10.png", "tree/b/2.png", "tree/c.PNG",
                          "some-images.gz#0", "some-images.gz#1", "some-images.gz#2",
                          "some-images.gz#3", "some-images.gz#4", "some-images.gz#5", "rows.csv#0",
                          "rows.csv#1", "rows.csv#2", "z.png"));
  EXPECT_LE(all.largest_batch, 4u);
  Images expected = images.select(std::vector<std::size_t>{0, 1, 2, 3, 4});
  expected.append(idx);
  expected.append(csv);
  expected.append(images[0]);
  EXPECT_TRUE(same(all.images.pixels(), expected.pixels()));
}

TEST_F(PictureStreams, TheBatchSizeChangesNothing) {
  const Images images = random_images(kShape, 7);
  for (std::size_t i = 0; i < images.size(); ++i) {
    write_picture("tree/" + std::to_string(i) + ".png", images, i);
  }
  write_idx_images(folder_ / "idx", images, false);
  const std::vector<fs::path> inputs = {folder_ / "idx", folder_ / "tree", folder_ / "idx"};
  const Everything whole = read_all(inputs, 1000);
  EXPECT_EQ(whole.names.size(), 21u);
  for (std::size_t most = 1; most < 10; ++most) {
    const Everything part = read_all(inputs, most);
    EXPECT_EQ(part.names, whole.names) << most;
    EXPECT_TRUE(same(part.images.pixels(), whole.images.pixels())) << most;
  }
}

TEST_F(PictureStreams, GoOnBehindWhatCannotBeRead) {
  const Images images = random_images(kShape, 3);
  const fs::path good = write_picture("good.png", images, 0);
  const fs::path text = write("text.png", "no picture at all");
  const fs::path empty = write("empty", "");
  const fs::path labels = write("labels", std::string("\0\0\x08\x01\0\0\0\x01\x05", 9));
  const fs::path lies =
      write("lies", std::string("\0\0\x08\x03\x7f\0\0\0\0\0\0\x05\0\0\0\x05", 16));
  const fs::path gzip = write("cut.gz", "\x1f\x8b\x08");
  fs::create_directories(folder_ / "nothing");
  const Everything all = read_all({folder_ / "missing.png", good, text, folder_ / "missing", empty,
                                   labels, lies, gzip, folder_ / "nothing", good});
  EXPECT_THAT(all.names, ElementsAre("good.png", "good.png"));
  ASSERT_EQ(all.failures.size(), 8u) << ::testing::PrintToString(all.failures);
  for (const char* name :
       {"missing.png", "text.png", "missing", "empty", "labels", "lies", "cut.gz", "nothing"}) {
    EXPECT_THAT(all.failures, ::testing::Contains(HasSubstr((folder_ / name).string() + ":")));
  }
}

TEST_F(PictureStreams, LeaveOutBadRowsOfACsvOneByOne) {
  const std::string row = "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25";
  const fs::path path =
      write("rows.csv", row + "\n" + row + ",1\n" + row + "\nx" + row + "\n" + row + "\n");
  const Everything all = read_all({path});
  EXPECT_THAT(all.names, ElementsAre("rows.csv#0", "rows.csv#2", "rows.csv#4"));
  EXPECT_THAT(all.failures, ElementsAre(AllOf(HasSubstr("line 2"), HasSubstr("26 values")),
                                        AllOf(HasSubstr("line 4"), HasSubstr("'x1'"))));
}

TEST_F(PictureStreams, GiveUpOnACsvThatIsNothingButBadRows) {
  std::string text = "1,2,3,4\n";
  for (int i = 0; i < 1000; ++i) text += "a,b\n";
  text += "1,2,3,4\n";
  const Everything all = read_all({write("rows.csv", text)}, 1000);
  EXPECT_THAT(all.names, ElementsAre("rows.csv#0"));
  EXPECT_LT(all.failures.size(), 30u);
  EXPECT_THAT(all.failures.back(), HasSubstr("left out"));
}

TEST_F(PictureStreams, SkipTheLabelColumn) {
  Dataset data;
  data.images = random_images(kShape, 4);
  data.labels = {0, 1, 0, 1};
  data.classes = {"a", "b"};
  write_csv(folder_ / "labelled.csv", data);
  const Everything all = read_all({folder_ / "labelled.csv"});
  EXPECT_TRUE(all.failures.empty());
  EXPECT_TRUE(same(all.images.pixels(), data.images.pixels()));
}

TEST_F(PictureStreams, BringOtherSizesAndColoursToTheShape) {
  const Images large = random_images({9, 11, 3}, 2);
  const Images grey = random_images({7, 7, 1}, 2);
  const Images rgb = random_images({5, 5, 3}, 1);
  const fs::path picture = write_picture("large.png", large, 1);
  write_idx_images(folder_ / "idx", grey, false);
  const fs::path rows = write_rows("rows.csv", grey);
  const fs::path coloured = write_picture("rgb.png", rgb, 0);

  PictureStream stream({picture, folder_ / "idx", rows, coloured}, kShape);
  const PictureBatch batch = stream.read(100);
  EXPECT_TRUE(batch.failures.empty());
  ASSERT_EQ(batch.images.size(), 6u);
  EXPECT_EQ(stream.resized(), 5u);  // the last has the size already
  EXPECT_EQ(stream.first_resized_shape(), (PictureShape{9, 11, 3}));
  const auto fitted = [](const Images& images, std::size_t i) {
    return fit_to(Picture(images.shape(), {images[i].begin(), images[i].end()}), kShape).pixels;
  };
  EXPECT_TRUE(same(batch.images[0], fitted(large, 1)));
  EXPECT_TRUE(same(batch.images[1], fitted(grey, 0)));
  EXPECT_TRUE(same(batch.images[4], fitted(grey, 1)));
  EXPECT_TRUE(same(batch.images[5], fitted(rgb, 0)));
}

TEST_F(PictureStreams, BringPictureFilesToTheStyle) {
  Images photos({20, 30, 3}, 2);
  for (std::uint8_t& value : photos.pixels()) value = 230;
  for (std::size_t i = 0; i < 3 * 30 * 6; ++i) photos[0][3 * 30 * 7 + i] = 10;
  const Images own(kShape, 1);
  const fs::path bar = write_picture("bar.png", photos, 0);
  const fs::path blank = write_picture("blank.png", photos, 1);
  const fs::path black = write_picture("black.png", own, 0);
  write_idx_images(folder_ / "idx", photos, false);
  const PictureStyle style{PictureStyle::Kind::cut_out, 1};
  PictureStream stream({bar, blank, black, folder_ / "idx"}, kShape, style);
  const PictureBatch batch = stream.read(100);
  ASSERT_EQ(batch.images.size(), 5u);
  EXPECT_EQ(stream.cut_out(), 2u);  // the black one could be the data set's own
  EXPECT_EQ(stream.resized(), 2u);  // the rows
  EXPECT_THAT(batch.notices, ElementsAre(AllOf(HasSubstr("blank.png: No object"))));
  const auto picture = [&](std::size_t i) {
    return Picture(photos.shape(), {photos[i].begin(), photos[i].end()});
  };
  EXPECT_TRUE(same(batch.images[0], prepare_picture(picture(0), kShape, style).picture.pixels));
  EXPECT_TRUE(same(batch.images[3], fit_to(picture(0), kShape).pixels));
}

TEST_F(PictureStreams, DoNotFollowLinksInCircles) {
  const Images images = random_images(kShape, 1);
  write_picture("tree/a/1.png", images, 0);
  fs::create_directory_symlink(folder_ / "tree", folder_ / "tree/a/up");
  EXPECT_THAT(read_all({folder_ / "tree"}).names, ElementsAre("tree/a/1.png"));
}

TEST_F(PictureStreams, NothingGivesNothing) {
  EXPECT_TRUE(PictureStream({}, kShape).at_end());
  EXPECT_TRUE(read_all({}).names.empty());
}

}  // namespace
}  // namespace thimble
