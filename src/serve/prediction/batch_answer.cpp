#include "serve/prediction/batch_answer.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <new>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/error.hpp"
#include "evaluation/calibration.hpp"
#include "evaluation/evaluation.hpp"
#include "imaging/preparation.hpp"
#include "models/novelty.hpp"

namespace thimble::serve {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void fail(PictureAnswer& answer, const LoadedModel& model, std::string reason) {
  answer.error = std::move(reason);
  answer.failed = true;
  model.metrics.failed.add();
}

class BatchAnswer {
 public:
  BatchAnswer(const Batch& batch, const DecodeLimits& limits)
      : batch_(batch), model_(batch.model()), limits_(limits) {
    const ModelDescription& model = model_.description();
    if (limits_.enough_edge == 0) limits_.enough_edge = enough_edge(model.input, model.style);
  }

  void prepare();
  void predict();
  void fail_the_rest();
  void hand_out();

 private:
  void prepare_one(const PendingJob& job, const EncodedPicture& encoded, PictureAnswer& answer);
  void predict_range(const Images& pictures, std::span<PictureAnswer* const> answers);
  void add_notices(PictureAnswer& answer) const;

  const Batch& batch_;
  const LoadedModel& model_;
  DecodeLimits limits_;
  std::vector<std::uint8_t> pixels_;
  std::vector<PictureAnswer*> read_;
};

void BatchAnswer::prepare() {
  pixels_.reserve(batch_.pictures * model_.description().input.size());
  read_.reserve(batch_.pictures);
  Clock::time_point before = Clock::now();
  for (const Slice& slice : batch_.slices) {
    PendingJob& job = *slice.job;
    if (slice.first == 0) {
      const double queued = std::chrono::duration<double>(before - job.queued).count();
      job.queue_ms.store(queued * 1e3, std::memory_order_relaxed);
      model_.metrics.queue_seconds.observe(queued);
    }
    double all = 0;
    for (std::size_t i = slice.first; i < slice.first + slice.count; ++i) {
      prepare_one(job, job.job.pictures[i], job.answer.pictures[i]);
      const Clock::time_point now = Clock::now();
      const double seconds = std::chrono::duration<double>(now - before).count();
      model_.metrics.prepare_seconds.observe(seconds);
      all += seconds;
      before = now;
    }
    job.prepare_ms.fetch_add(all * 1e3, std::memory_order_relaxed);
  }
}

void BatchAnswer::prepare_one(const PendingJob& job, const EncodedPicture& encoded,
                              PictureAnswer& answer) {
  answer.name = encoded.name;
  const ModelDescription& description = model_.description();
  try {
    const Picture picture =
        decode_picture(std::as_bytes(std::span(encoded.bytes)), encoded.name, limits_);
    PreparedPicture prepared = prepare_picture(picture, description.input, description.style);
    if (!prepared.notice.empty()) {
      answer.notices.push_back({"no_object", std::move(prepared.notice)});
    }
    if (job.job.seen) answer.seen = encode_png(prepared.picture);
    pixels_.insert(pixels_.end(), prepared.picture.pixels.begin(), prepared.picture.pixels.end());
    read_.push_back(&answer);
  } catch (const DataError& error) {
    answer.error = error.what();
    model_.metrics.refused.add();
  } catch (const std::exception& error) {
    fail(answer, model_,
         fmt::format("{}: it could not be prepared: {}", encoded.name, error.what()));
  }
}

void BatchAnswer::predict() {
  if (read_.empty()) return;
  const Clock::time_point start = Clock::now();
  const PictureShape& shape = model_.description().input;
  const Images pictures(shape, std::move(pixels_));
  try {
    predict_range(pictures, read_);
  } catch (const std::exception&) {
    // One picture after the other, so that those that the model can answer are answered.
    for (std::size_t i = 0; i < read_.size(); ++i) {
      try {
        predict_range(pictures.select(std::array{i}), std::span(read_).subspan(i, 1));
      } catch (const std::exception& error) {
        fail(*read_[i], model_,
             fmt::format("{}: model {} failed: {}", read_[i]->name, model_.served->name,
                         error.what()));
      }
    }
  }
  const double seconds = seconds_since(start);
  model_.metrics.predict_seconds.observe(seconds);
  for (const Slice& slice : batch_.slices) {
    slice.job->predict_ms.fetch_add(seconds * 1e3, std::memory_order_relaxed);
  }
}

void BatchAnswer::predict_range(const Images& pictures, std::span<PictureAnswer* const> answers) {
  const ModelDescription& description = model_.description();
  Probabilities probabilities = model_.classifier().predict_proba(pictures);
  if (description.temperature != 1) {
    probabilities = with_temperature(probabilities, description.temperature);
  }
  std::vector<float> novelty;
  if (description.novelty) novelty = description.novelty->scores(pictures);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    PictureAnswer& answer = *answers[i];
    const auto row = probabilities[i];
    answer.probabilities.assign(row.begin(), row.end());
    if (!novelty.empty()) {
      answer.novelty = novelty[i];
      answer.familiar = novelty[i] <= 1;
    }
    add_notices(answer);
  }
  model_.metrics.ok.add(answers.size());
}

void BatchAnswer::add_notices(PictureAnswer& answer) const {
  if (!answer.familiar) {
    answer.notices.push_back(model_.unfamiliar);
    model_.metrics.unfamiliar.add();
  } else if (*std::ranges::max_element(answer.probabilities) <
             static_cast<float>(model_.description().unsure_below)) {
    const auto top = top_classes(answer.probabilities, 2);
    const auto& classes = model_.description().classes;
    std::string message = "The model is not sure:";
    for (const std::size_t c : top) {
      message += fmt::format("{} {} {:.0f} %", c == top.front() ? "" : ",", classes[c],
                             100 * answer.probabilities[c]);
    }
    answer.notices.push_back({"unsure", message + "."});
  }
  if (model_.description().trained_on.synthetic) answer.notices.push_back(model_.synthetic);
}

void BatchAnswer::fail_the_rest() {
  for (const Slice& slice : batch_.slices) {
    const auto answers = std::span(slice.job->answer.pictures).subspan(slice.first, slice.count);
    for (PictureAnswer& answer : answers) {
      if (answer.error.empty() && answer.probabilities.empty()) {
        fail(answer, model_, "out of memory");
      }
    }
  }
}

void BatchAnswer::hand_out() {
  for (const Slice& slice : batch_.slices) {
    PendingJob& job = *slice.job;
    if (job.unanswered.fetch_sub(slice.count, std::memory_order_acq_rel) != slice.count) continue;
    job.answer.model = job.model->served;
    job.answer.queue_ms = job.queue_ms.load(std::memory_order_relaxed);
    job.answer.prepare_ms = job.prepare_ms.load(std::memory_order_relaxed);
    job.answer.predict_ms = job.predict_ms.load(std::memory_order_relaxed);
    try {
      job.done(std::move(job.answer));
    } catch (const std::exception&) {
      // Nobody is left to tell: the answer was on its way to the only one who asked.
    }
  }
}

}  // namespace

void answer_batch(const Batch& batch, const DecodeLimits& limits) {
  BatchAnswer answer(batch, limits);
  try {
    answer.prepare();
    answer.predict();
  } catch (const std::bad_alloc&) {
    answer.fail_the_rest();
  }
  answer.hand_out();
}

}  // namespace thimble::serve
