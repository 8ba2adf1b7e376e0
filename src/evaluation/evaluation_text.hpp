// An evaluation as text for a terminal.

#pragma once

#include <span>
#include <string>
#include <vector>

#include "evaluation/analysis.hpp"
#include "evaluation/evaluation.hpp"

namespace thimble {

/// Figures, a row a class, the confusion matrix and the most confused classes, in lines of at most
/// 100 columns. With too many classes for a matrix of that width only the latter names the
/// mistakes.
std::string to_text(const Evaluation& evaluation);

/// What the probabilities are worth, and what the model costs where that was measured: a few lines.
/// @param accuracy  of the same samples
std::string to_text(const Analysis& analysis, double accuracy);

/// Distinct names of at most `width` >= 4 characters, for column headings: the first letters, or
/// where those are not distinct the class's number, "#12".
std::vector<std::string> short_names(std::span<const std::string> names, std::size_t width);

}  // namespace thimble
