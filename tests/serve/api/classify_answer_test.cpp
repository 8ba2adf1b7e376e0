#include "serve/api/classify_answer.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "evaluation/fake_classifier.hpp"

namespace thimble::serve {
namespace {

using nlohmann::json;

JobAnswer answer_of(std::vector<PictureAnswer> pictures) {
  auto classifier = std::make_unique<testing::FakeClassifier>(
      PictureShape{4, 4, 1}, std::vector<std::string>{"T-shirt/\"top\"", "Trouser", "B\xE9ret"});
  JobAnswer answer;
  answer.model = std::make_shared<ServedModel>(
      ServedModel{"my \"cnn\"", "3f2a91c0d8e4", "", std::move(classifier)});
  answer.pictures = std::move(pictures);
  answer.queue_ms = 0.12345;
  return answer;
}

PictureAnswer picture(const std::string& name, std::vector<float> probabilities) {
  PictureAnswer made;
  made.name = name;
  made.probabilities = std::move(probabilities);
  return made;
}

PictureAnswer unreadable(const std::string& name) {
  PictureAnswer made;
  made.name = name;
  made.error = name + ": a GIF file";
  return made;
}

TEST(TopClasses, AreTheHighestFirst) {
  const std::vector<float> probabilities{0.2f, 0.5f, 0.2f, 0.1f};
  EXPECT_THAT(top_classes(probabilities, 3), ::testing::ElementsAre(1, 0, 2));
  EXPECT_EQ(top_classes(probabilities, 99).size(), 4u);
}

TEST(ClassifyAnswer, IsWhatAParserReads) {
  PictureAnswer first = picture("a\n\"b\xE9.png", {0.25f, 0.625f, 0.125f});
  first.familiar = false;
  first.novelty = 1.5f;
  first.notices = {{"unfamiliar", "Looks like none."}, {"unsure", "Close \"together\"."}};
  first.seen = {std::byte{'f'}, std::byte{'o'}};
  PictureAnswer second = picture("b", {1e-9f, 0.0f, 1.0f});
  second.novelty = INFINITY;
  const HttpResponse response =
      classify_answer(answer_of({first, second, unreadable("c.gif")}), 2, 2.6);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  const json body = json::parse(response.body);
  EXPECT_EQ(body["model"], json::parse(R"({"name": "my \"cnn\"", "version": "3f2a91c0d8e4"})"));
  EXPECT_EQ(body["results"][0], json::parse(R"({
    "name": "a\n\"b\ufffd.png", "class": "Trouser", "index": 1, "confidence": 0.625,
    "top": [{"class": "Trouser", "index": 1, "probability": 0.625},
            {"class": "T-shirt/\"top\"", "index": 0, "probability": 0.25}],
    "familiar": false, "novelty": 1.5,
    "notices": [{"code": "unfamiliar", "message": "Looks like none."},
                {"code": "unsure", "message": "Close \"together\"."}],
    "seen": "data:image/png;base64,Zm8="})"));
  EXPECT_EQ(body["results"][1]["class"], "B\xEF\xBF\xBDret");
  EXPECT_EQ(body["results"][1]["novelty"], nullptr);
  EXPECT_FALSE(body["results"][1].contains("seen"));
  EXPECT_EQ(body["results"][2], json::parse(R"({"name": "c.gif", "error": {
    "type": "about:blank", "title": "Picture cannot be read", "status": 422,
    "detail": "c.gif: a GIF file"}})"));
  EXPECT_EQ(
      body["timings"],
      json::parse(R"({"queue_ms": 0.123, "prepare_ms": 0.0, "predict_ms": 0.0, "total_ms": 2.6})"));
  EXPECT_THAT(response.log,
              ::testing::Contains(std::pair<std::string, std::string>("pictures", "3")));
}

TEST(ClassifyAnswer, IsAProblemWhereNothingCouldBeRead) {
  const HttpResponse one = classify_answer(answer_of({unreadable("a.gif")}), 3, 1);
  EXPECT_EQ(one.status, 422);
  EXPECT_EQ(one.content_type, "application/problem+json");
  EXPECT_EQ(json::parse(one.body)["detail"], "a.gif: a GIF file");

  PictureAnswer failed = unreadable("b.png");
  failed.failed = true;
  const HttpResponse two = classify_answer(answer_of({unreadable("a.gif"), failed}), 3, 1);
  EXPECT_EQ(two.status, 500);
  const json body = json::parse(two.body);
  EXPECT_EQ(body["detail"], "b.png: a GIF file (and 1 further: see \"results\")");
  EXPECT_EQ(body["results"][0]["error"]["status"], 422);
  EXPECT_EQ(body["results"][1]["error"]["status"], 500);
}

}  // namespace
}  // namespace thimble::serve
