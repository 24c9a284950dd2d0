#pragma once
/// Layers without values as GEMMs and quantizers: what every list of shapes has in common.

#include "sim/workload/workload.hpp"

#include <optional>

namespace quatrain::sim {

/// What quantizes the three operands of a layer; nothing where an operand stays fp32.
struct OperandRules {
  std::optional<traces::Rule> input = traces::Rule::sawb_int4;
  std::optional<traces::Rule> weight = traces::Rule::sawb_int4;
  std::optional<traces::Rule> gradient = traces::Rule::luq_fp4;
  unsigned random_bits = 16;  ///< luq_fp4
  traces::Alpha alpha = traces::Alpha::exact;
  bool maximum_is_known = false;
  unsigned samples = 1;  ///< of the gradient

  std::optional<traces::Rule> of(traces::Role role) const;
};

struct LayerShape {
  std::string name;
  traces::Geometry geometry;
  std::uint64_t count = 1;
  OperandRules rules = {};
  bool wants_input_gradient = true;  ///< false: nothing before it is trained
};

/// A product of m x k and k x n in `groups` groups: no element of the left operand is read for two rows.
traces::Geometry gemm_geometry(std::int64_t m, std::int64_t n, std::int64_t k, std::int64_t groups);

/// The GEMMs of one step: all forward products in order, then, of a training step, from the last layer to the
/// first backward_data and backward_weight. A product with an fp32 operand is left out. Throws Error, naming
/// the layer, when a tensor has more than 2^53 elements or a GEMM 2^63 MACs.
std::vector<WorkloadGemm> gemms_of(const std::vector<LayerShape>& layers, Phases phases);

}  // namespace quatrain::sim
