#include "onnx/model_builder.hpp"

#include <array>
#include <bit>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <onnx_format.pb.h>

#include "base/error.hpp"
#include "base/shipped.hpp"

namespace thimble::onnx {
namespace {

// The version of the format that came with opset 13.
constexpr std::int64_t kIrVersion = 7;
constexpr std::size_t kLargestFile = 0x7fffffff;
constexpr std::string_view kMlDomain = "ai.onnx.ml";
constexpr const char* kProbabilities = "probabilities";

static_assert(std::endian::native == std::endian::little, "raw_data is little-endian");

template <class Value>
constexpr TensorElement kElement = TensorElement::f32;
template <>
constexpr TensorElement kElement<std::int64_t> = TensorElement::i64;
template <>
constexpr TensorElement kElement<double> = TensorElement::f64;
template <>
constexpr TensorElement kElement<std::uint8_t> = TensorElement::u8;

/// Writes an attribute's value with its type.
struct SetAttribute {
  format::AttributeProto& to;

  void operator()(std::int64_t value) const {
    to.set_type(format::AttributeProto::INT);
    to.set_i(value);
  }
  void operator()(float value) const {
    to.set_type(format::AttributeProto::FLOAT);
    to.set_f(value);
  }
  void operator()(const std::string& value) const {
    to.set_type(format::AttributeProto::STRING);
    to.set_s(value);
  }
  void operator()(const std::vector<std::int64_t>& values) const {
    to.set_type(format::AttributeProto::INTS);
    to.mutable_ints()->Add(values.begin(), values.end());
  }
  void operator()(const std::vector<float>& values) const {
    to.set_type(format::AttributeProto::FLOATS);
    to.mutable_floats()->Add(values.begin(), values.end());
  }
  void operator()(const std::vector<std::string>& values) const {
    to.set_type(format::AttributeProto::STRINGS);
    for (const std::string& value : values) to.add_strings(value);
  }
};

/// The type [batch, sizes...].
void set_type(format::ValueInfoProto& value, TensorElement element, std::span<const int> sizes) {
  auto* tensor = value.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(static_cast<std::int32_t>(element));
  tensor->mutable_shape()->add_dim()->set_dim_param("batch");
  for (const int size : sizes) tensor->mutable_shape()->add_dim()->set_dim_value(size);
}

}  // namespace

class ModelBuilder::Impl {
 public:
  using Turn = ModelBuilder::Turn;

  explicit Impl(const std::string& graph_name) {
    model_.set_ir_version(kIrVersion);
    model_.set_producer_name("thimble");
    model_.set_producer_version(program_version());
    model_.add_opset_import()->set_version(kOpset);
    graph().set_name(graph_name);
  }

  format::GraphProto& graph() { return *model_.mutable_graph(); }
  /// Where nodes are added: the graph, or a loop's body.
  format::GraphProto& current() { return inner_ != nullptr ? *inner_ : graph(); }

  /// A name that nothing has yet: the hint, or the hint with a number.
  std::string fresh_name(std::string_view hint) {
    std::string name(hint);
    for (int number = 2; !names_.insert(name).second; ++number) {
      name = fmt::format("{}_{}", hint, number);
    }
    return name;
  }

  template <class Value>
  std::string constant(std::string_view hint, std::span<const Value> values,
                       std::span<const std::int64_t> shape) {
    std::size_t size = 1;
    for (const std::int64_t extent : shape) size *= static_cast<std::size_t>(extent);
    if (size != values.size()) {
      throw ShapeError(
          fmt::format("constant {}: {} values, expected {}", hint, values.size(), size));
    }
    auto& tensor = *graph().add_initializer();
    tensor.set_name(fresh_name(hint));
    tensor.set_data_type(static_cast<std::int32_t>(kElement<Value>));
    tensor.mutable_dims()->Add(shape.begin(), shape.end());
    tensor.set_raw_data(values.data(), values.size_bytes());
    return tensor.name();
  }

  std::vector<std::string> node(std::string_view domain, std::string_view op,
                                std::vector<std::string> inputs, const Attributes& attributes,
                                std::size_t outputs) {
    auto& node = *current().add_node();
    node.set_op_type(std::string(op));
    if (!domain.empty()) node.set_domain(std::string(domain));
    for (std::string& input : inputs) node.add_input(std::move(input));
    std::vector<std::string> names;
    for (std::size_t i = 0; i < outputs; ++i) {
      names.push_back(fresh_name(op));
      node.add_output(names.back());
    }
    node.set_name(names.front());
    for (const auto& [name, value] : attributes) {
      auto& attribute = *node.add_attribute();
      attribute.set_name(name);
      std::visit(SetAttribute{attribute}, value);
    }
    return names;
  }

  std::string loop(std::int64_t most, const std::string& state,
                   const std::function<Turn(const std::string&)>& body) {
    const std::string trips = constant("trips", std::span<const std::int64_t>(&most, 1), {});
    format::GraphProto turn;
    turn.set_name(fresh_name("turn"));
    declare_fresh("iteration", TensorElement::i64, *turn.add_input());
    declare_fresh("go_on", TensorElement::boolean, *turn.add_input());
    const std::string before = declare_fresh("state", TensorElement::f64, *turn.add_input());
    format::GraphProto* const outer = std::exchange(inner_, &turn);
    const Turn after = body(before);
    inner_ = outer;
    declare(after.go_on, TensorElement::boolean, *turn.add_output());
    declare(after.state, TensorElement::f64, *turn.add_output());

    const std::string result = node("", "Loop", {trips, "", state}, {}, 1).front();
    auto& attribute = *current().mutable_node(current().node_size() - 1)->add_attribute();
    attribute.set_name("body");
    attribute.set_type(format::AttributeProto::GRAPH);
    attribute.mutable_g()->Swap(&turn);
    return result;
  }

  /// Names `value`, of the type [batch, size], as an output.
  void output(const std::string& value, const char* name, TensorElement element, int size) {
    auto& node = *graph().add_node();
    node.set_op_type("Identity");
    node.set_name(name);
    node.add_input(value);
    node.add_output(name);
    auto& output = *graph().add_output();
    output.set_name(name);
    set_type(output, element, std::array{size});
  }

  void need_ml() {
    if (model_.opset_import_size() > 1) return;
    auto& opset = *model_.add_opset_import();
    opset.set_domain(std::string(kMlDomain));
    opset.set_version(kMlOpset);
  }

  format::ModelProto model_;

 private:
  /// A value of a loop's body, of unknown shape unless it is one number.
  static void declare(const std::string& name, TensorElement element, format::ValueInfoProto& to) {
    to.set_name(name);
    auto* type = to.mutable_type()->mutable_tensor_type();
    type->set_elem_type(static_cast<std::int32_t>(element));
    if (element != TensorElement::f64) type->mutable_shape();
  }
  std::string declare_fresh(std::string_view hint, TensorElement element,
                            format::ValueInfoProto& to) {
    declare(fresh_name(hint), element, to);
    return to.name();
  }

  format::GraphProto* inner_ = nullptr;
  // The names of inputs and outputs are kept for them.
  std::set<std::string> names_ = {"pictures", kProbabilities, "top_probabilities", "top_classes"};
};

ModelBuilder::ModelBuilder(std::string graph_name) : impl_(std::make_unique<Impl>(graph_name)) {}
ModelBuilder::~ModelBuilder() = default;
ModelBuilder::ModelBuilder(ModelBuilder&&) noexcept = default;
ModelBuilder& ModelBuilder::operator=(ModelBuilder&&) noexcept = default;

std::string ModelBuilder::pictures(int height, int width, int channels) {
  auto& input = *impl_->graph().add_input();
  input.set_name("pictures");
  set_type(input, TensorElement::u8, std::array{height, width, channels});
  return input.name();
}

std::string ModelBuilder::constant(std::string_view hint, std::span<const float> values,
                                   std::span<const std::int64_t> shape) {
  return impl_->constant(hint, values, shape);
}

std::string ModelBuilder::constant(std::string_view hint, std::span<const std::int64_t> values,
                                   std::span<const std::int64_t> shape) {
  return impl_->constant(hint, values, shape);
}

std::string ModelBuilder::constant(std::string_view hint, std::span<const double> values,
                                   std::span<const std::int64_t> shape) {
  return impl_->constant(hint, values, shape);
}

std::string ModelBuilder::constant(std::string_view hint, std::span<const std::uint8_t> values,
                                   std::span<const std::int64_t> shape) {
  return impl_->constant(hint, values, shape);
}

std::string ModelBuilder::scalar(std::string_view hint, float value) {
  return impl_->constant(hint, std::span<const float>(&value, 1), {});
}

std::string ModelBuilder::integers(std::string_view hint, const std::vector<std::int64_t>& values) {
  const auto size = static_cast<std::int64_t>(values.size());
  return impl_->constant(hint, std::span(values), std::span(&size, 1));
}

std::string ModelBuilder::node(std::string_view op, std::vector<std::string> inputs,
                               Attributes attributes) {
  return nodes(op, std::move(inputs), std::move(attributes), 1).front();
}

std::vector<std::string> ModelBuilder::nodes(std::string_view op, std::vector<std::string> inputs,
                                             Attributes attributes, std::size_t outputs) {
  return impl_->node("", op, std::move(inputs), attributes, outputs);
}

std::vector<std::string> ModelBuilder::ml_node(std::string_view op, std::vector<std::string> inputs,
                                               Attributes attributes, std::size_t outputs) {
  impl_->need_ml();
  return impl_->node(kMlDomain, op, std::move(inputs), attributes, outputs);
}

std::string ModelBuilder::loop(std::int64_t most, const std::string& state,
                               const std::function<Turn(const std::string&)>& body) {
  return impl_->loop(most, state, body);
}

void ModelBuilder::probabilities(const std::string& value, int classes) {
  impl_->output(value, kProbabilities, TensorElement::f32, classes);
}

void ModelBuilder::top(int k) {
  const auto found =
      nodes("TopK", {kProbabilities, integers("k", {k})}, {{"axis", std::int64_t{1}}}, 2);
  impl_->output(found[0], "top_probabilities", TensorElement::f32, k);
  impl_->output(found[1], "top_classes", TensorElement::i64, k);
}

void ModelBuilder::metadata(std::string_view key, std::string_view value) {
  auto& property = *impl_->model_.add_metadata_props();
  property.set_key(std::string(key));
  property.set_value(std::string(value));
}

std::string ModelBuilder::finish() const {
  const std::size_t size = impl_->model_.ByteSizeLong();
  if (size > kLargestFile) {
    throw DataError(fmt::format("the model would take {} bytes as an ONNX file, which may have {}",
                                size, kLargestFile));
  }
  return impl_->model_.SerializeAsString();
}

}  // namespace thimble::onnx
