// What is known of a model, as JSON and in a model file's metadata. Every family saves and loads it
// through here.

#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "models/classifier.hpp"
#include "models/model_file.hpp"

namespace thimble {

nlohmann::json to_json(const PictureShape& shape);
nlohmann::json to_json(const Provenance& provenance);
nlohmann::json to_json(const PictureStyle& style);
nlohmann::json to_json(const ModelDescription& description);

/// The way back. Every key must be there, of the right kind and in range, but for those that older
/// files lack (`style`, `temperature`, `unsure_below`); keys of later versions are ignored.
/// @param place  starts the messages
/// @throws DataError  naming the key and what is wrong with it
PictureShape picture_shape_from_json(const nlohmann::json& json, const std::string& place);
Provenance provenance_from_json(const nlohmann::json& json, const std::string& place);
ModelDescription description_from_json(const nlohmann::json& json, const std::string& place);

/// description_from_json() of JSON text, as files carry it.
ModelDescription parse_description(const std::string& text, const std::string& place);

/// What made a model, for people: "thimble 0.1.0", "another program".
std::string made_by(const ModelDescription& description);

/// Writes the metadata that every Thimble model has: "thimble.format" = "1", "thimble.family" and
/// "thimble.description", the description as JSON; and the novelty detector's tensors.
void write_description(const ModelDescription& description, ModelFile& file);

/// Reads it all back.
/// @throws DataError  if the file is no Thimble model, of a later format, or its description or
///                    detector is not usable
ModelDescription read_description(const ModelFile& file, const std::string& place);

/// The metadata's "thimble.family".
/// @throws DataError  if the file is no Thimble model or of a later format
std::string family_of(const ModelFile& file, const std::string& place);

}  // namespace thimble
