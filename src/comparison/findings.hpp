// A comparison in sentences: what a reader should take home from the figures.

#pragma once

#include <string>
#include <vector>

#include "comparison/comparison.hpp"
#include "comparison/contrast.hpp"
#include "comparison/disagreement.hpp"

namespace thimble {

/// Who is best, by how much, and whether that is more than luck.
std::string finding_on_best(const DataComparison& data);

/// How many differences are real, and which are not.
std::string finding_on_differences(const DataComparison& data);

/// "boost (90.26 %) and svm (90.02 %) may be equally good: p = 0.31", a line for each pair whose
/// difference is not real, the closest in rank first; at most `limit`, and then how many more.
std::vector<std::string> undecided_pairs(const DataComparison& data, std::size_t limit);

/// How often the models disagree, and what none of them gets right.
std::string finding_on_disagreement(const DataComparison& data, const Disagreement& found);

/// What the easier data set hides.
std::string finding_on_contrast(const Comparison& comparison, const Contrast& contrast);

/// What one gets for one's time: the quickest training within a point of the best.
std::string finding_on_time(const DataComparison& data);

/// What one gets for the size of a file: the smallest within a point of the best.
std::string finding_on_size(const DataComparison& data);

/// The class that is hardest for the models together, and the easiest.
std::string finding_on_classes(const DataComparison& data);

/// "94.12 %".
std::string percent_text(double share);
/// "0.15 points", always positive.
std::string points_text(double difference);
/// "p = 0.031", "p < 0.001".
std::string p_text(double p);
/// "0.12 ms", "45 ms", "0.45 s", "1 min 20 s".
std::string time_text(double seconds);

/// Quick comparisons say so wherever their figures are shown; "" otherwise.
std::string quick_note(const Comparison& comparison);

}  // namespace thimble
