// Who is taken for whom, and the pictures to it.

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/text.hpp"
#include "report/evaluation_sections.hpp"
#include "report/words.hpp"

namespace thimble::report {
namespace {

constexpr std::size_t kPairsInWords = 6;
constexpr std::size_t kMostWrongOfACell = 60;
constexpr std::size_t kMostRightOfAClass = 24;
constexpr std::size_t kRightOfAClassShown = 6;
constexpr std::size_t kWrongShown = 48;
constexpr std::size_t kUnsureShown = 24;
/// Pixels behind a confusion matrix, so that a report of large pictures stays a few megabytes.
constexpr std::size_t kPixelBudget = 12'000'000;

/// A judged sample.
struct Answer {
  std::size_t sample = 0;
  std::size_t truth = 0;
  std::size_t predicted = 0;
  float certainty = 0;

  bool right() const { return truth == predicted; }
};

/// All answers, most certain first; of equally certain ones the first in the data.
std::vector<Answer> answers_of(const JudgedModel& judged) {
  const std::vector<std::int32_t>& labels = judged.judged.dataset.labels;
  std::vector<Answer> answers;
  answers.reserve(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::size_t predicted = predicted_class(judged.probabilities[i]);
    answers.push_back(
        {i, static_cast<std::size_t>(labels[i]), predicted, judged.probabilities[i][predicted]});
  }
  std::stable_sort(answers.begin(), answers.end(),
                   [](const Answer& a, const Answer& b) { return a.certainty > b.certainty; });
  return answers;
}

PictureCell cell_of(const JudgedModel& judged, const Answer& answer, PictureAtlas& atlas) {
  const Dataset& dataset = judged.judged.dataset;
  const std::string& predicted = dataset.classes[answer.predicted];
  const std::string& truth = dataset.classes[answer.truth];
  const float chance = judged.probabilities[answer.sample][answer.truth];
  PictureCell cell;
  cell.picture = atlas.add(dataset, answer.sample);
  cell.tone = answer.right() ? PictureCell::Tone::right : PictureCell::Tone::wrong;
  cell.caption = fmt::format("{} {:.0f} %", predicted, 100 * answer.certainty);
  if (!answer.right()) cell.caption += fmt::format(", is {}", truth);
  cell.detail = fmt::format(
      "{} picture {}: {}", dataset.provenance.split, answer.sample,
      answer.right() ? fmt::format("{}, rightly, with {:.1f} %", predicted, 100 * answer.certainty)
                     : fmt::format("taken for {} with {:.1f} %, is {} ({:.1f} %)", predicted,
                                   100 * answer.certainty, truth, 100 * chance));
  return cell;
}

/// Pictures that each cell of the matrix may keep.
struct CellLimits {
  std::size_t wrong = kMostWrongOfACell;
  std::size_t right = kMostRightOfAClass;
};

CellLimits limits_for(const JudgedModel& judged) {
  const ConfusionMatrix& matrix = judged.evaluation.confusion_matrix;
  const std::size_t pixels = std::max<std::size_t>(1, judged.judged.dataset.images.shape().size());
  CellLimits limits;
  while (limits.wrong > 1) {
    std::size_t pictures = 0;
    for (std::size_t truth = 0; truth < matrix.classes(); ++truth) {
      for (std::size_t c = 0; c < matrix.classes(); ++c) {
        const std::size_t count = matrix.count(truth, c);
        pictures += std::min(count, truth == c ? limits.right : limits.wrong);
      }
    }
    if (pictures * pixels <= kPixelBudget) break;
    limits.wrong /= 2;
    limits.right = std::max<std::size_t>(1, limits.right / 2);
  }
  return limits;
}

Confusion confusion_block(const Evaluation& e) {
  const ConfusionMatrix& matrix = e.confusion_matrix;
  Confusion block;
  block.id = "confusion-matrix";
  block.title = "Confusion matrix";
  for (const ClassMetrics& one : e.classes) block.classes.push_back(one.name);
  for (std::size_t truth = 0; truth < matrix.classes(); ++truth) {
    for (std::size_t c = 0; c < matrix.classes(); ++c) {
      block.counts.push_back(matrix.count(truth, c));
    }
  }
  return block;
}

std::string confusion_finding(const Evaluation& e) {
  const ConfusionMatrix& matrix = e.confusion_matrix;
  const std::uint64_t mistakes = e.samples - matrix.correct();
  if (mistakes == 0) return "Every picture is on the diagonal: no class is taken for another.";
  const auto pairs = matrix.most_confused(3);
  std::uint64_t among = 0;
  std::string names;
  for (const ConfusionMatrix::Pair& pair : pairs) {
    among += pair.count;
    names += fmt::format("{}{} with {}", names.empty() ? "" : ", ", e.classes[pair.first].name,
                         e.classes[pair.second].name);
  }
  const double share = static_cast<double>(among) / static_cast<double>(mistakes);
  return fmt::format(
      "{} of the {} {} {} made between {}: {}.", percentage(share), format_count(mistakes),
      plural("mistake", mistakes), mistakes == 1 ? "is" : "are",
      pairs.size() == 1 ? "one pair of classes" : fmt::format("{} pairs of classes", pairs.size()),
      names);
}

std::string pair_in_words(const Evaluation& e, const ConfusionMatrix::Pair& pair) {
  const ConfusionMatrix& matrix = e.confusion_matrix;
  const std::uint64_t mistakes = e.samples - matrix.correct();
  const std::string& first = e.classes[pair.first].name;
  const std::string& second = e.classes[pair.second].name;
  const auto direction = [&](std::size_t truth, std::size_t predicted) {
    return fmt::format(
        "{} of {} pictures of {} were taken for {}", format_count(matrix.count(truth, predicted)),
        format_count(matrix.support(truth)), e.classes[truth].name, e.classes[predicted].name);
  };
  return fmt::format("{} and {}: {} {}, {} of all. {}; {}.", first, second,
                     format_count(pair.count), plural("mistake", pair.count),
                     percentage(static_cast<double>(pair.count) / static_cast<double>(mistakes)),
                     direction(pair.first, pair.second), direction(pair.second, pair.first));
}

std::string pairs_finding(const Evaluation& e, const std::vector<ConfusionMatrix::Pair>& pairs) {
  if (pairs.empty()) return "No two classes are taken for each other.";
  const ConfusionMatrix::Pair& pair = pairs.front();
  const ConfusionMatrix& matrix = e.confusion_matrix;
  const std::uint64_t there = matrix.count(pair.first, pair.second);
  const std::uint64_t back = matrix.count(pair.second, pair.first);
  const std::string& first = e.classes[pair.first].name;
  const std::string& second = e.classes[pair.second].name;
  // Twice as many one way as the other is more than a matter of luck only with some mistakes.
  constexpr std::uint64_t kEnough = 10;
  const bool one_sided =
      pair.count >= kEnough && std::max(there, back) >= 2 * std::min(there, back);
  return fmt::format(
      "{} and {} are confused most, {} {}, {}.", first, second, format_count(pair.count),
      plural("time", pair.count),
      one_sided
          ? fmt::format("and mostly one way: {} is taken for {} more often than the reverse",
                        there > back ? first : second, there > back ? second : first)
          : fmt::format("{} one way and {} the other", format_count(there), format_count(back)));
}

std::string pictures_finding(const std::vector<Answer>& answers, const JudgedModel& judged) {
  constexpr float kCertain = 0.9f;
  std::uint64_t wrong = 0;
  std::uint64_t certain = 0;
  for (const Answer& answer : answers) {
    if (answer.right()) continue;
    ++wrong;
    certain += answer.certainty >= kCertain ? 1 : 0;
  }
  if (wrong == 0) return "There is no mistake to look at.";
  const auto worst = std::find_if(answers.begin(), answers.end(),
                                  [](const Answer& answer) { return !answer.right(); });
  const std::vector<std::string>& classes = judged.judged.dataset.classes;
  return fmt::format(
      "{} of {} {} were made with 90 % certainty or more; the most certain of them takes {} for {} "
      "({:.1f} %).",
      format_count(certain), format_count(wrong), plural("mistake", wrong), classes[worst->truth],
      classes[worst->predicted], 100 * worst->certainty);
}

}  // namespace

Section confusion_section(const JudgedModel& judged, PictureAtlas& atlas) {
  const std::size_t n = judged.evaluation.confusion_matrix.classes();
  Confusion block = confusion_block(judged.evaluation);
  block.pictures.resize(n * n);
  const CellLimits limits = limits_for(judged);
  for (const Answer& answer : answers_of(judged)) {
    std::vector<PictureCell>& cell = block.pictures[answer.truth * n + answer.predicted];
    if (cell.size() >= (answer.right() ? limits.right : limits.wrong)) continue;
    cell.push_back(cell_of(judged, answer, atlas));
  }
  return {
      "confusion",
      "Who is taken for whom",
      confusion_finding(judged.evaluation),
      {Paragraph{fmt::format(
           "A row is a true class, a column what the model called it. Choose a cell to see its "
           "pictures, the most certain first: up to {} of the wrong ones, up to {} of the right "
           "ones.",
           limits.wrong, limits.right)},
       std::move(block)}};
}

Section confusion_section(const Evaluation& e) {
  return {
      "confusion",
      "Who is taken for whom",
      confusion_finding(e),
      {Paragraph{"A row is a true class, a column what the model called it."}, confusion_block(e)}};
}

Section confused_pairs_section(const Evaluation& e) {
  const auto pairs = e.confusion_matrix.most_confused(kPairsInWords);
  Section section{"confused-pairs", "The most confused pairs", pairs_finding(e, pairs), {}};
  for (const ConfusionMatrix::Pair& pair : pairs) {
    section.blocks.emplace_back(Paragraph{pair_in_words(e, pair)});
  }
  return section;
}

Section pictures_section(const JudgedModel& judged, PictureAtlas& atlas) {
  const std::vector<Answer> answers = answers_of(judged);
  const std::vector<std::string>& classes = judged.judged.dataset.classes;
  PictureGroup wrong{"Wrong and most certain of it", {}};
  std::vector<PictureGroup> right;
  for (const std::string& name : classes) right.push_back({name, {}});
  for (const Answer& answer : answers) {
    std::vector<PictureCell>& cells = answer.right() ? right[answer.truth].cells : wrong.cells;
    if (cells.size() >= (answer.right() ? kRightOfAClassShown : kWrongShown)) continue;
    cells.push_back(cell_of(judged, answer, atlas));
  }
  PictureGroup unsure{"Least certain, right or wrong", {}};
  for (auto answer = answers.rbegin();
       answer != answers.rend() && unsure.cells.size() < kUnsureShown; ++answer) {
    unsure.cells.push_back(cell_of(judged, *answer, atlas));
  }
  Section section{"pictures", "Right and wrong, to look at", pictures_finding(answers, judged), {}};
  PictureSheet mistakes{"mistakes", "Mistakes and doubts", {}};
  if (!wrong.cells.empty()) mistakes.groups.push_back(std::move(wrong));
  mistakes.groups.push_back(std::move(unsure));
  section.blocks.emplace_back(std::move(mistakes));
  PictureSheet hits{"right-answers", "Right, the most certain of each class", {}};
  for (PictureGroup& group : right) {
    if (!group.cells.empty()) hits.groups.push_back(std::move(group));
  }
  if (!hits.groups.empty()) section.blocks.emplace_back(std::move(hits));
  return section;
}

}  // namespace thimble::report
