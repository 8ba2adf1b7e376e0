#include "data/image_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"
#include "data/random_dataset.hpp"
#include "imaging/codec.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ImageFolder : public ::testing::Test {
 protected:
  TemporaryFolder folder_;

  void put(const std::string& name, const Picture& picture) {
    fs::create_directories((folder_ / name).parent_path());
    write_png(folder_ / name, picture);
  }
  void put_grey(const std::string& name, std::uint8_t value, int height = 2, int width = 2) {
    Picture picture(PictureShape{height, width, 1});
    std::ranges::fill(picture.pixels, value);
    put(name, picture);
  }
  std::string refusal() {
    return message_of<DataError>([&] { read_image_folder(folder_.path()); });
  }
};

TEST_F(ImageFolder, NaturalOrderCountsNumbers) {
  EXPECT_TRUE(natural_less("9", "10"));
  EXPECT_TRUE(natural_less("9_bag", "10_boot"));
  EXPECT_TRUE(natural_less("img2.png", "img10.png"));
  EXPECT_TRUE(natural_less("a", "b"));
  EXPECT_TRUE(natural_less("a", "ab"));
  EXPECT_FALSE(natural_less("b", "a"));
  EXPECT_TRUE(natural_less("99999999999999999998", "99999999999999999999"));
  EXPECT_TRUE(natural_less("01", "1") != natural_less("1", "01"));
}

TEST_F(ImageFolder, NaturalOrderIsAnOrder) {
  const auto text =
      rc::gen::container<std::string>(rc::gen::element('0', '1', '2', 'a', 'b', '\xC3'));
  EXPECT_TRUE(rc::check("a strict total order", [&] {
    const std::string a = *text;
    const std::string b = *text;
    const std::string c = *text;
    RC_ASSERT(!natural_less(a, a));
    if (a != b) RC_ASSERT(natural_less(a, b) != natural_less(b, a));
    if (natural_less(a, b) && natural_less(b, c)) RC_ASSERT(natural_less(a, c));
  }));
}

TEST_F(ImageFolder, ReadsClassesInNaturalOrderAndSamplesByFileName) {
  put_grey("10/a.png", 1);
  put_grey("9/b.png", 2);
  put_grey("9/a2.png", 3);
  put_grey("10/a10.png", 4);
  write_text(folder_ / "readme.txt", "not a picture");
  write_text(folder_ / "9" / "notes.txt", "not a picture");
  write_text(folder_ / "9" / "._b.png", "what macOS leaves behind");
  fs::create_directories(folder_ / ".thumbnails");
  const DatasetSplits splits = read_image_folder(folder_.path());
  EXPECT_THAT(splits.train.classes, ElementsAre("9", "10"));
  EXPECT_THAT(splits.train.labels, ElementsAre(1, 0, 1, 0));  // a.png, a2.png, a10.png, b.png
  EXPECT_EQ(splits.train.images[1][0], 3);
  EXPECT_EQ(splits.train.images.shape(), (PictureShape{2, 2, 1}));
  EXPECT_EQ(splits.train.provenance.split, "all");
  EXPECT_FALSE(splits.test);
}

TEST_F(ImageFolder, ReadsTrainAndTest) {
  put_grey("train/boot/1.png", 1);
  put_grey("train/shoe/1.png", 2);
  put_grey("test/shoe/1.png", 3);
  put_grey("validation/shoe/1.png", 4);
  EXPECT_TRUE(is_image_folder(folder_.path()));
  const DatasetSplits splits = read_image_folder(folder_.path());
  EXPECT_THAT(splits.train.labels, ElementsAre(0, 1));
  ASSERT_TRUE(splits.test);
  EXPECT_THAT(splits.test->labels, ElementsAre(1));
  EXPECT_THAT(splits.notes, ElementsAre(HasSubstr("validation: not read")));
}

TEST_F(ImageFolder, AClassMayBeCalledTrain) {
  put_grey("car/1.png", 1);
  put_grey("train/1.png", 2);
  EXPECT_THAT(read_image_folder(folder_.path()).train.classes, ElementsAre("car", "train"));
}

TEST_F(ImageFolder, IsGreyUnlessAPictureIsInColour) {
  Picture rgb_grey(PictureShape{1, 1, 3}, {7, 7, 7});
  put("a/1.png", rgb_grey);
  put_grey("b/2.png", 9, 1, 1);
  EXPECT_EQ(read_image_folder(folder_.path()).train.images.shape().channels, 1);
  put("b/3.png", Picture(PictureShape{1, 1, 3}, {1, 2, 3}));
  const Images images = read_image_folder(folder_.path()).train.images;
  EXPECT_THAT(images.pixels(), ElementsAre(7, 7, 7, 9, 9, 9, 1, 2, 3));
}

TEST_F(ImageFolder, AColourPictureInOneSetMakesBothColour) {
  put_grey("train/a/1.png", 5, 1, 1);
  put("test/a/1.png", Picture(PictureShape{1, 1, 3}, {1, 2, 3}));
  const DatasetSplits splits = read_image_folder(folder_.path());
  EXPECT_THAT(splits.train.images.pixels(), ElementsAre(5, 5, 5));
  EXPECT_THAT(splits.test->images.pixels(), ElementsAre(1, 2, 3));
}

TEST_F(ImageFolder, RoundTripsWithoutLoss) {
  EXPECT_TRUE(rc::check("write, read: the same", [] {
    const TemporaryFolder folder;
    const DatasetSplits splits = any_splits(false);
    write_image_folder(folder.path(), splits);
    expect_same(read_image_folder(folder.path()), splits);
  }));
}

TEST_F(ImageFolder, RoundTripsMoreThanOneBlock) {
  const DatasetSplits splits{random_dataset({3, 3, 1}, 2500, {"b", "a"}),
                             random_dataset({3, 3, 1}, 1100, {"b", "a"}, 2)};
  write_image_folder(folder_.path(), splits);
  const DatasetSplits back = read_image_folder(folder_.path());
  EXPECT_EQ(back.train.provenance.fingerprint, splits.train.provenance.fingerprint);
  EXPECT_EQ(back.test->provenance.fingerprint, splits.test->provenance.fingerprint);
}

TEST_F(ImageFolder, FolderNamesAreSafeAndInOrder) {
  EXPECT_EQ(class_folder_name(0, 10, "T-shirt/top"), "0_t-shirt_top");
  EXPECT_EQ(class_folder_name(3, 11, "Ankle boot"), "03_ankle_boot");
  EXPECT_EQ(class_folder_name(3, 10, "3"), "3");
  EXPECT_EQ(class_folder_name(0, 1, "../.."), "0_.._..");
  EXPECT_LE(class_folder_name(0, 1, std::string(5000, 'x')).size(), 255u);
}

TEST_F(ImageFolder, NamesAnEmptyClassFolder) {
  put_grey("train/boot/1.png", 1);
  fs::create_directories(folder_ / "train" / "shoe");
  EXPECT_THAT(refusal(), HasSubstr("train/shoe: this class folder holds no PNG, JPEG or WebP"));
}

TEST_F(ImageFolder, NamesADamagedPicture) {
  put_grey("boot/1.png", 1);
  put_grey("boot/2.png", 1, 30, 30);
  const std::string whole = read_text(folder_ / "boot" / "2.png");
  write_text(folder_ / "boot" / "2.png", whole.substr(0, whole.size() / 2));
  EXPECT_THAT(refusal(), HasSubstr("boot/2.png"));
  write_text(folder_ / "boot" / "2.png", "not a picture");
  EXPECT_THAT(refusal(), HasSubstr("boot/2.png"));
}

TEST_F(ImageFolder, NamesTwoPicturesOfDifferentSize) {
  put_grey("boot/1.png", 1, 4, 6);
  put_grey("shoe/2.png", 1, 5, 6);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("shoe/2.png is 5x6 pixels"),
                               HasSubstr("boot/1.png is 4x6"), HasSubstr("one size first")));
  const DatasetSplits splits = read_image_folder(folder_.path(), PictureShape{3, 3, 1});
  EXPECT_EQ(splits.train.images.shape(), (PictureShape{3, 3, 1}));
  EXPECT_EQ(splits.train.size(), 2u);
}

TEST_F(ImageFolder, RefusesATestClassThatIsNotTrained) {
  put_grey("train/boot/1.png", 1);
  put_grey("test/shoe/1.png", 1);
  EXPECT_THAT(refusal(), HasSubstr("test/shoe: this folder is none of the classes"));
}

TEST_F(ImageFolder, TellsFoldersOfPicturesFromOthers) {
  EXPECT_FALSE(is_image_folder(folder_.path()));
  fs::create_directories(folder_ / "boot");
  EXPECT_FALSE(is_image_folder(folder_.path()));
  put_grey("shoe/1.png", 1);
  EXPECT_TRUE(is_image_folder(folder_.path()));
}

}  // namespace
}  // namespace thimble
