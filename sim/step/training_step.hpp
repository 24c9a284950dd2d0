#pragma once
/// A whole training step on an accelerator, one operation after the other: the three products of every layer,
/// the quantizers before them, the passes of the fp32 vector unit, the loss and the optimizer
/// (docs/guides/step.md). An operation takes as long as its busiest resource; nothing overlaps between
/// operations.

#include "emu/nn/training_config.hpp"
#include "sim/accelerator/config.hpp"
#include "sim/accelerator/technology.hpp"
#include "sim/records/provenance.hpp"
#include "sim/step/vector_pass.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim {

/// What an operation keeps busy. Energy of the buffers and of scaling results is the array's, that of random
/// bits the quantizers'.
enum class Resource : std::uint8_t { array, quantizers, vector_unit, dram };
inline constexpr std::array<std::string_view, 4> resource_words = {"array", "quantizers", "vector_unit",
                                                                   "dram"};
constexpr std::string_view name_of(Resource resource) {
  return resource_words[static_cast<std::size_t>(resource)];
}
/// One of something for each resource.
template <typename T>
using ByResource = std::array<T, resource_words.size()>;

/// All times are in cycles of the array's clock.
struct StepOperation {
  std::string layer;  ///< "" for the loss
  StepPart part = StepPart::forward;
  std::string name;  ///< "forward", "quantize for forward", "batch_norm mean"
  std::uint64_t begin = 0, cycles = 0;
  ByResource<std::uint64_t> busy = {};
  std::uint64_t bytes = 0;      ///< from and to DRAM
  std::uint64_t macs = 0;       ///< of a product
  VectorOperations operations = {};  ///< of the vector unit

  /// The resource that it takes longest; of equal ones the first.
  Resource bound_by() const;
};

/// Energy of the step by one table.
struct StepEnergy {
  std::string technology;
  ByResource<Bounds> pj = {};
  Bounds total() const;
};

struct TrainingStep {
  AcceleratorConfig config;
  std::string model;
  std::int64_t batch = 0;
  std::vector<StepOperation> operations;  ///< in the order of the step
  std::vector<StepEnergy> energy;         ///< one per table of the config
  std::uint64_t kept_bytes = 0;       ///< from forward to backward: the most that stands in DRAM between them
  std::uint64_t parameter_bytes = 0;  ///< weights, biases, momenta
  std::vector<std::string> limits;    ///< what the figures do not contain, one sentence each
  Provenance provenance;

  std::uint64_t cycles() const;  ///< of the whole step
  double milliseconds() const;
};

/// What operations have in common, added.
struct StepSum {
  std::uint64_t operations = 0, cycles = 0, bytes = 0, macs = 0;
  ByResource<std::uint64_t> busy = {};
  ByResource<std::uint64_t> bound = {};  ///< cycles of the operations that each bounds

  void add(const StepOperation& operation);
};

/// `batch`: samples of the step. Throws Error when a GEMM cannot be mapped or a count leaves 64 bits.
TrainingStep training_step(const AcceleratorConfig& config, const std::vector<Technology>& technologies,
                           const emu::TrainingConfig& network, std::int64_t batch);

}  // namespace quatrain::sim
