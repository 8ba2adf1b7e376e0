// What scikit-learn says of a small map (tests/reference/make_map_reference.py).

#pragma once

#include <fstream>

#include <nlohmann/json.hpp>

#include "classical/features.hpp"
#include "exploration/tsne.hpp"

namespace thimble::testing {

struct MapReference {
  nlohmann::json json =
      nlohmann::json::parse(std::ifstream(THIMBLE_TEST_DATA "/map_reference.json"));

  classical::Features samples() const {
    linalg::Matrix values(json.at("n"), json.at("dims"));
    for (std::size_t i = 0; i < values.values().size(); ++i) {
      values.values()[i] = json.at("samples").at(i);
    }
    return classical::Features(std::move(values));
  }
  MapPoints map() const {
    MapPoints map;
    for (std::size_t i = 0; i < json.at("map").size(); i += 2) {
      map.x.push_back(json.at("map").at(i));
      map.y.push_back(json.at("map").at(i + 1));
    }
    return map;
  }
  Similarities similarities() const {
    return joint_similarities(neighbors_of_each(samples(), json.at("neighbors")),
                              json.at("perplexity"));
  }
};

}  // namespace thimble::testing
