#pragma once
/// Where a replay takes the operands of its GEMMs from, and what it holds the sums against: the records of a
/// trace, or values drawn from a seed and another machine.

#include "sim/workload/workload.hpp"
#include "traces/format/reader.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quatrain::sim {

struct ReplayOperands {
  traces::Operand left;
  std::vector<traces::Operand> right;  ///< one, or the samples of backward_weight
  std::shared_ptr<const void> codes;   ///< what the two look at
};

class ReplaySource {
 public:
  virtual ~ReplaySource() = default;
  /// The trace that the GEMMs are records of; null for drawn values.
  virtual const traces::TraceReader* trace() const { return nullptr; }
  /// Throws Error when the sums could leave int32.
  virtual ReplayOperands operands(const WorkloadGemm& work) const = 0;
  /// Nothing where the sums are the right ones; else what is wrong first.
  virtual std::optional<std::string> difference(const WorkloadGemm& work, const ReplayOperands& operands,
                                                std::span<const std::int32_t> found) const = 0;
};

/// Of GEMMs with a record.
class TraceSource final : public ReplaySource {
 public:
  /// `reader` must outlive it.
  explicit TraceSource(const traces::TraceReader& reader) : reader_(reader) {}
  const traces::TraceReader* trace() const override { return &reader_; }
  ReplayOperands operands(const WorkloadGemm& work) const override;
  std::optional<std::string> difference(const WorkloadGemm& work, const ReplayOperands& operands,
                                        std::span<const std::int32_t> found) const override;

 private:
  const traces::TraceReader& reader_;
};

/// Of GEMMs without values: seeded_values.hpp, with scales of 1.
class SeededSource final : public ReplaySource {
 public:
  /// The sums have to be those of the first machine that does not refuse the GEMM. They must outlive it.
  SeededSource(std::uint32_t seed, std::vector<traces::Machine*> judges);
  ReplayOperands operands(const WorkloadGemm& work) const override;
  std::optional<std::string> difference(const WorkloadGemm& work, const ReplayOperands& operands,
                                        std::span<const std::int32_t> found) const override;

 private:
  std::uint32_t seed_;
  std::vector<traces::Machine*> judges_;
};

/// MACs of a replay that draws its values: a layer that occurs several times is computed once.
std::uint64_t macs_to_replay(const Workload& workload);
/// Throws Error, naming sizes and what to do, for more MACs or a GEMM that needs more memory.
void require_small_enough(const Workload& workload, std::uint64_t most_macs);

}  // namespace quatrain::sim
