// A training run on disk: a folder that a killed training can go on from.
//
//     config.toml         the recipe, and in [run] the data's fingerprint and the program's version
//     history.jsonl       one JSON object a line, one line an epoch
//     checkpoint/         the trainer's state after the last finished epoch
//     model.safetensors   the trained model
//     best.safetensors    the model of the best validation loss, where there is a validation split
//     evaluation.json     figures on the test set

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/folder_lock.hpp"
#include "models/recipe.hpp"

namespace thimble {

/// The files of a run.
struct RunPaths {
  explicit RunPaths(std::filesystem::path run_folder) : folder(std::move(run_folder)) {}

  std::filesystem::path folder;
  std::filesystem::path config() const { return folder / "config.toml"; }
  std::filesystem::path history() const { return folder / "history.jsonl"; }
  std::filesystem::path checkpoint() const { return folder / "checkpoint"; }
  std::filesystem::path model() const { return folder / "model.safetensors"; }
  std::filesystem::path best() const { return folder / "best.safetensors"; }
  std::filesystem::path evaluation() const { return folder / "evaluation.json"; }
};

/// True if the folder holds a run, finished or not.
bool holds_run(const std::filesystem::path& folder);

/// @throws UsageError  if the folder holds a run
void require_no_run(const std::filesystem::path& folder);

/// The lines of a history. A last line without an end was cut short by a kill and is left out; a
/// missing file is an empty history.
/// @throws DataError  if another line is not a JSON object; names it
std::vector<nlohmann::json> read_history(const std::filesystem::path& history);

/// A run that this process, and no other, trains in.
class RunFolder {
 public:
  /// Begins a run, or goes on with one.
  ///
  /// @param folder            made if missing, with the folders above it
  /// @param recipe            every setting that shapes the training
  /// @param data_fingerprint  of the training data
  /// @param resume            go on with the run in the folder, if there is one
  /// @throws UsageError  if the folder holds a run and `resume` is not set; if it is set and the
  /// run
  ///                     was started with other settings or data (names the first that differs)
  /// @throws FileError   if another process trains in the folder, or it cannot be written
  static RunFolder open(const std::filesystem::path& folder, const Recipe& recipe,
                        const std::string& data_fingerprint, bool resume);

  RunFolder(RunFolder&& other) = default;
  RunFolder& operator=(RunFolder&&) = delete;

  const RunPaths& paths() const { return paths_; }
  /// True if there was a run to go on with.
  bool resumed() const { return resumed_; }

  /// Removes what open() made, for work that keeps nothing when it is stopped. What was there
  /// before stays. Never throws.
  void abandon() noexcept;

  /// Adds a line, on the disk before the call returns. A kill during it leaves the history as it
  /// was or with one cut line at the end, which readers leave out and the next append removes.
  void append_history(const nlohmann::json& line);
  /// Keeps the first `epochs` lines.
  void truncate_history(std::size_t epochs);
  std::vector<nlohmann::json> read_history() const {
    return thimble::read_history(paths_.history());
  }

 private:
  explicit RunFolder(const std::filesystem::path& folder)
      : paths_(folder), lock_(folder, "training") {}

  RunPaths paths_;
  FolderLock lock_;
  bool resumed_ = false;
  bool made_folder_ = false;
};

}  // namespace thimble
