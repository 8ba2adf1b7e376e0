#include "evaluation/prediction_sheet.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "evaluation/evaluation.hpp"

namespace thimble {
namespace {

constexpr std::size_t kFewestColumns = 8;
constexpr std::size_t kMostColumns = 12;
constexpr int kShownEdge = 84;  // pixels that a small picture is enlarged to, about

struct Answer {
  std::size_t sample = 0;
  std::size_t predicted = 0;
  float certainty = 0;
};

void sort_by_certainty(std::vector<Answer>& answers) {
  std::stable_sort(answers.begin(), answers.end(),
                   [](const Answer& a, const Answer& b) { return a.certainty > b.certainty; });
}

class SheetBuilder {
 public:
  SheetBuilder(const Dataset& dataset, const Probabilities& probabilities)
      : dataset_(dataset), right_(dataset.classes.size()) {
    for (std::size_t i = 0; i < dataset.size(); ++i) {
      const std::size_t predicted = predicted_class(probabilities[i]);
      const Answer answer{i, predicted, probabilities[i][predicted]};
      const std::size_t truth = static_cast<std::size_t>(dataset.labels[i]);
      (predicted == truth ? right_[truth] : wrong_).push_back(answer);
    }
    for (std::vector<Answer>& answers : right_) sort_by_certainty(answers);
    sort_by_certainty(wrong_);
  }

  /// The best of every class, then the second best of every class, ...
  SheetSection right(std::size_t per_class) const {
    SheetSection section{"Right: the most certain of each class", {}};
    for (std::size_t rank = 0; rank < per_class; ++rank) {
      for (const std::vector<Answer>& answers : right_) {
        if (rank < answers.size()) section.cells.push_back(cell(answers[rank], kRightFrame));
      }
    }
    return section;
  }

  SheetSection wrong(std::size_t most) const {
    SheetSection section{
        fmt::format("Wrong: {} of {}, predicted / true, most certain first",
                    format_count(std::min(most, wrong_.size())), format_count(wrong_.size())),
        {}};
    for (std::size_t i = 0; i < std::min(most, wrong_.size()); ++i) {
      section.cells.push_back(cell(wrong_[i], kWrongFrame));
      section.cells.back().caption += "\n/ " + true_name(wrong_[i]);
    }
    return section;
  }

 private:
  const std::string& true_name(const Answer& answer) const {
    return dataset_.classes[static_cast<std::size_t>(dataset_.labels[answer.sample])];
  }

  SheetCell cell(const Answer& answer, Color frame) const {
    const auto pixels = dataset_.images[answer.sample];
    return {Picture(dataset_.images.shape(), {pixels.begin(), pixels.end()}),
            fmt::format("{} {:.0f} %", dataset_.classes[answer.predicted], 100 * answer.certainty),
            frame};
  }

  const Dataset& dataset_;
  std::vector<std::vector<Answer>> right_;  ///< of each class
  std::vector<Answer> wrong_;
};

}  // namespace

Picture draw_prediction_sheet(const Dataset& dataset, const Probabilities& probabilities,
                              const PredictionSheetOptions& options) {
  if (probabilities.size() != dataset.size() || dataset.images.size() != dataset.size() ||
      (dataset.size() > 0 && probabilities.classes() != dataset.classes.size())) {
    throw ShapeError(fmt::format(
        "a sheet of {} pictures, {} labels and {} classes needs as many predictions, got {} of {} "
        "classes",
        dataset.images.size(), dataset.size(), dataset.classes.size(), probabilities.size(),
        probabilities.classes()));
  }
  const SheetBuilder builder(dataset, probabilities);
  std::vector<SheetSection> sections;
  for (SheetSection section :
       {builder.right(options.right_per_class), builder.wrong(options.wrong)}) {
    if (!section.cells.empty()) sections.push_back(std::move(section));
  }
  SheetOptions sheet;
  sheet.title = options.title;
  sheet.columns =
      static_cast<int>(std::clamp(dataset.classes.size(), kFewestColumns, kMostColumns));
  sheet.scale = std::max(1, kShownEdge / std::max(1, dataset.images.shape().width));
  return draw_contact_sheet(sheet, sections);
}

}  // namespace thimble
