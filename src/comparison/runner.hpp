// Carries out a comparison in a folder that it can be taken up from again.
//
//     plan.json                 what is compared (comparison/plan.hpp)
//     <data>/<model>/           a cell (comparison/cell.hpp)
//     comparison.json           all figures; written by whoever shows them, as is report.html

#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/progress.hpp"
#include "comparison/comparison.hpp"
#include "comparison/plan.hpp"

namespace thimble {

/// Which of all the cells is at work.
struct CellPlace {
  std::size_t number = 0;  ///< 1, 2, ...
  std::size_t cells = 0;
  std::string data;
  std::string model;
  bool trained = true;  ///< here; false: a model that is taken as it is
  std::string family;   ///< of a recipe
};

/// Hears how a comparison goes on. The default says nothing.
class ComparisonObserver {
 public:
  virtual ~ComparisonObserver() = default;

  /// Something to know before the long work begins: a model left out of a data set, ...
  virtual void note(const std::string& text) { (void)text; }
  /// A model is trained, or only asked if it was trained before.
  /// @return  what is told of the progress of this one; may ask to stop; not null
  virtual std::unique_ptr<Progress> begin(const CellPlace& place) {
    (void)place;
    return std::make_unique<Progress>();
  }
  /// @param kept  it was there from an earlier time
  virtual void finished(const CellPlace& place, const CellResult& result, double accuracy,
                        bool kept) {
    (void)place, (void)result, (void)accuracy, (void)kept;
  }
};

struct ComparisonFolder {
  explicit ComparisonFolder(std::filesystem::path folder) : path(std::move(folder)) {}

  std::filesystem::path path;
  std::filesystem::path plan() const { return path / "plan.json"; }
  std::filesystem::path figures() const { return path / "comparison.json"; }
  std::filesystem::path report() const { return path / "report.html"; }

  /// The plan of the comparison in the folder; nothing if it holds none.
  /// @throws FileError, DataError  if it cannot be read
  std::optional<ComparisonPlan> read_plan() const;
};

/// Trains, or takes, every model on every data set, one after another, and compares them. Cells
/// that the folder holds already are kept; the one that was interrupted is trained again, a neural
/// network from its checkpoint. All data sets and models are looked at before the first is trained.
///
/// A trained model that does not suit a data set is left out there.
/// @param data_dir  as SourceOptions::data_dir
/// @throws UsageError  if the folder holds another comparison (names the first difference), or a
///                     trained model suits none of the data sets
/// @throws FileError, DataError  if data or models cannot be read, or the folder not be written
/// @throws Cancelled   if an observer's progress asked to stop; what is finished is kept
Comparison run_comparison(const ComparisonPlan& plan, const std::filesystem::path& folder,
                          const std::filesystem::path& data_dir, ComparisonObserver& observer);

}  // namespace thimble
