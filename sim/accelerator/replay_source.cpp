#include "sim/accelerator/replay_source.hpp"

#include "sim/accelerator/checked.hpp"
#include "sim/records/compare.hpp"
#include "sim/records/recorded.hpp"
#include "sim/records/result_place.hpp"
#include "sim/workload/seeded_values.hpp"
#include "traces/base/error.hpp"

#include <fmt/format.h>

#include <utility>

namespace quatrain::sim {
namespace {

constexpr std::uint64_t most_mib = 8192;  // of one GEMM with drawn values

/// Codes packed and, in a judge, one per byte; sums of both sides and the judge's output, 4 bytes each.
std::uint64_t mib_of(const WorkloadGemm& work) {
  const traces::Geometry& g = work.gemm.geometry;
  const auto codes = static_cast<std::uint64_t>(left_elements(work.gemm.phase, g)) +
                     work.samples * static_cast<std::uint64_t>(right_elements(work.gemm.phase, g));
  const auto results = static_cast<std::uint64_t>(result_elements(work.gemm.phase, g));
  return (2 * codes + 12 * results) >> 20U;
}

}  // namespace

ReplayOperands TraceSource::operands(const WorkloadGemm& work) const {
  if (const auto reason = inexact_sum(reader_.manifest(), *work.record))
    throw base::Error("{}: {}", place_of(work), *reason);
  const auto recorded = std::make_shared<RecordedOperands>(reader_, *work.record);
  return {recorded->left, recorded->right, recorded};
}

std::optional<std::string> TraceSource::difference(const WorkloadGemm& work, const ReplayOperands&,
                                                   std::span<const std::int32_t> found) const {
  const traces::GemmRecord& record = *work.record;
  const Recorded<std::int32_t> recorded = recorded_accumulators(reader_, record);
  if (agrees(recorded, found)) return std::nullopt;
  if (!recorded.elements)
    return fmt::format(
        "the accumulators' CRC32C is {:08x}; the record has {:08x} (it stores no accumulators, so no element "
        "can be named)",
        traces::crc32c(traces::bytes_of(found)), recorded.crc32c);
  const std::span<const std::int32_t> expected = *recorded.elements;
  const std::int64_t first = first_unequal(expected, found).value();
  const auto element = static_cast<std::size_t>(first);
  return fmt::format("accumulator {} of {} (index {}) is {}; the record has {}", element, found.size(),
                     traces::text_of(index_in(record.result_shape, first)),
                     accumulator_text(record.accumulator, found[element]),
                     accumulator_text(record.accumulator, expected[element]));
}

SeededSource::SeededSource(std::uint32_t seed, std::vector<traces::Machine*> judges)
    : seed_(seed), judges_(std::move(judges)) {}

ReplayOperands SeededSource::operands(const WorkloadGemm& work) const {
  if (const auto reason = traces::inexact_sum(work.size(), work.left, work.right, work.samples))
    throw base::Error("{}: {}", place_of(work), *reason);
  const traces::PhaseInfo info = info_of(work.gemm.phase);
  const auto codes = std::make_shared<std::vector<std::vector<std::uint8_t>>>();
  const auto drawn = [&](traces::Role role, traces::Encoding encoding, unsigned sample) {
    const auto elements = static_cast<std::uint64_t>(elements_of(role, work.gemm.geometry));
    return traces::Operand{
        encoding, 1, codes->emplace_back(drawn_codes({seed_, work.layer, role, sample}, encoding, elements))};
  };
  codes->reserve(1 + work.samples);
  ReplayOperands operands{drawn(info.left, work.left, 0), {}, codes};
  for (unsigned sample = 0; sample < work.samples; ++sample)
    operands.right.push_back(drawn(info.right, work.right, sample));
  return operands;
}

std::optional<std::string> SeededSource::difference(const WorkloadGemm& work, const ReplayOperands& operands,
                                                    std::span<const std::int32_t> found) const {
  std::string reasons;
  for (traces::Machine* judge : judges_) {
    if (const auto reason = judge->refuses(work.gemm, work.left, work.right)) {
      reasons += fmt::format(" {}: {}", judge->name(), *reason);
      continue;
    }
    const traces::GemmResult expected = judge->multiply(work.gemm, operands.left, operands.right);
    const auto first = first_unequal(std::span<const std::int32_t>(expected.accumulators), found);
    if (!first) return std::nullopt;
    const auto element = static_cast<std::size_t>(*first);
    return fmt::format("accumulator {} of {} is {}; {} has {}", element, found.size(),
                       accumulator_text(work.gemm.accumulator, found[element]), judge->name(),
                       accumulator_text(work.gemm.accumulator, expected.accumulators[element]));
  }
  throw base::Error("{}: no machine to hold the sums against:{}", place_of(work), reasons);
}

std::uint64_t macs_to_replay(const Workload& workload) {
  std::uint64_t macs = 0;
  for (const WorkloadGemm& work : workload.gemms)
    macs =
        checked_sum(macs, checked_product(static_cast<std::uint64_t>(mac_count(work.size())), work.samples));
  return macs;
}

void require_small_enough(const Workload& workload, std::uint64_t most_macs) {
  if (const std::uint64_t macs = macs_to_replay(workload); macs > most_macs)
    throw base::Error(
        "{}: --values: {} MACs to replay; expected at most {}: a smaller --batch, fewer layers, a larger "
        "--replay-limit, or no --values (cycles and bytes are the same)",
        workload.source.place, macs, most_macs);
  for (const WorkloadGemm& work : workload.gemms)
    if (const std::uint64_t mib = mib_of(work); mib > most_mib)
      throw base::Error(
          "{}: --values: {}: the product needs about {} MiB; expected at most {}: a smaller --batch, fewer "
          "layers, or no --values (cycles and bytes are the same)",
          workload.source.place, place_of(work), mib, most_mib);
}

}  // namespace quatrain::sim
