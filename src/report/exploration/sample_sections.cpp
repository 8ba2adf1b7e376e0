// Single pictures that deserve a look: copies, outliers, suspicious labels.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.hpp"
#include "report/exploration/context.hpp"
#include "report/words.hpp"

namespace thimble::report {
namespace {

PictureGroup duplicate_group(const ExplorationContext& context, const DuplicateGroup& group) {
  constexpr std::size_t kMembers = 8;
  std::string title = counted(group.members.size(), "picture", "pictures");
  if (group.difference > 0) {
    title += fmt::format(", {} grey levels apart", plain_number(group.difference));
  }
  if (group.across_splits) title += ", in both splits";
  if (!group.labels_agree) title += ", with different labels";
  PictureGroup shown{title, {}};
  for (const SampleId& member : group.members) {
    if (shown.cells.size() == kMembers) break;
    shown.cells.push_back(
        {.picture = context.picture(member),
         .caption = context.class_name(context.label(member)),
         .tone = group.labels_agree ? PictureCell::Tone::plain : PictureCell::Tone::wrong,
         .detail = context.name(member)});
  }
  return shown;
}

/// Those with different labels first, then those in both splits.
PictureSheet duplicate_sheet(const ExplorationContext& context, const std::string& id,
                             const std::string& title, std::vector<DuplicateGroup> groups) {
  constexpr std::size_t kGroups = 16;
  const auto rank = [](const DuplicateGroup& group) {
    return group.labels_agree ? group.across_splits ? 1 : 2 : 0;
  };
  std::stable_sort(groups.begin(), groups.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  PictureSheet sheet{id, title, {}};
  for (const DuplicateGroup& group : groups) {
    if (sheet.groups.size() == kGroups) break;
    sheet.groups.push_back(duplicate_group(context, group));
  }
  if (groups.size() > kGroups) {
    sheet.title += fmt::format(" (first {} of {} groups)", kGroups, format_count(groups.size()));
  }
  return sheet;
}

std::string copies_words(const DuplicateCounts& exact, bool has_test) {
  if (exact.groups == 0) return "No picture is there twice";
  const std::size_t surplus = exact.train_surplus + exact.test_surplus;
  std::string text = surplus == 0 ? "Within the splits no picture is there twice"
                                  : fmt::format("{} of pictures that are there already",
                                                counted(surplus, "exact copy", "exact copies"));
  if (!has_test) return text;
  if (exact.test_in_train == 0) return text + ", none of them across the splits";
  return text + fmt::format(", but {} in the training set too, which tests memory, not skill",
                            exact.test_in_train == 1
                                ? "one test picture is"
                                : format_count(exact.test_in_train) + " test pictures are");
}

std::string duplicate_finding(const ExplorationContext& context) {
  const Duplicates& duplicates = context.found.duplicates;
  const DuplicateCounts& near = duplicates.near_counts;
  const bool has_test = context.splits.test.has_value();
  std::string text = copies_words(duplicates.exact_counts, has_test);
  if (near.groups == 0) return text + "; none are nearly alike.";
  text += fmt::format("; {} {} nearly alike", counted(near.samples, "picture", "pictures"),
                      near.samples == 1 ? "is" : "are");
  if (has_test && near.test_in_train > 0) {
    text += fmt::format(", among them {} like a training picture",
                        counted(near.test_in_train, "test picture", "test pictures"));
  }
  const std::size_t conflicts =
      near.conflicting_groups + duplicates.exact_counts.conflicting_groups;
  if (conflicts > 0) {
    text +=
        fmt::format("; {} labels that differ, and cannot all be right",
                    conflicts == 1 ? "one group has" : format_count(conflicts) + " groups have");
  }
  return text + ".";
}

Table duplicate_table(const Duplicates& duplicates) {
  using Format = Column::Format;
  Table table;
  table.caption = "Copies: beyond the first of each group.";
  table.columns = {{"Kind"},
                   {"Groups", Format::integer},
                   {"Pictures", Format::integer},
                   {"Training copies", Format::integer},
                   {"Test copies", Format::integer},
                   {"Test in training", Format::integer},
                   {"Labels differ", Format::integer}};
  const auto add = [&](const char* kind, const DuplicateCounts& counts) {
    const auto number = [](std::size_t count) { return static_cast<double>(count); };
    table.rows.push_back({kind, number(counts.groups), number(counts.samples),
                          number(counts.train_surplus), number(counts.test_surplus),
                          number(counts.test_in_train), number(counts.conflicting_groups)});
  };
  add("Exact", duplicates.exact_counts);
  add("Near", duplicates.near_counts);
  return table;
}

std::string looks_like(const ExplorationContext& context, const Outlier& outlier) {
  if (outlier.neighbors_class == outlier.label) return "unlike anything";
  return fmt::format("more like {}", context.class_name(outlier.neighbors_class));
}

std::string outlier_finding(const ExplorationContext& context) {
  const Outliers& outliers = context.found.outliers;
  if (outliers.ranked.empty()) return "There are too few pictures to say which are unusual.";
  const std::size_t all =
      context.train().size() + (context.splits.test ? context.splits.test->size() : 0);
  const Outlier& first = outliers.ranked.front();
  if (outliers.clear == 0) {
    return fmt::format(
        "No picture lies clearly apart from its class; the most unusual is {}, a "
        "picture of class {}.",
        context.name(first.sample), context.class_name(first.label));
  }
  std::vector<double> of_class(context.classes().size(), 0);
  const std::size_t known = std::min(outliers.clear, outliers.ranked.size());
  for (std::size_t i = 0; i < known; ++i) {
    of_class[static_cast<std::size_t>(outliers.ranked[i].label)] += 1;
  }
  const std::size_t most = extremes(of_class).largest;
  return fmt::format(
      "{} of {} ({}) {} clearly apart from others of the same class, most often {}; the strangest "
      "is {}, labelled {}.",
      format_count(outliers.clear), counted(all, "picture", "pictures"),
      percentage(static_cast<double>(outliers.clear) / static_cast<double>(all)),
      outliers.clear == 1 ? "lies" : "lie", context.class_name(most), context.name(first.sample),
      context.class_name(first.label));
}

PictureSheet outlier_sheet(const ExplorationContext& context) {
  constexpr std::size_t kShown = 40;
  PictureSheet sheet{"outliers", "The most unusual pictures of their class", {{"", {}}}};
  for (const Outlier& outlier : context.found.outliers.ranked) {
    if (sheet.groups.front().cells.size() == kShown) break;
    sheet.groups.front().cells.push_back(
        {.picture = context.picture(outlier.sample),
         .caption = context.class_name(outlier.label),
         .detail = fmt::format("{}, {}; its class is {} times sparser around it than around its "
                               "neighbours",
                               context.name(outlier.sample), looks_like(context, outlier),
                               plain_number(outlier.factor))});
  }
  return sheet;
}

/// A pair of given and suggested class, and how many labels are suspected to be mixed up so.
struct MixUp {
  std::size_t given = 0;
  std::size_t suggested = 0;
  double samples = 0;
};

std::vector<MixUp> mix_ups(const ExplorationContext& context) {
  const LabelAudit& audit = *context.found.labels;
  const std::size_t n = context.classes().size();
  std::vector<MixUp> pairs;
  for (std::size_t i = 0; i < audit.joint.size(); ++i) {
    const double samples = audit.joint[i] * static_cast<double>(context.train().size());
    if (i / n != i % n && samples > 0) pairs.push_back({i / n, i % n, samples});
  }
  std::sort(pairs.begin(), pairs.end(),
            [](const MixUp& a, const MixUp& b) { return a.samples > b.samples; });
  return pairs;
}

std::string label_finding(const ExplorationContext& context) {
  const LabelAudit& audit = *context.found.labels;
  const auto errors = static_cast<std::size_t>(std::llround(audit.estimated_errors));
  const std::vector<MixUp> pairs = mix_ups(context);
  if (errors == 0 || pairs.empty()) {
    return fmt::format(
        "No label looks wrong to {}, each picture judged without having been "
        "learned from.",
        listed(audit.recipes));
  }
  return fmt::format(
      "About {} ({}) {} doubtful, most often {} that {} like {}; the most suspicious come first "
      "below.",
      counted(errors, "label", "labels"),
      percentage(audit.estimated_errors / static_cast<double>(context.train().size())),
      errors == 1 ? "is" : "are", context.class_name(pairs.front().given), "looks",
      context.class_name(pairs.front().suggested));
}

Table mix_up_table(const ExplorationContext& context) {
  constexpr std::size_t kPairs = 10;
  Table table;
  table.caption = "Estimated numbers of labels that should be another's.";
  table.columns = {{"Given"}, {"Looks like"}, {"Labels", Column::Format::integer}};
  for (const MixUp& pair : mix_ups(context)) {
    if (table.rows.size() == kPairs) break;
    table.rows.push_back({context.class_name(pair.given), context.class_name(pair.suggested),
                          std::round(pair.samples)});
  }
  return table;
}

PictureSheet label_sheet(const ExplorationContext& context) {
  constexpr std::size_t kShown = 60;
  PictureSheet sheet{"suspicious-labels", "The most suspicious labels", {{"", {}}}};
  for (const JudgedLabel& one : context.found.labels->ranking) {
    if (sheet.groups.front().cells.size() == kShown || one.score <= 0) break;
    const SampleId id{SampleId::Split::train, one.index};
    sheet.groups.front().cells.push_back(
        {.picture = context.picture(id),
         .caption = fmt::format("given {}, looks like {}", context.class_name(one.given),
                                context.class_name(one.suggested)),
         .tone = PictureCell::Tone::wrong,
         .detail =
             fmt::format("{}: {} {}, {} {}", context.name(id), context.class_name(one.suggested),
                         percentage(one.suggested_probability), context.class_name(one.given),
                         percentage(one.given_probability))});
  }
  return sheet;
}

}  // namespace

Section duplicate_section(const ExplorationContext& context) {
  const Duplicates& duplicates = context.found.duplicates;
  Section section{"duplicates", "Duplicates", duplicate_finding(context), {}};
  section.blocks.emplace_back(duplicate_table(duplicates));
  if (!duplicates.exact.empty()) {
    section.blocks.emplace_back(
        duplicate_sheet(context, "exact-duplicates", "Exact copies", duplicates.exact));
  }
  if (!duplicates.near.empty()) {
    section.blocks.emplace_back(
        duplicate_sheet(context, "near-duplicates", "Nearly alike", duplicates.near));
  }
  return section;
}

Section outlier_section(const ExplorationContext& context) {
  Section section{"unusual", "Outliers", outlier_finding(context), {}};
  if (!context.found.outliers.ranked.empty()) {
    section.blocks.emplace_back(outlier_sheet(context));
    section.blocks.emplace_back(Paragraph{fmt::format(
        "Local outlier factor within each class, among {} neighbours; clear outliers have a factor "
        "above {}: the class is that many times sparser around them than around their neighbours.",
        context.found.outliers.options.neighbors, kOutlierFactor)});
  }
  return section;
}

Section label_section(const ExplorationContext& context) {
  const LabelAudit& audit = *context.found.labels;
  Section section{"labels", "Suspicious labels", label_finding(context), {}};
  section.blocks.emplace_back(label_sheet(context));
  section.blocks.emplace_back(mix_up_table(context));
  section.blocks.emplace_back(Paragraph{fmt::format(
      "Found by confident learning: {} judged every picture in the fold of {} that it had not "
      "learned from ({} of labels foreseen). A label is doubtful where another class is "
      "confidently likelier; borderline pictures are among them, so look before you correct.",
      listed(audit.recipes), audit.folds, percentage(audit.accuracy))});
  return section;
}

}  // namespace thimble::report
