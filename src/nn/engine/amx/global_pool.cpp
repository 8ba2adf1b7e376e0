#include "nn/engine/amx/global_pool.hpp"

#include "nn/engine/amx/convert.hpp"
#include "nn/engine/training_builder.hpp"

namespace thimble::nn::amx {
namespace {

// Positions are told by 16 bits.
constexpr std::size_t kMostPositions = 65536;

}  // namespace

bool train_global_pool(TrainingBuilder& builder, const Layer& layer, bool largest) {
  const TrainingValuePtr x = builder.input(layer);
  if (!is_maps(x->data.desc())) return false;
  const Maps maps = maps_of(x->data.desc(), builder.batch_size());
  if (maps.positions() > kMostPositions) return false;
  Maps pooled = maps;
  pooled.height = pooled.width = 1;
  Program& program = builder.program();
  const Tensor out = program.tensor(maps_desc(pooled, DataType::bf16));
  std::vector<Tensor> touched{x->data, out};
  Tensor winner;
  if (largest) {
    // Two bytes each: oneDNN has no type of them that bears a name.
    winner = program.tensor(maps_desc(pooled, DataType::bf16));
    touched.push_back(winner);
  }
  const auto winners = [winner] {
    return winner ? static_cast<std::uint16_t*>(winner.data()) : nullptr;
  };
  program.add(Program::forward, layer.name(), touched, [=, from = x->data] {
    global_pool_forward(maps, largest, static_cast<const Bf16*>(from.data()),
                        static_cast<Bf16*>(out.data()), winners());
  });
  const TrainingValuePtr y = builder.add_output(layer, out);
  builder.on_backward([=, &builder, &layer] {
    if (!x->needs_gradient) return;
    const Tensor gradient = builder.gradient_of(y, layer.name());
    const Tensor source_gradient = builder.program().tensor(maps_desc(maps, DataType::bf16));
    std::vector<Tensor> touches{gradient, source_gradient};
    if (winner) touches.push_back(winner);
    builder.program().add(Program::backward, layer.name() + ".backward", touches, [=] {
      global_pool_backward(maps, largest, static_cast<const Bf16*>(gradient.data()), winners(),
                           static_cast<Bf16*>(source_gradient.data()));
    });
    builder.give_gradient(x, source_gradient, false, layer.name());
  });
  return true;
}

}  // namespace thimble::nn::amx
