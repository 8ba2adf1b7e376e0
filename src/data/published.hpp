// Data sets known by name: their files as published, where those are to be had, and what their
// classes are called.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thimble {

/// One file as its publisher offers it.
struct PublishedFile {
  std::string name;
  std::uint64_t bytes = 0;
  std::string md5;
  std::string sha256;
};

struct PublishedDataset {
  std::string name;                ///< "fashion-mnist"
  std::string title;               ///< "Fashion-MNIST (Zalando Research, MIT licence)"
  std::string torchvision_folder;  ///< "FashionMNIST"
  std::vector<std::string> classes;
  std::vector<PublishedFile> files;
  std::vector<std::string> mirrors;  ///< addresses of folders, official first, each ending in "/"
  std::string train_content;         ///< content_digest() of the training set
  std::string test_content;          ///< content_digest() of the test set
  std::string known_impostor;        ///< what files that are not the published ones may well be
};

/// All of them, in the order in which they are listed for people.
std::span<const PublishedDataset> published_datasets();

/// The data set of that name, or null.
const PublishedDataset* find_published(std::string_view name);

/// The data set whose training set has this content, or null.
const PublishedDataset* find_published_content(std::string_view train_content);

}  // namespace thimble
