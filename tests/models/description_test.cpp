#include "models/description.hpp"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "temporary_folder.hpp"

namespace thimble {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

ModelDescription example() {
  return {"neural",
          "cnn",
          {28, 28, 1},
          {"Shirt", "Bag \"x\""},
          {"fashion-mnist", "train", std::string(64, 'a'), false},
          {{"training", {{"epochs", 8}}}},
          {{"validation", {{"accuracy", 0.94}}}},
          "0.1.0"};
}

/// Keys that older files lack.
const std::set<std::string> kLater = {"style", "temperature", "unsure_below"};

TEST(Description, SurvivesAModelFile) {
  ModelFile file;
  write_description(example(), file);
  EXPECT_EQ(file.metadata.at("thimble.format"), "1");
  EXPECT_EQ(file.metadata.at("thimble.family"), "neural");
  EXPECT_EQ(to_json(read_description(file, "m")), to_json(example()));
  EXPECT_EQ(family_of(file, "m"), "neural");
}

TEST(Description, RefusesWhatIsNoThimbleModel) {
  ModelFile file;
  EXPECT_THAT(message_of<DataError>([&] { family_of(file, "m"); }),
              HasSubstr("m: not a Thimble model"));
  write_description(example(), file);
  file.metadata["thimble.format"] = "2";
  EXPECT_THAT(message_of<DataError>([&] { family_of(file, "m"); }),
              HasSubstr("a model of format 2; this version reads format 1"));
  write_description(example(), file);
  file.metadata["thimble.family"] = "forest";
  EXPECT_THAT(message_of<DataError>([&] { read_description(file, "m"); }),
              HasSubstr("family is 'neural', elsewhere 'forest'"));
  file.metadata["thimble.description"] = "{";
  EXPECT_THAT(message_of<DataError>([&] { read_description(file, "m"); }),
              HasSubstr("not valid JSON"));
  file.metadata["thimble.description"] = std::string(100'000, '[');
  EXPECT_THAT(message_of<DataError>([&] { read_description(file, "m"); }),
              HasSubstr("nested too deeply"));
}

TEST(Description, NamesTheKeyThatIsWrong) {
  const auto refusal = [](const char* pointer, const json& value) {
    json changed = to_json(example());
    changed[json::json_pointer(pointer)] = value;
    return message_of<DataError>([&] { description_from_json(changed, "m"); });
  };
  EXPECT_EQ(refusal("/family", 1), "m: description: family is not a text");
  EXPECT_EQ(refusal("/input", 1), "m: description: not a JSON object");
  EXPECT_EQ(refusal("/input/height", 0),
            "m: description: height is not a whole number from 1 to 4096");
  EXPECT_THAT(refusal("/input/width", 1u << 31), HasSubstr("width is not a whole number"));
  EXPECT_THAT(refusal("/input/width", UINT64_MAX), HasSubstr("width is not a whole number"));
  EXPECT_THAT(refusal("/input/width", 2.5), HasSubstr("width is not a whole number"));
  EXPECT_THAT(refusal("/input/channels", 2), HasSubstr("channels is 2"));
  EXPECT_THAT(refusal("/classes", json::array()), HasSubstr("classes is not a list of 1 to"));
  EXPECT_THAT(refusal("/classes/0", 4), HasSubstr("not a text"));
  EXPECT_THAT(refusal("/classes/0", "Bag \"x\""), HasSubstr("twice"));
  EXPECT_THAT(refusal("/trained_on/synthetic", "no"), HasSubstr("neither true nor false"));
  EXPECT_THAT(refusal("/style/kind", "round"), HasSubstr("of the unknown kind 'round'"));
  EXPECT_THAT(refusal("/style/extent", 0), HasSubstr("extent is not a number from 0.001 to 1"));
  EXPECT_THAT(refusal("/temperature", -1), HasSubstr("temperature is not a number"));
  EXPECT_THAT(refusal("/unsure_below", "1"), HasSubstr("unsure_below is not a number from 0 to 1"));
}

TEST(Description, NeedsEveryKey) {
  const json whole = to_json(example());
  for (const auto& [key, value] : whole.items()) {
    if (kLater.contains(key)) continue;
    json changed = whole;
    changed.erase(key);
    EXPECT_EQ(message_of<DataError>([&] { description_from_json(changed, "m"); }),
              "m: description: " + key + " is missing");
  }
  json later = whole;
  later["later"] = 1;
  EXPECT_EQ(to_json(description_from_json(later, "m")), whole);
}

TEST(Description, TakesFilesWithoutWhatLaterVersionsAdded) {
  ModelDescription description = example();
  description.style = {PictureStyle::Kind::cut_out, 0.75};
  description.temperature = 0.7;
  description.unsure_below = 0.6;
  json object = to_json(description);
  EXPECT_EQ(description_from_json(object, "m").style, description.style);
  EXPECT_EQ(description_from_json(object, "m").temperature, 0.7);
  EXPECT_EQ(description_from_json(object, "m").unsure_below, 0.6);
  for (const std::string& key : kLater) object.erase(key);
  const ModelDescription old = description_from_json(object, "m");
  EXPECT_EQ(old.style, PictureStyle{});
  EXPECT_EQ(old.temperature, 1);
  EXPECT_EQ(old.unsure_below, 0.5);
}

}  // namespace
}  // namespace thimble
