#include "report/evaluation_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thimble::report {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string> kClasses = {"Coat", "Bag", "Shirt"};

/// Samples, answers to them and all that is found out about these.
struct Judged {
  ModelDescription model;
  JudgedData data;
  Probabilities probabilities;
  Evaluation evaluation;
  Analysis analysis;

  Judged(const std::vector<std::vector<float>>& rows, const std::vector<std::int32_t>& labels)
      : data{dataset(labels), false, {}},
        probabilities(filled(rows)),
        evaluation(evaluate(probabilities, labels, data.dataset.classes)),
        analysis(analyse(probabilities, labels)) {
    model.name = "small";
    model.family = "neural";
    model.program_version = "1";
    model.classes = kClasses;
  }

  Report report() const {
    return evaluation_report({model, data, probabilities, evaluation, analysis, "No record.", ""});
  }

 private:
  static Dataset dataset(const std::vector<std::int32_t>& labels) {
    Dataset dataset;
    dataset.images = Images({4, 4, 1}, labels.size());
    for (std::size_t i = 0; i < labels.size(); ++i) {
      dataset.images[i][0] = static_cast<std::uint8_t>(i);
    }
    dataset.labels = labels;
    dataset.classes = kClasses;
    dataset.provenance = {"wardrobe", "test", "f00d", false};
    return dataset;
  }
  static Probabilities filled(const std::vector<std::vector<float>>& rows) {
    Probabilities probabilities(rows.size(), kClasses.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy(rows[i].begin(), rows[i].end(), probabilities[i].begin());
    }
    return probabilities;
  }
};

/// Two coats are taken for bags, with 90 % and with 60 %.
Judged some_mistakes() {
  return {{{0.8f, 0.1f, 0.1f},
           {0.1f, 0.6f, 0.3f},
           {0.05f, 0.9f, 0.05f},
           {0.2f, 0.7f, 0.1f},
           {0.1f, 0.1f, 0.8f}},
          {0, 0, 0, 1, 2}};
}

const Section& section(const Report& report, const std::string& id) {
  for (const Section& one : report.sections) {
    if (one.id == id) return one;
  }
  throw std::out_of_range(id);
}

template <class Block>
const Block& block(const Section& section) {
  for (const auto& one : section.blocks) {
    if (const auto* found = std::get_if<Block>(&one)) return *found;
  }
  throw std::out_of_range(section.id);
}

TEST(EvaluationReport, HasASectionForEachQuestionEachWithAFinding) {
  const Report report = some_mistakes().report();
  std::vector<std::string> ids;
  for (const Section& one : report.sections) {
    ids.push_back(one.id);
    EXPECT_THAT(one.finding, ::testing::EndsWith(".")) << one.id;
  }
  EXPECT_THAT(ids, ElementsAre("summary", "confusion", "confused-pairs", "pictures", "classes",
                               "calibration", "coverage", "ranking", "learning-curves"));
  EXPECT_NO_THROW(to_json(report));  // which checks the document
  EXPECT_THAT(section(report, "summary").finding,
              AllOf(HasSubstr("Of 5 pictures that it never saw the model names 60.0 % right"),
                    HasSubstr("2 of its 2 mistakes are between Coat and Bag")));
  EXPECT_EQ(section(report, "learning-curves").finding, "No record.");
}

TEST(EvaluationReport, KeepsThePicturesBehindTheConfusionMatrix) {
  const Judged judged = some_mistakes();
  const Report report = judged.report();
  const Confusion& confusion = block<Confusion>(section(report, "confusion"));
  EXPECT_THAT(confusion.counts, ElementsAre(1, 2, 0, 0, 1, 0, 0, 0, 1));
  const std::vector<PictureCell>& cell = confusion.pictures.at(1);
  ASSERT_EQ(cell.size(), 2u);
  EXPECT_EQ(cell[0].caption, "Bag 90 %, is Coat");
  EXPECT_EQ(cell[0].tone, PictureCell::Tone::wrong);
  EXPECT_THAT(cell[0].detail, AllOf(HasSubstr("test picture 2"), HasSubstr("is Coat (5.0 %)")));
  EXPECT_EQ(report.pictures[cell[0].picture].pixels.front(), 2);
  EXPECT_EQ(cell[1].caption, "Bag 60 %, is Coat");
  EXPECT_EQ(confusion.pictures.at(8).front().tone, PictureCell::Tone::right);
  EXPECT_EQ(report.pictures.size(), 5u);  // each picture once
}

TEST(EvaluationReport, TellsOfPairsAndClassesInWords) {
  const Report report = some_mistakes().report();
  EXPECT_EQ(block<Paragraph>(section(report, "confused-pairs")).text,
            "Coat and Bag: 2 mistakes, 100 % of all. 2 of 3 pictures of Coat were taken for Bag; "
            "0 of 1 pictures of Bag were taken for Coat.");
  EXPECT_THAT(section(report, "classes").finding,
              HasSubstr("Coat is the hardest class, 33.3 % of its pictures are named right"));
  const Chart& chart = block<Chart>(section(report, "classes"));
  EXPECT_EQ(chart.y.categories.back(), "Coat");
  EXPECT_LT(chart.series[0].low[0], chart.series[0].y[0]);
  EXPECT_EQ(block<Table>(section(report, "classes")).rows.size(), kClasses.size() + 2);
  EXPECT_THAT(section(report, "pictures").finding,
              HasSubstr("1 of 2 mistakes were made with 90 % certainty or more"));
}

TEST(EvaluationReport, ShowsTemperatureHistoryAndCostWhereTheyAreKnown) {
  Judged judged = some_mistakes();
  judged.analysis.temperature =
      judge_temperature(judged.probabilities, judged.data.dataset.labels, 2, 50);
  judged.analysis.cost = ModelCost{};
  judged.analysis.cost->file_bytes = 1'500'000;
  LearningCurves curves;
  curves.epoch = {1, 2, 3};
  curves.loss = {0.9, 0.5, 0.2};
  curves.accuracy = {0.6, 0.8, 0.9};
  curves.learning_rate = curves.seconds = {1, 1, 1};
  curves.validation_loss = {0.8, 0.4, 0.6};
  curves.validation_accuracy = {0.6, 0.85, 0.84};
  judged.analysis.learning_curves = curves;
  const Report report = judged.report();
  EXPECT_NO_THROW(to_json(report));
  EXPECT_THAT(section(report, "calibration").finding, HasSubstr("dividing its logits by 2.00"));
  EXPECT_THAT(section(report, "learning-curves").finding,
              HasSubstr("The best epoch was 2 of 3, with a validation loss of 0.400"));
  EXPECT_THAT(section(report, "cost").finding, HasSubstr("1.50 MB on disk"));
}

TEST(EvaluationReport, SpeaksOfOddCasesToo) {
  const std::vector<std::vector<float>> coats(3, {0.9f, 0.1f, 0});
  for (const std::vector<std::int32_t>& labels :
       {std::vector<std::int32_t>{0, 0, 0}, {1, 1, 1}, {2, 0, 2}, {0, 1, 2}}) {
    const Report report = Judged(coats, labels).report();
    EXPECT_NO_THROW(to_json(report));
    EXPECT_EQ(report.sections.size(), 9u);
  }
  const Report right = Judged(coats, {0, 0, 0}).report();
  EXPECT_THAT(section(right, "summary").finding, HasSubstr("it makes no mistake"));
  EXPECT_THAT(section(right, "ranking").finding, HasSubstr("cannot be said"));
  EXPECT_THAT(section(right, "coverage").finding, HasSubstr("no mistake"));
  const Report never = Judged(coats, {0, 1, 1}).report();
  EXPECT_THAT(to_json(never).dump(), HasSubstr("Never predicted: Bag, Shirt"));
  EXPECT_THAT(to_json(never).dump(), HasSubstr("Without pictures here: Shirt"));
}

}  // namespace
}  // namespace thimble::report
