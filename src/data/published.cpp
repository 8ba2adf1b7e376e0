#include "data/published.hpp"

#include <algorithm>

namespace thimble {
namespace {

PublishedDataset fashion_mnist() {
  return {
      .name = "fashion-mnist",
      .title = "Fashion-MNIST (Zalando Research, MIT licence)",
      .torchvision_folder = "FashionMNIST",
      .classes = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
                  "Sneaker", "Bag", "Ankle boot"},
      .files = {{"train-images-idx3-ubyte.gz", 26'421'880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                 "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"},
                {"train-labels-idx1-ubyte.gz", 29'515, "25c81989df183df01b3e8a0aad5dffbe",
                 "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"},
                {"t10k-images-idx3-ubyte.gz", 4'422'102, "bef4ecab320f06d8554ea6380940ec79",
                 "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"},
                {"t10k-labels-idx1-ubyte.gz", 5'148, "bb300cfdad3c16e7a12a480ee83cd310",
                 "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"}},
      .mirrors = {"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                  "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/"},
      .train_content = "4c5d9d5e869711dbcd37f2896efb0bf23a8a0e54358e632a062e9a915a4fff8a",
      .test_content = "e2e247da49e1786065addf48fee3e42d9f5106ec3b2519068c5527baf122b720",
      .known_impostor =
          "the first release of Fashion-MNIST, from before 31 August 2017, which "
          "shares pictures between training and test set",
  };
}

PublishedDataset mnist() {
  return {
      .name = "mnist",
      .title = "MNIST (Y. LeCun, C. Cortes, C. Burges)",
      .torchvision_folder = "MNIST",
      .classes = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
      .files = {{"train-images-idx3-ubyte.gz", 9'912'422, "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                 "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
                {"train-labels-idx1-ubyte.gz", 28'881, "d53e105ee54ea40749a09fcbcd1e9432",
                 "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
                {"t10k-images-idx3-ubyte.gz", 1'648'877, "9fb629c4189551a2d022fa330f9573f3",
                 "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
                {"t10k-labels-idx1-ubyte.gz", 4'542, "ec29112dd5afa0611ce80d1b7f02629c",
                 "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"}},
      .mirrors = {"https://ossci-datasets.s3.amazonaws.com/mnist/",
                  "https://storage.googleapis.com/cvdf-datasets/mnist/"},
      .train_content = "578070e02c7bceb317e3622f80557d87406f262e864ca80f416e6d857be3bd73",
      .test_content = "ca419b64af3b5ded6a42ee6bc1338bacaa0077114a356713b4c59036ca04d3dd",
      .known_impostor = "",
  };
}

}  // namespace

std::span<const PublishedDataset> published_datasets() {
  static const std::vector<PublishedDataset> known{fashion_mnist(), mnist()};
  return known;
}

const PublishedDataset* find_published(std::string_view name) {
  const auto known = published_datasets();
  const auto found = std::ranges::find(known, name, &PublishedDataset::name);
  return found == known.end() ? nullptr : &*found;
}

const PublishedDataset* find_published_content(std::string_view train_content) {
  const auto known = published_datasets();
  const auto found = std::ranges::find(known, train_content, &PublishedDataset::train_content);
  return found == known.end() ? nullptr : &*found;
}

}  // namespace thimble
