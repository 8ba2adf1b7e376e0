#include "evaluation/evaluation_text.hpp"

#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"

namespace thimble {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<std::string> kGarments = {"T-shirt/top", "Trouser",   "Pullover", "Dress",
                                            "Coat",        "Sandal",    "Shirt",    "Sneaker",
                                            "Bag",         "Ankle boot"};

Evaluation random_evaluation(const std::vector<std::string>& classes, std::size_t n) {
  Random random(5);
  Probabilities probabilities(n, classes.size());
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < n; ++i) {
    labels.push_back(static_cast<std::int32_t>(random.below(classes.size())));
    const std::size_t predicted = random.uniform() < 0.9
                                      ? static_cast<std::size_t>(labels.back())
                                      : static_cast<std::size_t>(random.below(classes.size()));
    probabilities[i][predicted] = 1;
  }
  return evaluate(probabilities, labels, classes);
}

std::size_t longest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t longest = 0;
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
  return longest;
}

TEST(EvaluationText, FitsATerminal) {
  const std::string text = to_text(random_evaluation(kGarments, 10000));
  EXPECT_LE(longest_line(text), 100u) << text;
  EXPECT_LE(longest_line(text.substr(0, text.find("most confused"))), 80u) << text;
  EXPECT_THAT(text, HasSubstr("95 % interval"));
  EXPECT_THAT(text, HasSubstr("Ankle boot "));
  EXPECT_THAT(text, HasSubstr("weighted average"));
  EXPECT_THAT(text, HasSubstr("T-shi Trous Pullo Dress  Coat Sanda Shirt Sneak   Bag Ankle"));
  EXPECT_THAT(text, HasSubstr("most confused: "));
}

TEST(EvaluationText, ManyClassesLeaveOutTheMatrix) {
  std::vector<std::string> classes;
  for (int i = 0; i < 100; ++i) classes.push_back(fmt::format("a rather long class name {}", i));
  const std::string text = to_text(random_evaluation(classes, 1000));
  EXPECT_LE(longest_line(text), 100u);
  EXPECT_THAT(text, HasSubstr("too wide to print"));
  EXPECT_THAT(text, HasSubstr("most confused: a rather long"));
}

TEST(EvaluationText, NoMistakes) {
  Probabilities probabilities(2, 2);
  probabilities[0][0] = probabilities[1][1] = 1;
  const std::string text =
      to_text(evaluate(probabilities, std::vector{0, 1}, std::vector<std::string>{"a", "b"}));
  EXPECT_THAT(text, HasSubstr("No mistakes."));
  EXPECT_THAT(text, Not(HasSubstr("top-2")));  // of two classes it is always 100 %
}

TEST(ShortNames, StayDistinct) {
  EXPECT_EQ(short_names(std::vector<std::string>{"Shirt", "Shirt dress", "Coat"}, 5),
            (std::vector<std::string>{"#0", "#1", "Coat"}));
  EXPECT_EQ(short_names(std::vector<std::string>{"Übergröße"}, 5),
            (std::vector<std::string>{"Überg"}));
  EXPECT_TRUE(short_names({}, 5).empty());
}

TEST(AnalysisText, FitsATerminal) {
  Probabilities rows(4, 2);
  for (std::size_t i = 0; i < 4; ++i) {
    rows[i][0] = 0.6f + 0.1f * static_cast<float>(i);
    rows[i][1] = 1 - rows[i][0];
  }
  const std::vector<std::int32_t> labels = {1, 0, 0, 0};
  Analysis analysis = analyse(rows, labels);
  EXPECT_THAT(to_text(analysis, 0.75), HasSubstr("claims 75.00 %, right 75.00 %"));
  EXPECT_THAT(to_text(analysis, 0.75), Not(HasSubstr("temperature")));
  analysis.temperature = judge_temperature(rows, labels, 1.23456, 123456);
  analysis.cost = ModelCost{};
  analysis.cost->speed.pictures_per_second = 123456.7;
  const std::string text = to_text(analysis, 0.75);
  EXPECT_LE(longest_line(text), 100u) << text;
  EXPECT_THAT(text, HasSubstr("temperature 1.235"));
  EXPECT_THAT(text, HasSubstr("123457 pictures/s"));
}

}  // namespace
}  // namespace thimble
