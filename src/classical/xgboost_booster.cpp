#include "classical/xgboost_booster.hpp"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>
#include <xgboost/c_api.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/parallel.hpp"

namespace thimble::classical {
namespace {

using nlohmann::json;

/// The first line of XGBoost's last error, without time, file and stack.
std::string last_error() {
  std::string text = XGBGetLastError();
  text = text.substr(0, text.find('\n'));
  const std::size_t place = text.find(".cc:");
  const std::size_t colon = place == std::string::npos ? place : text.find(": ", place + 4);
  return colon == std::string::npos ? text : text.substr(colon + 2);
}

template <class Failure = DataError>
void check(int status) {
  if (status != 0) throw Failure("XGBoost: " + last_error());
}

/// Both settings belong to the thread that calls the library.
void silence() {
  check(XGBRegisterLogCallback([](const char*) {}));
  check(XGBSetGlobalConfig(R"({"verbosity": 0})"));
}

/// Where the features lie, in NumPy's array interface
/// (https://numpy.org/doc/stable/reference/arrays.interface.html). Bytes are given without their
/// scale: trees ask for the order of values only.
std::string array_interface(const Features& features) {
  const void* data = features.is_bytes() ? static_cast<const void*>(features.bytes().data())
                                         : static_cast<const void*>(features.values().data());
  const json array = {{"data", {reinterpret_cast<std::uintptr_t>(data), true}},
                      {"shape", {features.size(), features.dims()}},
                      {"typestr", features.is_bytes() ? "|u1" : "<f4"},
                      {"version", 3}};
  return array.dump();
}

/// NaN, which no feature is, would be a missing value. JSON of XGBoost's kind has a word for it.
std::string matrix_config(const std::string& more) {
  return fmt::format(R"({{"missing": NaN, "nthread": {}{}}})", thread_count(), more);
}

/// The one batch of features that XGBoost asks for, as often as it likes.
struct OneBatch {
  std::string features;
  DMatrixHandle proxy = nullptr;
  bool given = false;

  static void reset(DataIterHandle self) { static_cast<OneBatch*>(self)->given = false; }
  static int next(DataIterHandle self) {
    auto& batch = *static_cast<OneBatch*>(self);
    if (batch.given) return 0;
    batch.given = true;
    // A failure shows later, as a matrix without samples.
    return XGProxyDMatrixSetDataDense(batch.proxy, batch.features.c_str()) == 0 ? 1 : 0;
  }
};

void free_matrix(void* handle) { (void)XGDMatrixFree(handle); }

using BoosterOwner = std::unique_ptr<void, void (*)(void*)>;

void free_booster(void* handle) { (void)XGBoosterFree(handle); }

/// Adds one tree, its nodes renumbered breadth-first: pruning leaves holes in XGBoost's numbers.
void append_tree(const json& tree, float scale, TreeArrays& out) {
  const json &left = tree.at("left_children"), &right = tree.at("right_children");
  const json &feature = tree.at("split_indices"), &value = tree.at("split_conditions");
  std::vector<std::size_t> order{0};
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t node = order[i];
    const bool leaf = left.at(node).get<std::int64_t>() < 0;
    const float number = value.at(node).get<float>();
    out.feature.push_back(leaf ? -1 : feature.at(node).get<std::int32_t>());
    out.value.push_back(leaf ? number : number * scale);
    out.left.push_back(leaf ? 0 : static_cast<std::int32_t>(order.size()));
    if (leaf) continue;
    order.push_back(left.at(node).get<std::size_t>());
    order.push_back(right.at(node).get<std::size_t>());
  }
  out.first_node.push_back(static_cast<std::int32_t>(out.feature.size()));
}

void append_trees(BoosterHandle booster, float scale, TreeArrays& out) {
  bst_ulong size = 0;
  const char* bytes = nullptr;
  check(XGBoosterSaveModelToBuffer(booster, R"({"format": "ubj"})", &size, &bytes));
  try {
    const json saved = json::from_ubjson(bytes, bytes + size);
    for (const json& tree : saved.at("learner").at("gradient_booster").at("model").at("trees")) {
      append_tree(tree, scale, out);
    }
  } catch (const json::exception& error) {
    throw DataError(std::string("XGBoost saves its model in an unknown form: ") + error.what());
  }
}

}  // namespace

XgboostMatrix::XgboostMatrix(void* handle) : handle_(handle, free_matrix) {}

XgboostMatrix XgboostMatrix::binned(const Features& features, int max_bin) {
  silence();
  DMatrixHandle proxy_handle = nullptr;
  check(XGProxyDMatrixCreate(&proxy_handle));
  const std::unique_ptr<void, void (*)(void*)> proxy(proxy_handle, free_matrix);
  OneBatch batch{array_interface(features), proxy.get()};
  const std::string config = matrix_config(fmt::format(R"(, "max_bin": {})", max_bin));
  DMatrixHandle handle = nullptr;
  check(XGQuantileDMatrixCreateFromCallback(&batch, proxy.get(), nullptr, OneBatch::reset,
                                            OneBatch::next, config.c_str(), &handle));
  return XgboostMatrix(handle);
}

XgboostMatrix XgboostMatrix::plain(const Features& features) {
  silence();
  DMatrixHandle handle = nullptr;
  check(XGDMatrixCreateFromDense(array_interface(features).c_str(), matrix_config("").c_str(),
                                 &handle));
  return XgboostMatrix(handle);
}

XgboostBooster::XgboostBooster(const Parameters& parameters,
                               const std::vector<XgboostMatrix>& matrices)
    : matrices_(matrices) {
  silence();
  std::vector<DMatrixHandle> handles;
  for (const XgboostMatrix& matrix : matrices_) handles.push_back(matrix.handle());
  BoosterHandle handle = nullptr;
  check(XGBoosterCreate(handles.data(), handles.size(), &handle));
  handle_ = std::shared_ptr<void>(handle, free_booster);
  for (const auto& [name, value] : parameters) {
    check<UsageError>(XGBoosterSetParam(handle, name.c_str(), value.c_str()));
  }
  check<UsageError>(XGBoosterSetParam(handle, "verbosity", "0"));
  check<UsageError>(XGBoosterSetParam(handle, "nthread", std::to_string(thread_count()).c_str()));
}

std::span<const float> XgboostBooster::margins(const XgboostMatrix& matrix) const {
  constexpr const char* kMargins = R"({"type": 1, "training": true, "iteration_begin": 0,
                                       "iteration_end": 0, "strict_shape": true})";
  const bst_ulong* shape = nullptr;
  bst_ulong dims = 0;
  const float* values = nullptr;
  check(XGBoosterPredictFromDMatrix(handle_.get(), matrix.handle(), kMargins, &shape, &dims,
                                    &values));
  std::size_t count = 1;
  for (bst_ulong i = 0; i < dims; ++i) count *= shape[i];
  return {values, count};
}

void XgboostBooster::boost(const XgboostMatrix& train, std::span<float> gradient,
                           std::span<float> hessian) {
  check(XGBoosterBoostOneIter(handle_.get(), train.handle(), gradient.data(), hessian.data(),
                              gradient.size()));
}

TreeArrays XgboostBooster::trees(int rounds, float scale) const {
  // A saved model taken apart needs twenty times its size: some rounds at a time.
  constexpr int kRounds = 32;
  TreeArrays arrays;
  arrays.first_node.push_back(0);
  for (int begin = 0; begin < rounds; begin += kRounds) {
    BoosterHandle slice = nullptr;
    check(XGBoosterSlice(handle_.get(), begin, std::min(begin + kRounds, rounds), 1, &slice));
    const BoosterOwner owner(slice, free_booster);
    append_trees(slice, scale, arrays);
  }
  return arrays;
}

}  // namespace thimble::classical
