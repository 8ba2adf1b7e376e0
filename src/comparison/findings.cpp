#include "comparison/findings.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.hpp"
#include "comparison/plan.hpp"

namespace thimble {
namespace {

constexpr double kNearlyAsGood = 0.01;  // a point of accuracy
constexpr std::size_t kNamedPairs = 4;  // in a sentence

double accuracy(const DataComparison& data, std::size_t model) {
  return data.models[model].evaluation.accuracy;
}

std::vector<const ModelPair*> pairs_not_real(const DataComparison& data) {
  std::vector<const ModelPair*> pairs;
  for (const ModelPair& pair : data.pairs) {
    if (!pair.is_real()) pairs.push_back(&pair);
  }
  return pairs;
}

/// The model within kNearlyAsGood of the best for which `cost` is least; nothing where it is known
/// of none.
template <class Cost>
const ComparedModel* cheapest_good_one(const DataComparison& data, const Cost& cost) {
  const ComparedModel* cheapest = nullptr;
  for (const ComparedModel& model : data.models) {
    if (model.evaluation.accuracy < accuracy(data, 0) - kNearlyAsGood || cost(model) <= 0) continue;
    if (cheapest == nullptr || cost(model) < cost(*cheapest)) cheapest = &model;
  }
  return cheapest;
}

double training_seconds(const ComparedModel& model) {
  return model.measured.training ? model.measured.training->seconds : 0;
}

double mean_recall(const DataComparison& data, std::size_t c) {
  double sum = 0;
  for (const ComparedModel& model : data.models) sum += model.evaluation.classes[c].recall;
  return sum / static_cast<double>(data.models.size());
}

}  // namespace

std::string percent_text(double share) { return fmt::format("{:.2f} %", 100 * share); }

std::string points_text(double difference) {
  return fmt::format("{:.2f} points", 100 * std::abs(difference));
}

std::string p_text(double p) {
  return p < 0.001 ? "p < 0.001" : fmt::format("p = {:.2g}", std::min(p, 1.0));
}

std::string time_text(double seconds) {
  if (seconds < 0.00001) return "<0.01 ms";
  if (seconds < 0.01) return fmt::format("{:.2g} ms", 1000 * seconds);
  if (seconds < 0.1) return fmt::format("{:.0f} ms", 1000 * seconds);
  if (seconds < 1) return fmt::format("{:.2f} s", seconds);
  return format_duration(seconds);
}

std::string quick_note(const Comparison& comparison) {
  if (!comparison.quick) return "";
  return fmt::format(
      "Quick: trained on at most {} pictures, with at most {} epochs and {} trees or rounds. Full "
      "trainings do better, and may rank otherwise.",
      format_count(kQuickPictures), kQuickEpochs, kQuickEstimators);
}

std::string finding_on_best(const DataComparison& data) {
  const ComparedModel& best = data.models.front();
  const std::string begin =
      fmt::format("{} gets {} of {} test pictures right", best.name,
                  percent_text(best.evaluation.accuracy), format_count(data.test.size()));
  if (data.models.size() == 1) return begin + ".";
  const ModelPair& lead = data.pair(0, 1);
  const std::string& next = data.models[1].name;
  if (lead.difference == 0) return fmt::format("{}, and {} just as many.", begin, next);
  if (lead.is_real()) {
    return fmt::format("{}, {} ahead of {}, and that lead is real ({}).", begin,
                       points_text(lead.difference), next, p_text(lead.p_adjusted));
  }
  return fmt::format("{}; its lead of {} over {} may be luck ({}).", begin,
                     points_text(lead.difference), next, p_text(lead.p_adjusted));
}

std::vector<std::string> undecided_pairs(const DataComparison& data, std::size_t limit) {
  std::vector<const ModelPair*> pairs = pairs_not_real(data);
  std::ranges::stable_sort(pairs, [](const ModelPair* a, const ModelPair* b) {
    return a->second - a->first < b->second - b->first;
  });
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < pairs.size() && i < limit; ++i) {
    const ModelPair& pair = *pairs[i];
    lines.push_back(
        fmt::format("{} ({}) and {} ({}): {}", data.models[pair.first].name,
                    percent_text(accuracy(data, pair.first)), data.models[pair.second].name,
                    percent_text(accuracy(data, pair.second)), p_text(pair.p_adjusted)));
  }
  if (pairs.size() > limit) lines.push_back(fmt::format("and {} more", pairs.size() - limit));
  return lines;
}

std::string finding_on_differences(const DataComparison& data) {
  if (data.pairs.empty()) return "There is only one model, and so no difference to judge.";
  const std::vector<const ModelPair*> open = pairs_not_real(data);
  if (open.empty()) {
    return data.pairs.size() == 1
               ? "The difference between the two models is real."
               : fmt::format("All {} differences between two models are real.", data.pairs.size());
  }
  std::vector<std::string> names;
  for (const ModelPair* pair : open) {
    names.push_back(
        fmt::format("{} and {}", data.models[pair->first].name, data.models[pair->second].name));
  }
  std::string listed = fmt::format(
      "{}",
      fmt::join(names.begin(),
                names.begin() + static_cast<std::ptrdiff_t>(std::min(kNamedPairs, names.size())),
                "; "));
  if (names.size() > kNamedPairs)
    listed += fmt::format("; and {} more", names.size() - kNamedPairs);
  return fmt::format("{} of {} differences between two models are real; these may be luck: {}.",
                     data.pairs.size() - open.size(), data.pairs.size(), listed);
}

std::string finding_on_disagreement(const DataComparison& data, const Disagreement& found) {
  const auto share = [&](std::size_t count) {
    return fmt::format("{:.1f} %",
                       100 * static_cast<double>(count) / static_cast<double>(data.test.size()));
  };
  if (data.models.size() == 1) return "One model alone has nobody to disagree with.";
  return fmt::format(
      "The models disagree on {} of the {} test pictures; {} ({}) none of them gets right.",
      share(found.most_divided.size()), format_count(data.test.size()),
      format_count(found.all_wrong.size()), share(found.all_wrong.size()));
}

std::string finding_on_contrast(const Comparison& comparison, const Contrast& contrast) {
  const std::string& easier = comparison.data[contrast.easier].name;
  const std::string& harder = comparison.data[contrast.harder].name;
  const bool wider = contrast.half_within_on_harder > contrast.half_within_on_easier;
  const std::string text =
      fmt::format("Half of the models come within {} of the best on {}, {} within {} on {}",
                  points_text(contrast.half_within_on_easier), easier, wider ? "but only" : "and",
                  points_text(contrast.half_within_on_harder), harder);
  if (contrast.hidden_pairs.empty()) {
    return text +
           fmt::format(", and every pair that differs on {} differs on {} too.", harder, easier);
  }
  const Contrast::HiddenPair& widest = contrast.hidden_pairs.front();
  const std::size_t count = contrast.hidden_pairs.size();
  return text +
         fmt::format("; {} hides {} that {} shows, {} and {} above all ({} against {}).", easier,
                     count == 1 ? "one difference" : fmt::format("{} differences", count), harder,
                     widest.first, widest.second, points_text(widest.difference_on_easier),
                     points_text(widest.difference_on_harder));
}

std::string finding_on_time(const DataComparison& data) {
  const ComparedModel* quickest = cheapest_good_one(data, training_seconds);
  const ComparedModel& best = data.models.front();
  if (quickest == nullptr) return "No model within a point of the best was trained here.";
  if (quickest == &best) {
    return fmt::format(
        "{} is the best, and no other within a point of it trains faster than its {}.", best.name,
        time_text(training_seconds(best)));
  }
  const std::string trained =
      best.measured.training ? " of " + time_text(training_seconds(best)) : "";
  return fmt::format("{} comes within {} of {}'s accuracy after {} of training instead{}.",
                     quickest->name, points_text(accuracy(data, 0) - quickest->evaluation.accuracy),
                     best.name, time_text(training_seconds(*quickest)), trained);
}

std::string finding_on_size(const DataComparison& data) {
  const ComparedModel& best = data.models.front();
  const auto size = [](const ComparedModel& model) {
    return static_cast<double>(model.measured.model_bytes);
  };
  const ComparedModel* smallest = cheapest_good_one(data, size);
  if (smallest == nullptr || smallest == &best) {
    return fmt::format("{} is the best, and no other within a point of it is smaller than its {}.",
                       best.name, format_bytes(best.measured.model_bytes));
  }
  return fmt::format("{} comes within {} of {}'s accuracy in {} instead of {}.", smallest->name,
                     points_text(accuracy(data, 0) - smallest->evaluation.accuracy), best.name,
                     format_bytes(smallest->measured.model_bytes),
                     format_bytes(best.measured.model_bytes));
}

std::string finding_on_classes(const DataComparison& data) {
  std::size_t hardest = data.test.classes.size();
  std::size_t easiest = hardest;
  for (std::size_t c = 0; c < data.test.classes.size(); ++c) {
    if (data.models.front().evaluation.classes[c].support == 0) continue;
    if (hardest == data.test.classes.size()) hardest = easiest = c;
    if (mean_recall(data, c) < mean_recall(data, hardest)) hardest = c;
    if (mean_recall(data, c) > mean_recall(data, easiest)) easiest = c;
  }
  const auto& best = data.models.front();
  return fmt::format(
      "{} is the hardest class: the models find {} of it on average, {} {}; the easiest is {} "
      "({}).",
      data.test.classes[hardest], percent_text(mean_recall(data, hardest)), best.name,
      percent_text(best.evaluation.classes[hardest].recall), data.test.classes[easiest],
      percent_text(mean_recall(data, easiest)));
}

}  // namespace thimble
