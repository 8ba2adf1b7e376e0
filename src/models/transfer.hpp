// Networks that start from a trained one instead of from nothing.
//
// The layers of the trained network take the place of the recipe's; its last dense layer, the head,
// is made anew for the data's classes unless they are the ones that it knows. Pictures may differ
// from those that it was trained on:
//
// - in size, where no layer's parameters depend on it: a network that ends in global pooling takes
//   any size that its pools and kernels fit into, one that flattens maps only its own;
// - in channels, between one and several. From grey to several, each channel gets the kernels
//   divided by the number of channels; from several to grey, the sum of the channels' kernels
//   (models/grey_input.hpp). Both keep the responses to a picture whose channels are equal. (The
//   mean instead of the sum, which is common too, would shrink them to a third, and batch norm's
//   statistics would no longer fit.)

#pragma once

#include <string>
#include <vector>

#include "imaging/images.hpp"
#include "nn/fine_tuning.hpp"
#include "nn/graph.hpp"
#include "nn/network.hpp"

namespace thimble {

/// A recipe's table [transfer].
struct TransferOptions {
  std::string init = {};          ///< model file, run folder, shipped model or torchvision's
                                  ///< weights; "": from nothing
  std::string init_sha256 = {};   ///< of its file, once that was read; "": any
  std::string freeze = "none";    ///< "none"; "backbone": all but the head; "2": stages up to the
                                  ///< second (nn/fine_tuning.hpp)
  int unfreeze_epochs = 0;        ///< after every so many epochs one more stage, from the top, is
                                  ///< trained; 0: never
  std::string stem = "imagenet";  ///< of torchvision's weights, "imagenet" or "small"
                                  ///< (models/torchvision.hpp); a recipe's default is model.stem
  std::string grey = "sum";       ///< a colour network's way to take grey pictures, "sum" or
                                  ///< "replicate" (models/grey_input.hpp)
};

/// A trained network to start from.
struct InitialNetwork {
  std::string source;               ///< its file, for messages
  std::string sha256;               ///< of that file
  PictureShape input;               ///< what it was trained on
  std::vector<std::string> layers;  ///< lines of nn/graph.hpp, the last "dense N"
  nn::InputScaling scaling;
  nn::ParameterValues parameters;
  std::vector<std::string> classes;  ///< empty: not known
};

/// @param init  as TransferOptions::init
/// @param stem  as TransferOptions::stem
/// @throws UsageError            if there is nothing of that name, it is no network, or it does not
///                               end with a dense layer
/// @throws FileError, DataError  if it cannot be read
InitialNetwork load_initial_network(const std::string& init, const std::string& stem = "imagenet");

/// The network's lines with "dense classes" for a head.
std::vector<std::string> transferred_layers(const InitialNetwork& initial);

/// Refuses a stage to freeze that the network does not have.
/// @throws UsageError  saying how many there are
void check_freeze(const InitialNetwork& initial, const TransferOptions& options);

/// The network made to fit data.
struct TransferredNetwork {
  nn::Graph graph;
  nn::InputScaling scaling;
  nn::FineTuning tuning;  ///< without the scale of the backbone's learning rate
  std::string summary;    ///< what was kept, adapted, frozen; lines
};

/// @param input    the pictures to train on
/// @param classes  their classes
/// @throws UsageError  if the network does not fit them; names both shapes
TransferredNetwork transfer(const InitialNetwork& initial, const TransferOptions& options,
                            const PictureShape& input, const std::vector<std::string>& classes);

}  // namespace thimble
