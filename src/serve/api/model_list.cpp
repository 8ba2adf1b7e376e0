#include "serve/api/model_list.hpp"

namespace thimble::serve {

using nlohmann::ordered_json;

ordered_json to_json(const ServedModel& model) {
  const ModelDescription& description = model.classifier->description();
  const PictureShape& input = description.input;
  return {
      {"name", model.name},
      {"version", model.version},
      {"family", description.family},
      {"input", {{"height", input.height}, {"width", input.width}, {"channels", input.channels}}},
      {"classes", description.classes},
      {"trained_on",
       {{"name", description.trained_on.name}, {"synthetic", description.trained_on.synthetic}}},
      {"metrics", description.metrics.is_object() ? ordered_json(description.metrics)
                                                  : ordered_json::object()}};
}

ordered_json to_json(const std::vector<std::shared_ptr<const ServedModel>>& models) {
  ordered_json list = ordered_json::array();
  for (const auto& model : models) list.push_back(to_json(*model));
  return {{"default", models.front()->name}, {"models", std::move(list)}};
}

}  // namespace thimble::serve
