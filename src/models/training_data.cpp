#include "models/training_data.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace thimble {

void check_training_data(const Dataset& train, const Dataset* validation) {
  const std::string place = fmt::format("training split of {}", train.provenance.name);
  validate(train, place);
  if (train.size() == 0) throw DataError(place + ": it is empty");
  if (train.classes.size() < 2) {
    throw DataError(fmt::format("{}: {} class, expected 2 or more", train.provenance.name,
                                train.classes.size()));
  }
  if (validation == nullptr) return;
  validate(*validation, "validation split");
  if (validation->size() > 0 && validation->images.shape() != train.images.shape()) {
    throw DataError(fmt::format("validation split: pictures of {}, those to train on are {}",
                                to_string(validation->images.shape()),
                                to_string(train.images.shape())));
  }
}

}  // namespace thimble
