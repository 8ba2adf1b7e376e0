#include "tuning/study_clock.hpp"

#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"

namespace thimble::tuning {
namespace {

constexpr double kSavedEvery_s = 5;
constexpr std::uint64_t kLargestFile = 10'000;  // bytes

}  // namespace

StudyClock::StudyClock(std::filesystem::path file)
    : file_(std::move(file)), start_(std::chrono::steady_clock::now()) {
  std::error_code error;
  if (!std::filesystem::exists(file_, error)) return;
  const auto clock = nlohmann::json::parse(read_file(file_, kLargestFile), nullptr, false);
  if (!clock.is_object() || !clock.contains("seconds") || !clock["seconds"].is_number()) {
    throw DataError(file_.string() + ": expected {\"seconds\": a number}");
  }
  before_ = saved_ = clock["seconds"].get<double>();
}

double StudyClock::seconds() const {
  return before_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void StudyClock::save() {
  saved_ = seconds();
  write_file(file_, nlohmann::json{{"seconds", saved_}}.dump() + "\n");
}

void StudyClock::save_now_and_then() {
  if (seconds() - saved_ >= kSavedEvery_s) save();
}

}  // namespace thimble::tuning
