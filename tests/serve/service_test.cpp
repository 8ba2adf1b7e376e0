#include "serve/service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <latch>
#include <mutex>
#include <thread>

#include "base/error.hpp"
#include "models/nearest_centroid.hpp"
#include "models/recipe.hpp"
#include "models/registry.hpp"
#include "onnx/onnx_files.hpp"
#include "temporary_folder.hpp"

namespace thimble::serve {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr PictureShape kInput{2, 2, 1};
constexpr std::uint8_t kPoison = 66;

/// Class c is as likely as the c-th pixel is bright. A picture that begins with kPoison makes it
/// throw.
class TestClassifier : public Classifier {
 public:
  explicit TestClassifier(const std::string& name = "test") {
    description_.family = "fake";
    description_.name = name;
    description_.input = kInput;
    description_.classes = {"coat", "dress", "bag", "shoe"};
    description_.trained_on = {"wardrobe", "train", std::string(64, 'a'), false};
  }

  FitReport fit(const Dataset&, const FitOptions&) override { return {}; }

  Probabilities predict_proba(const Images& pictures) const override {
    if (before_predict) before_predict(pictures.size());
    Probabilities probabilities(pictures.size(), 4);
    for (std::size_t i = 0; i < pictures.size(); ++i) {
      const auto pixels = pictures[i];
      if (pixels[0] == kPoison) throw std::runtime_error("poison");
      float sum = 0;
      for (const std::uint8_t pixel : pixels) sum += 1.0f + static_cast<float>(pixel);
      for (std::size_t c = 0; c < 4; ++c) {
        probabilities[i][c] = (1.0f + static_cast<float>(pixels[c])) / sum;
      }
    }
    return probabilities;
  }

  void save(const std::filesystem::path&) const override {}
  const ModelDescription& description() const override { return description_; }
  ModelDescription& description() override { return description_; }
  std::string summary() const override { return "the brightest pixel wins"; }

  std::function<void(std::size_t pictures)> before_predict;

 private:
  ModelDescription description_;
};

std::shared_ptr<const ServedModel> served(std::unique_ptr<TestClassifier> classifier) {
  auto model = std::make_shared<ServedModel>();
  model->name = classifier->description().name;
  model->version = "0123456789ab";
  model->classifier = std::move(classifier);
  return model;
}

Picture picture_of(std::vector<std::uint8_t> pixels) { return {kInput, std::move(pixels)}; }

EncodedPicture encoded(const Picture& picture, const std::string& name = "picture") {
  const auto png = encode_png(picture);
  return {name, {reinterpret_cast<const char*>(png.data()), png.size()}};
}

EncodedPicture encoded(std::vector<std::uint8_t> pixels, const std::string& name = "picture") {
  return encoded(picture_of(std::move(pixels)), name);
}

Job job_of(std::vector<EncodedPicture> pictures, const std::string& model = "") {
  return {model, std::move(pictures), false};
}

/// Submits a job that must be accepted.
std::future<JobAnswer> ask(Service& service, Job job) {
  auto promise = std::make_shared<std::promise<JobAnswer>>();
  std::future<JobAnswer> answer = promise->get_future();
  EXPECT_EQ(service.submit(std::move(job),
                           [promise](JobAnswer given) { promise->set_value(std::move(given)); }),
            Submission::accepted);
  return answer;
}

/// A model whose first batch waits until it is let go.
struct HeldModel {
  explicit HeldModel(const std::string& name = "test") {
    auto classifier = std::make_unique<TestClassifier>(name);
    classifier->before_predict = [this](std::size_t pictures) {
      if (!began.exchange(true)) begun.count_down();
      release.wait();
      const std::lock_guard lock(mutex);
      batches.push_back(pictures);
    };
    model = served(std::move(classifier));
  }

  std::atomic<bool> began{false};
  std::latch begun{1};
  std::latch release{1};
  std::mutex mutex;
  std::vector<std::size_t> batches;
  std::shared_ptr<const ServedModel> model;
};

ServiceOptions one_worker() {
  ServiceOptions options;
  options.workers = 1;
  return options;
}

TEST(Service, AnswersManyThreadsAsTheModelDoesOneByOne) {
  constexpr int kThreads = 4;
  constexpr int kJobs = 50;
  Metrics metrics;
  ServiceOptions options;
  options.workers = 3;
  Service service({served(std::make_unique<TestClassifier>())}, options, metrics);
  const TestClassifier reference;
  std::vector<std::jthread> clients;
  for (int t = 0; t < kThreads; ++t) {
    clients.emplace_back([&service, &reference, t] {
      for (int i = 0; i < kJobs; ++i) {
        std::vector<Picture> pictures;
        std::vector<EncodedPicture> sent;
        for (int k = 0; k <= i % 12; ++k) {
          pictures.push_back(picture_of({static_cast<std::uint8_t>(t), static_cast<std::uint8_t>(i),
                                         static_cast<std::uint8_t>(k), 200}));
          sent.push_back(encoded(pictures.back(), std::to_string(k)));
        }
        const JobAnswer answer = ask(service, job_of(sent)).get();
        ASSERT_EQ(answer.pictures.size(), pictures.size());
        for (std::size_t k = 0; k < pictures.size(); ++k) {
          const auto alone = reference.predict_proba(Images(kInput, pictures[k].pixels));
          EXPECT_EQ(answer.pictures[k].name, std::to_string(k));
          EXPECT_EQ(answer.pictures[k].error, "");
          EXPECT_TRUE(std::ranges::equal(answer.pictures[k].probabilities, alone[0]));
        }
      }
    });
  }
  clients.clear();
  const Labels ok{{"model", "test"}, {"outcome", "ok"}};
  std::uint64_t sent = 0;
  for (int i = 0; i < kJobs; ++i) sent += static_cast<std::uint64_t>(kThreads * (i % 12 + 1));
  EXPECT_EQ(metrics.counter("thimble_pictures_total", "", ok).value(), sent);
  EXPECT_EQ(metrics.gauge("thimble_queue_depth", "").value(), 0);
}

TEST(Service, RefusesWhatTheQueueHasNoRoomFor) {
  HeldModel held;
  Metrics metrics;
  ServiceOptions options = one_worker();
  options.max_queue = 4;
  Service service({held.model}, options, metrics);
  std::vector<std::future<JobAnswer>> answers;
  answers.push_back(ask(service, job_of({encoded({1, 2, 3, 4})})));
  held.begun.wait();
  for (int i = 0; i < 2; ++i) {
    answers.push_back(ask(service, job_of({encoded({1, 2, 3, 4}), encoded({4, 3, 2, 1})})));
  }
  EXPECT_EQ(metrics.gauge("thimble_queue_depth", "").value(), 4);
  const auto never = [](const JobAnswer&) { ADD_FAILURE() << "was refused"; };
  EXPECT_EQ(service.submit(job_of({encoded({1, 1, 1, 1})}), never), Submission::queue_full);
  EXPECT_EQ(service.submit(job_of({encoded({1, 1, 1, 1})}, "other"), never),
            Submission::unknown_model);
  EXPECT_THROW((void)service.submit(job_of({}), never), UsageError);
  held.release.count_down();
  for (auto& answer : answers)
    EXPECT_THAT(answer.get().pictures, Each(::testing::Field(&PictureAnswer::error, "")));
  EXPECT_THAT(held.batches, ElementsAre(1, 4));
  EXPECT_THAT(ask(service, job_of({encoded({1, 1, 1, 1})})).get().pictures, SizeIs(1));
}

TEST(Service, AnEmptyQueueTakesAJobOfAnySize) {
  Metrics metrics;
  ServiceOptions options = one_worker();
  options.max_queue = 4;
  Service service({served(std::make_unique<TestClassifier>())}, options, metrics);
  EXPECT_THAT(ask(service, job_of(std::vector(9, encoded({1, 2, 3, 4})))).get().pictures,
              SizeIs(9));
}

TEST(Service, AnAlbumDoesNotHoldUpASinglePicture) {
  HeldModel held;
  Metrics metrics;
  Service service({held.model}, one_worker(), metrics);
  auto first = ask(service, job_of({encoded({1, 2, 3, 4})}));
  held.begun.wait();
  // Large as a file, and quick to decode.
  EncodedPicture photo = encoded({1, 2, 3, 4});
  photo.bytes.append(150'000, '\0');
  auto album = ask(service, job_of(std::vector(5, photo)));
  auto single = ask(service, job_of({encoded({9, 2, 3, 4})}));
  held.release.count_down();
  EXPECT_EQ(single.get().pictures.at(0).error, "");
  EXPECT_THAT(album.get().pictures, SizeIs(5));
  ASSERT_GE(held.batches.size(), 2u);
  // One of the album's, and the single one.
  EXPECT_EQ(held.batches[1], 2u);
}

TEST(Service, ABadPictureSpoilsNoOther) {
  Metrics metrics;
  Service service({served(std::make_unique<TestClassifier>())}, one_worker(), metrics);
  Job job = job_of({encoded({200, 2, 3, 4}), {"moving.gif", "GIF89a..."}, encoded({1, 2, 3, 200})});
  job.seen = true;
  const JobAnswer answer = ask(service, std::move(job)).get();
  ASSERT_THAT(answer.pictures, SizeIs(3));
  EXPECT_EQ(answer.model->version, "0123456789ab");
  EXPECT_GT(answer.pictures[0].probabilities[0], 0.9f);
  EXPECT_GT(answer.pictures[2].probabilities[3], 0.9f);
  EXPECT_EQ(decode_picture(answer.pictures[2].seen, "seen"), picture_of({1, 2, 3, 200}));
  const PictureAnswer& bad = answer.pictures[1];
  EXPECT_EQ(bad.name, "moving.gif");
  EXPECT_THAT(bad.error, AllOf(HasSubstr("moving.gif"), HasSubstr("GIF is not supported")));
  EXPECT_FALSE(bad.failed);
  EXPECT_THAT(bad.probabilities, IsEmpty());
  EXPECT_THAT(bad.seen, IsEmpty());
  EXPECT_EQ(
      metrics
          .counter("thimble_pictures_total", "", Labels{{"model", "test"}, {"outcome", "refused"}})
          .value(),
      1u);
}

TEST(Service, AModelThatThrowsFailsThatPictureAlone) {
  HeldModel held;
  Metrics metrics;
  Service service({held.model}, one_worker(), metrics);
  auto first = ask(service, job_of({encoded({1, 2, 3, 4})}));
  held.begun.wait();
  auto good = ask(service, job_of({encoded({200, 2, 3, 4})}));
  auto mixed = ask(service, job_of({encoded({kPoison, 2, 3, 4}), encoded({3, 2, 200, 4})}));
  held.release.count_down();
  EXPECT_EQ(good.get().pictures[0].error, "");
  const JobAnswer answer = mixed.get();
  EXPECT_TRUE(answer.pictures[0].failed);
  EXPECT_THAT(answer.pictures[0].error, HasSubstr("model test failed: poison"));
  EXPECT_EQ(answer.pictures[1].error, "");
  EXPECT_EQ(ask(service, job_of({encoded({1, 2, 3, 4})})).get().pictures[0].error, "");
}

TEST(Service, ACallbackThatThrowsDoesNotEndTheWorker) {
  Metrics metrics;
  Service service({served(std::make_unique<TestClassifier>())}, one_worker(), metrics);
  EXPECT_EQ(service.submit(job_of({encoded({1, 2, 3, 4})}),
                           [](const JobAnswer&) { throw std::runtime_error("client is gone"); }),
            Submission::accepted);
  EXPECT_EQ(ask(service, job_of({encoded({1, 2, 3, 4})})).get().pictures[0].error, "");
}

TEST(Service, SaysWhatToThinkOfAnAnswer) {
  auto classifier = std::make_unique<TestClassifier>();
  classifier->description().trained_on.synthetic = true;
  Metrics metrics;
  Service service({served(std::move(classifier))}, one_worker(), metrics);
  const JobAnswer answer =
      ask(service, job_of({encoded({250, 2, 3, 4}), encoded({98, 89, 3, 5})})).get();
  ASSERT_THAT(answer.pictures[0].notices, SizeIs(1));
  EXPECT_EQ(answer.pictures[0].notices[0].code, "synthetic_model");
  ASSERT_THAT(answer.pictures[1].notices, SizeIs(2));
  EXPECT_EQ(answer.pictures[1].notices[0].code, "unsure");
  EXPECT_EQ(answer.pictures[1].notices[0].message, "The model is not sure: coat 50 %, dress 45 %.");
}

TEST(Service, StopWorksOffWhatIsQueued) {
  HeldModel held;
  Metrics metrics;
  std::vector<std::future<JobAnswer>> answers;
  {
    Service service({held.model}, one_worker(), metrics);
    answers.push_back(ask(service, job_of({encoded({1, 2, 3, 4})})));
    held.begun.wait();
    for (int i = 0; i < 20; ++i) {
      answers.push_back(ask(service, job_of(std::vector(7, encoded({1, 2, 3, 4})))));
    }
    EXPECT_FALSE(service.stopping());
    service.stop();
    EXPECT_TRUE(service.stopping());
    EXPECT_EQ(service.submit(job_of({encoded({1, 2, 3, 4})}), [](const JobAnswer&) {}),
              Submission::stopping);
    held.release.count_down();
  }
  for (auto& answer : answers) EXPECT_EQ(answer.get().pictures.back().error, "");
}

TEST(Service, KeepsModelsApart) {
  HeldModel a("a");
  HeldModel b("b");
  Metrics metrics;
  Service service({a.model, b.model}, one_worker(), metrics);
  std::vector<std::future<JobAnswer>> answers;
  answers.push_back(ask(service, job_of({encoded({1, 2, 3, 4})})));
  a.begun.wait();
  for (int i = 0; i < 6; ++i) {
    answers.push_back(ask(service, job_of({encoded({1, 2, 3, 4})}, i % 2 == 0 ? "b" : "a")));
  }
  a.release.count_down();
  b.release.count_down();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    EXPECT_EQ(answers[i].get().model->name, i % 2 == 1 ? "b" : "a");
  }
  EXPECT_THAT(a.batches, ElementsAre(1, 3));
  EXPECT_THAT(b.batches, ElementsAre(3));
}

TEST(Service, RefusesTwoModelsOfOneName) {
  Metrics metrics;
  const auto make = [] { return served(std::make_unique<TestClassifier>()); };
  EXPECT_THAT(message_of<UsageError>([&] {
                Service({make(), make()}, one_worker(), metrics);
              }),
              HasSubstr("two models are called test"));
  EXPECT_THROW(Service(std::vector<std::string>{}, one_worker(), metrics), UsageError);
}

/// A model file that takes every picture for class `favourite`.
void save_model(const std::filesystem::path& path, std::int32_t favourite) {
  Dataset train;
  train.classes = {"coat", "dress"};
  train.images = Images(kInput, {10, 10, 10, 10, 250, 250, 250, 250});
  train.labels = {favourite, 1 - favourite};
  train.provenance = {"wardrobe", "train", fingerprint(train), false};
  Recipe recipe;
  recipe.name = "centroids";
  recipe.family = "nearest-centroid";
  auto model = find_family(recipe.family).make(recipe);
  (void)model->fit(train, {});
  model->save(path);
}

TEST(Service, ReloadsWithoutLosingAnyRequest) {
  const TemporaryFolder folder;
  const std::string path = (folder / "model.safetensors").string();
  save_model(path, 0);
  Metrics metrics;
  ServiceOptions options;
  options.workers = 2;
  Service service(std::vector<std::string>{"shoes=" + path}, options, metrics);
  const std::string first_version = service.model("")->version;
  EXPECT_THAT(first_version, SizeIs(12));
  EXPECT_EQ(service.models().at(0)->name, "shoes");

  std::atomic<bool> enough{false};
  std::atomic<int> wrong{0};
  std::vector<std::jthread> clients;
  for (int t = 0; t < 2; ++t) {
    clients.emplace_back([&] {
      while (!enough) {
        const JobAnswer answer = ask(service, job_of({encoded({12, 12, 12, 12})}, "shoes")).get();
        const auto& p = answer.pictures.at(0).probabilities;
        const bool is_first = answer.model->version == first_version;
        if (p.size() != 2 || (p[0] > p[1]) != is_first) ++wrong;
      }
    });
  }
  for (int i = 0; i < 6; ++i) {
    save_model(path, i % 2 == 0 ? 1 : 0);
    service.reload();
    EXPECT_EQ(service.model("shoes")->version == first_version, i % 2 == 1);
  }
  write_text(path, "no model");
  EXPECT_THROW(service.reload(), DataError);
  EXPECT_EQ(service.model("shoes")->version, first_version);
  enough = true;
  clients.clear();
  EXPECT_EQ(wrong, 0);
  const auto reloads = [&](const char* outcome) {
    return metrics.counter("thimble_reloads_total", "", Labels{{"outcome", outcome}}).value();
  };
  EXPECT_EQ(reloads("ok"), 6u);
  EXPECT_EQ(reloads("failed"), 1u);
}

TEST(Service, ServesAnOnnxFile) {
  THIMBLE_SKIP_WITHOUT_ONNX_RUNTIME();
  Metrics metrics;
  Service service(std::vector<std::string>{thimble::testing::onnx_file("exported").string()},
                  one_worker(), metrics);
  EXPECT_EQ(service.models().at(0)->name, "toy-net");
  EXPECT_THAT(service.models().at(0)->version, SizeIs(12));
  const JobAnswer answer = ask(service, job_of({encoded({0, 0, 0, 0})})).get();
  EXPECT_THAT(answer.pictures.at(0).error, IsEmpty());
  EXPECT_THAT(answer.pictures.at(0).probabilities, SizeIs(3));
}

}  // namespace
}  // namespace thimble::serve
