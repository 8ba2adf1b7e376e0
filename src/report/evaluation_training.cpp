// How the model came about, and what it costs to use.

#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "base/text.hpp"
#include "report/evaluation_sections.hpp"
#include "report/words.hpp"

namespace thimble::report {
namespace {

/// A rise of the loss by this share is more than the noise of an epoch.
constexpr double kNoise = 0.02;

Chart epoch_chart(const LearningCurves& curves, const std::string& id, const std::string& title) {
  Chart chart;
  chart.id = id;
  chart.title = title;
  chart.x.title = "Epoch";
  if (curves.epochs() > 1) {
    chart.x.min = curves.epoch.front();
    chart.x.max = curves.epoch.back();
  }
  return chart;
}

Series epoch_series(const LearningCurves& curves, const std::string& name,
                    std::vector<double> values) {
  Series series;
  series.name = name;
  series.x = curves.epoch;
  series.y = std::move(values);
  // A line needs two points.
  if (curves.epochs() == 1) series.style = Series::Style::points;
  return series;
}

std::vector<double> in_percent(std::vector<double> shares) {
  for (double& share : shares) share *= 100;
  return shares;
}

Chart loss_chart(const LearningCurves& curves) {
  Chart chart = epoch_chart(curves, "loss-by-epoch", "Loss");
  chart.description = "Mean cross-entropy of the training and the validation pictures by epoch.";
  chart.y = {.title = "Cross-entropy", .unit = "nats"};
  chart.series.push_back(epoch_series(curves, "Training", curves.loss));
  if (curves.has_validation()) {
    chart.series.push_back(epoch_series(curves, "Validation", curves.validation_loss));
  }
  if (const auto best = best_epoch(curves); best && curves.epochs() > 1) {
    chart.references = {{ReferenceLine::Kind::vertical, curves.epoch[*best], "best"}};
  }
  return chart;
}

Chart accuracy_chart(const LearningCurves& curves) {
  Chart chart = epoch_chart(curves, "accuracy-by-epoch", "Accuracy");
  chart.description = "Right answers on the training and the validation pictures by epoch.";
  chart.y = {.title = "Right answers", .unit = "%"};
  chart.series.push_back(epoch_series(curves, "Training", in_percent(curves.accuracy)));
  if (curves.has_validation()) {
    chart.series.push_back(
        epoch_series(curves, "Validation", in_percent(curves.validation_accuracy)));
  }
  return chart;
}

Chart learning_rate_chart(const LearningCurves& curves) {
  Chart chart = epoch_chart(curves, "learning-rate", "Learning rate");
  chart.description = "The learning rate of each epoch's last step.";
  chart.y = {.title = "Learning rate", .min = 0};
  chart.series.push_back(epoch_series(curves, "Learning rate", curves.learning_rate));
  return chart;
}

std::string finding_with_validation(const LearningCurves& curves, std::size_t best) {
  const std::size_t last = curves.epochs() - 1;
  const double lowest = curves.validation_loss[best];
  const double now = curves.validation_loss[last];
  if (std::isnan(now)) return "The training diverged: its last losses are not numbers.";
  const auto reached = [&](std::size_t epoch) {
    return fmt::format("a validation loss of {:.3f} and {} right", curves.validation_loss[epoch],
                       percentage(curves.validation_accuracy[epoch]));
  };
  if (now > lowest * (1 + kNoise)) {
    return fmt::format(
        "The best epoch was {:.0f} of {:.0f}, with {}; since then the validation loss rose to "
        "{:.3f} "
        "while the training went on to {:.3f}: it began to learn its pictures by heart.",
        curves.epoch[best], curves.epoch[last], reached(best), now, curves.loss[last]);
  }
  const bool falling =
      last > 0 && best == last && now < curves.validation_loss[last - 1] * (1 - kNoise);
  return fmt::format("After {:.0f} epochs the training reached {}; {}.", curves.epoch[last],
                     reached(last),
                     falling ? "the loss was still falling, so a longer training may bring more"
                             : "the loss had levelled off");
}

std::string learning_finding(const LearningCurves& curves) {
  const std::size_t last = curves.epochs() - 1;
  if (last == 0) return "One epoch shows no course yet.";
  if (const auto best = best_epoch(curves)) return finding_with_validation(curves, *best);
  if (std::isnan(curves.loss[last])) {
    return "The training diverged: its last losses are not numbers.";
  }
  return fmt::format(
      "The training loss went from {:.3f} to {:.3f} in {:.0f} epochs; without validation pictures "
      "nobody can say when it began to learn them by heart.",
      curves.loss[0], curves.loss[last], curves.epoch[last]);
}

/// "7.2 µs", "0.35 ms", "12 ms", "1.2 s".
std::string short_time(double seconds) {
  if (seconds < 1e-4) return fmt::format("{:.1f} µs", 1e6 * seconds);
  if (seconds < 0.01) return fmt::format("{:.2f} ms", 1000 * seconds);
  return seconds < 1 ? fmt::format("{:.0f} ms", 1000 * seconds) : format_duration(seconds);
}

std::string rate_text(double per_second) {
  return per_second < 10 ? fmt::format("{:.1f}", per_second)
                         : format_count(static_cast<std::uint64_t>(std::llround(per_second)));
}

}  // namespace

Section learning_curves_section(const JudgedModel& judged) {
  Section section{"learning-curves", "How it learned", judged.no_learning_curves, {}};
  if (!judged.analysis.learning_curves || judged.analysis.learning_curves->epochs() == 0) {
    if (section.finding.empty()) section.finding = "The model keeps no record of its training.";
    return section;
  }
  const LearningCurves& curves = *judged.analysis.learning_curves;
  section.finding = learning_finding(curves);
  section.blocks.emplace_back(SideBySide{{loss_chart(curves), accuracy_chart(curves)}});
  section.blocks.emplace_back(learning_rate_chart(curves));
  double seconds = 0;
  for (const double one : curves.seconds) seconds += std::isnan(one) ? 0 : one;
  section.blocks.emplace_back(Paragraph{fmt::format(
      "{} {} in {}. Training figures are running means over each epoch, of pictures as they were "
      "varied and with dropout; validation figures are measured after it, so they may well be the "
      "better ones.",
      curves.epochs(), plural("epoch", curves.epochs()), format_duration(seconds))});
  return section;
}

Section cost_section(const JudgedModel& judged) {
  const ModelCost& cost = *judged.analysis.cost;
  const AnswerSpeed& speed = cost.speed;
  const std::string threads = fmt::format(
      "{} {}", speed.threads, plural("thread", static_cast<std::uint64_t>(speed.threads)));
  Facts facts;
  const auto add_bytes = [&](const char* label, const std::optional<std::uint64_t>& bytes,
                             const char* note) {
    if (bytes) facts.facts.push_back({label, format_bytes(*bytes), note});
  };
  facts.facts.push_back({"Pictures a second", rate_text(speed.pictures_per_second),
                         fmt::format("{} at a time, {}", format_count(speed.batch_size), threads)});
  facts.facts.push_back({"One picture", short_time(speed.latency.median_seconds), "median"});
  facts.facts.push_back(
      {"One picture, slow", short_time(speed.latency.p95_seconds), "95 of 100 are faster"});
  add_bytes("File", cost.file_bytes, "on disk");
  if (cost.parameters) {
    facts.facts.push_back({"Parameters", format_count(*cost.parameters), "weights of the network"});
  }
  add_bytes("Memory to load", cost.load_bytes, "that the process grew by");
  add_bytes("Memory to predict", cost.predict_bytes, "that it grew by further");
  std::string finding =
      fmt::format("A picture takes {} on its own, and {} a second pass in batches",
                  short_time(speed.latency.median_seconds), rate_text(speed.pictures_per_second));
  if (cost.file_bytes)
    finding += fmt::format("; the model takes {} on disk", format_bytes(*cost.file_bytes));
  return {"cost",
          "Speed, size and memory",
          finding + ".",
          {std::move(facts),
           Paragraph{"Measured on this machine just now, with whatever else it was doing; compare "
                     "with other models measured in the same way."}}};
}

}  // namespace thimble::report
