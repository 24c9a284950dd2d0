#include "sim/accelerator/quantizer_replay.hpp"

#include "sim/accelerator/quantizer_cycles.hpp"
#include "sim/records/recorded.hpp"
#include "traces/encoding/nibbles.hpp"

#include <fmt/format.h>

#include <optional>

namespace quatrain::sim {
namespace {

/// What is wrong first; nothing where all is equal.
std::optional<std::string> difference(const traces::QuantizerResult& found,
                                      const traces::QuantizerRecord& record,
                                      const std::vector<std::uint8_t>& codes) {
  if (found.max != record.max)
    return fmt::format("the maximum is {}; the record has {}", found.max, record.max);
  if (found.facts != record.facts) return "sums or clip are not those of the record";
  if (found.scale != record.scale)
    return fmt::format("the scale is {}; the record has {}", found.scale, record.scale);
  for (std::size_t i = 0; i < 2 * codes.size(); ++i)
    if (const auto code = traces::nibble_at(found.codes, i), expected = traces::nibble_at(codes, i);
        code != expected)
      return fmt::format("code {} is {:x}; the record has {:x}", i, code, expected);
  return std::nullopt;
}

}  // namespace

void QuantizerCheck::replay(const QuantizerWork& work) {
  if (work.record == nullptr || !work.record->source) return;
  const RecordedQuantizer recorded(reader_, *work.record);
  traces::QuantizerTask task = recorded.task;
  if (!work.measures_maximum) task.maximum = std::get<traces::Fp4Facts>(work.record->facts).max_used;
  const rtl_models::SampledRun run = model_.quantize_samples(task, work.samples);
  compare(run.samples.front(), *work.record, recorded.codes);
  for (std::size_t i = 0; i < work.further.size(); ++i)
    compare(run.samples[i + 1], *work.further[i], RecordedQuantizer(reader_, *work.further[i]).codes);
  if (const std::uint64_t expected = quantizer_cycles({&work, 1}, design_); run.cycles != expected) {
    findings_.cycles_equal = false;
    findings_.differences.push_back(fmt::format("{}: {} cycles simulated; the closed form gives {}",
                                                work.record->id, run.cycles, expected));
  }
}

void QuantizerCheck::compare(const traces::QuantizerResult& found, const traces::QuantizerRecord& record,
                             const std::vector<std::uint8_t>& codes) {
  ++findings_.quantizers;
  if (const auto reason = difference(found, record, codes))
    findings_.differences.push_back(fmt::format("{}: {}", record.id, *reason));
  else
    ++findings_.quantizers_equal;
}

}  // namespace quatrain::sim
