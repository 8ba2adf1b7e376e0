// Opens a model and a data set, predicts the test pictures and says how often that was right.
//
//   predict MODEL [SOURCE]      SOURCE: fashion-mnist (default), synthetic, a folder, a CSV, ...

#include <cstdio>
#include <exception>
#include <memory>
#include <string>

#include <thimble/data/source.hpp>
#include <thimble/evaluation/evaluation.hpp>
#include <thimble/evaluation/prediction.hpp>
#include <thimble/models/classifier.hpp>

int main(int argc, char** argv) try {
  if (argc < 2) {
    std::fprintf(stderr, "usage: predict MODEL [SOURCE]\n");
    return 2;
  }
  const std::unique_ptr<thimble::Classifier> model = thimble::load_classifier(argv[1]);
  const thimble::DatasetSplits splits = thimble::load_dataset(argc > 2 ? argv[2] : "fashion-mnist");
  const thimble::Dataset& data = splits.test ? *splits.test : splits.train;

  const thimble::Probabilities probabilities = thimble::predict(*model, data.images);
  for (std::size_t i = 0; i < 5 && i < data.size(); ++i) {
    const std::size_t guess = thimble::predicted_class(probabilities[i]);
    const auto truth = static_cast<std::size_t>(data.labels[i]);
    std::printf("%-12s %5.1f %%   (is %s)\n", model->description().classes[guess].c_str(),
                100 * probabilities[i][guess], data.classes[truth].c_str());
  }
  const thimble::Evaluation evaluation =
      thimble::evaluate(probabilities, data.labels, data.classes);
  std::printf("%.2f %% of %zu right\n", 100 * evaluation.accuracy, data.size());
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "predict: %s\n", error.what());
  return 1;
}
