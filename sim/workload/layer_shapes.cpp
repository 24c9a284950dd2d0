#include "sim/workload/layer_shapes.hpp"

#include "traces/base/error.hpp"

#include <initializer_list>
#include <utility>

namespace quatrain::sim {
namespace {

using traces::Phase;
using traces::Role;

constexpr std::int64_t most_elements = std::int64_t{1} << 53;

/// The product; nothing where it leaves 63 bits.
std::optional<std::int64_t> count_of(std::initializer_list<std::int64_t> factors) {
  std::int64_t product = 1;
  for (const std::int64_t factor : factors)
    if (__builtin_mul_overflow(product, factor, &product)) return std::nullopt;
  return product;
}

void require_countable_tensors(const LayerShape& layer) {
  const traces::Geometry& g = layer.geometry;
  for (const auto elements :
       {count_of({g.batch, g.in_channels, g.height, g.width}),
        count_of({g.out_channels, g.in_channels / g.groups, g.kernel_height, g.kernel_width}),
        count_of({g.batch, g.out_channels, g.out_height, g.out_width})})
    if (!elements || *elements > most_elements)
      throw base::Error("layer {}: a tensor has too many elements; expected at most 2^53", layer.name);
}

class GemmList {
 public:
  explicit GemmList(const std::vector<LayerShape>& layers) : layers_(layers) {}

  void add(std::size_t index, Phase phase) {
    const LayerShape& layer = layers_[index];
    const traces::PhaseInfo info = info_of(phase);
    if (!layer.rules.of(info.left) || !layer.rules.of(info.right)) return;
    WorkloadGemm work{.layer = layer.name,
                      .gemm = {phase, layer.geometry},
                      .samples = phase == Phase::backward_weight ? layer.rules.samples : 1,
                      .count = layer.count,
                      .left = encoding_of(*layer.rules.of(info.left)),
                      .right = encoding_of(*layer.rules.of(info.right)),
                      .quantizers = {}};
    require_countable(work);
    for (const Role role : {info.left, info.right})
      for (unsigned sample = 0; sample < (role == Role::gradient ? work.samples : 1); ++sample)
        work.quantizers.push_back(quantizer(index, role, sample));
    gemms_.push_back(std::move(work));
  }

  std::vector<WorkloadGemm> take() { return std::move(gemms_); }

 private:
  QuantizerWork quantizer(std::size_t index, Role role, unsigned sample) const {
    constexpr std::uint64_t most_samples = 16, roles = 3;
    const LayerShape& layer = layers_[index];
    const OperandRules& rules = layer.rules;
    QuantizerWork work{.rule = *rules.of(role),
                       .elements = static_cast<std::uint64_t>(elements_of(role, layer.geometry)),
                       .measures_maximum = sample == 0,
                       .tensor = (index * roles + static_cast<std::uint64_t>(role)) * most_samples + sample};
    if (role != Role::gradient) return work;
    work.random_bits = traces::info_of(work.rule).draws ? rules.random_bits : 0;
    work.alpha = rules.alpha;
    work.maximum_is_known = rules.maximum_is_known;
    return work;
  }

  static void require_countable(const WorkloadGemm& work) {
    const traces::GemmSize size = work.size();
    if (!count_of({size.m, size.n, size.k, size.groups, std::int64_t{work.samples},
                   static_cast<std::int64_t>(work.count)}))
      throw base::Error(
          "layer {}: {} products of {} x {} x {} in {} groups have too many MACs; expected fewer "
          "than 2^63 in all",
          work.layer, work.count, size.m, size.n, size.k, size.groups);
  }

  const std::vector<LayerShape>& layers_;
  std::vector<WorkloadGemm> gemms_;
};

}  // namespace

std::optional<traces::Rule> OperandRules::of(Role role) const {
  switch (role) {
    case Role::input:
      return input;
    case Role::weight:
      return weight;
    case Role::gradient:
      return gradient;
  }
  return std::nullopt;
}

traces::Geometry gemm_geometry(std::int64_t m, std::int64_t n, std::int64_t k, std::int64_t groups) {
  traces::Geometry geometry;
  geometry.batch = m;
  geometry.in_channels = k * groups;
  geometry.out_channels = n * groups;
  geometry.groups = groups;
  return geometry;
}

std::vector<WorkloadGemm> gemms_of(const std::vector<LayerShape>& layers, Phases phases) {
  for (const LayerShape& layer : layers) require_countable_tensors(layer);
  GemmList list(layers);
  for (std::size_t i = 0; i < layers.size(); ++i) list.add(i, Phase::forward);
  switch (phases) {
    case Phases::forward:
      break;
    case Phases::training:
      for (std::size_t i = layers.size(); i-- > 0;) {
        if (layers[i].wants_input_gradient) list.add(i, Phase::backward_data);
        list.add(i, Phase::backward_weight);
      }
      break;
  }
  return list.take();
}

}  // namespace quatrain::sim
