#include "sim/records/recorded.hpp"

#include "traces/base/error.hpp"
#include "traces/encoding/nibbles.hpp"

#include <bit>
#include <cmath>

namespace quatrain::sim {
namespace {

using base::Error;
using traces::GemmRecord;
using traces::Manifest;
using traces::QuantizerRecord;

/// M, where the record says that it was given from outside.
std::optional<float> given_maximum(const QuantizerRecord& record) {
  const auto* facts = std::get_if<traces::Fp4Facts>(&record.facts);
  if (facts == nullptr) return std::nullopt;
  switch (record.maximum) {
    case traces::Maximum::measured:
      return std::nullopt;
    case traces::Maximum::hindsight:
      break;
  }
  return facts->max_used;
}

/// What decides whether a tensor counts as zero.
float deciding_maximum(const QuantizerRecord& record, const traces::SawbFacts&) { return record.max; }
float deciding_maximum(const QuantizerRecord&, const traces::Fp4Facts& facts) { return facts.max_used; }

void require_finite_scale(const Manifest& manifest, const GemmRecord& record) {
  const float left = manifest.quantizer(record.left[0]).scale;
  const float right = manifest.quantizer(record.right[0]).scale;
  if (const float both = left * right; !std::isfinite(both))
    throw Error("scale out of range: {} * {}; expected a finite product", left, right);
}

void require_memory(const GemmRecord& record, std::uint64_t limit_mib) {
  const auto elements = static_cast<std::uint64_t>(traces::element_count(record.result_shape));
  if (elements > (limit_mib << 20) / 8)
    throw ResultAboveLimit("a result of {} elements takes {} MiB; expected at most {} MiB", elements,
                           (elements * 8 + (1U << 20) - 1) >> 20, limit_mib);
}

/// What numerics.md sections 3 and 4 refuse, so that an Error of a machine is the machine's own.
void require_legal_source(const QuantizerRecord& record, std::span<const float> source) {
  float max = 0;
  for (std::size_t i = 0; i < source.size(); ++i) {
    const float x = source[i];
    if (!std::isfinite(x))
      throw Error("tensor '{}': element {} is {}; expected a finite number", *record.source, i, x);
    if (x < 0 && !traces::takes_negative(record.rule))
      throw Error("tensor '{}': element {} is {}; expected none below zero for {}", *record.source, i, x,
                  traces::name_of(record.rule));
    max = std::fmax(max, std::fabs(x));
  }
  const float used = given_maximum(record).value_or(max);
  if (record.alpha == traces::Alpha::pow2 && used > std::ldexp(1.0F, 127))
    throw Error("maximum out of range: {}; expected at most 2^127 for pow2", used);
}

}  // namespace

std::string name_of(const Manifest& manifest, const GemmRecord& record) {
  return fmt::format("{}/{}/{}/{}", record.step, traces::name_of(record.pass),
                     manifest.layer(record.layer).name, traces::name_of(record.phase));
}

traces::Refusal inexact_sum(const Manifest& manifest, const GemmRecord& record) {
  const auto encoding = [&](const std::string& id) {
    return traces::encoding_of(manifest.quantizer(id).rule);
  };
  return traces::inexact_sum(record.size, encoding(record.left[0]), encoding(record.right[0]),
                             record.samples);
}

void require_computable(const traces::TraceReader& trace, const GemmRecord& record,
                        std::uint64_t result_limit_mib) try {
  if (const auto reason = inexact_sum(trace.manifest(), record)) throw Error("{}", *reason);
  require_finite_scale(trace.manifest(), record);
  require_memory(record, result_limit_mib);
} catch (Error& error) {
  error.add_context("{}: gemm {}", trace.directory().string(), name_of(trace.manifest(), record));
  throw;
}

std::string accumulator_text(const traces::Accumulator& accumulator, std::int32_t element) {
  if (!accumulator.is_float()) return fmt::format("{}", element);
  return fmt::format("{} (bits {:08x})", std::bit_cast<float>(element), static_cast<std::uint32_t>(element));
}

Recorded<std::int32_t> recorded_accumulators(const traces::TraceReader& trace, const GemmRecord& record) {
  Recorded<std::int32_t> accumulators{.elements = std::nullopt, .crc32c = record.accumulators_crc32c};
  if (record.accumulators)
    accumulators.elements = trace.read_accumulators(*record.accumulators, record.accumulator);
  return accumulators;
}

RecordedOperands::RecordedOperands(const traces::TraceReader& trace, const GemmRecord& record)
    : left_codes_(trace.read_codes(trace.manifest().quantizer(record.left[0]).codes)) {
  const auto operand = [&](const std::string& id, std::span<const std::uint8_t> codes) {
    const QuantizerRecord& quantizer = trace.manifest().quantizer(id);
    return traces::Operand{traces::encoding_of(quantizer.rule), quantizer.scale, codes};
  };
  left = operand(record.left[0], left_codes_);
  for (const std::string& id : record.right)
    right_codes_.push_back(trace.read_codes(trace.manifest().quantizer(id).codes));
  for (std::size_t i = 0; i < record.right.size(); ++i)
    right.push_back(operand(record.right[i], right_codes_[i]));
}

RecordedGemm::RecordedGemm(const traces::TraceReader& trace, const GemmRecord& record)
    : RecordedOperands(trace, record),
      name(name_of(trace.manifest(), record)),
      gemm{record.phase, traces::geometry_of(trace.manifest(), record), record.accumulator},
      size(record.size),
      scale(record.scale),
      accumulators(recorded_accumulators(trace, record)) {
  output.crc32c = record.output_crc32c;
  if (record.output) output.elements = trace.read_fp32(*record.output);
}

RecordedQuantizer::RecordedQuantizer(const traces::TraceReader& trace, const QuantizerRecord& quantizer)
    : record(quantizer),
      source(trace.read_fp32(*quantizer.source)),
      codes(trace.read_codes(quantizer.codes)) {
  try {
    require_legal_source(record, source);
  } catch (Error& error) {
    error.add_context("{}: quantizer {}", trace.directory().string(), record.id);
    throw;
  }
  task = {.rule = record.rule,
          .source = source,
          .draws = {trace.manifest().run.seed, record.step, record.layer, record.sample},
          .random_bits = record.random_bits,
          .alpha = record.alpha,
          .maximum = given_maximum(record)};
}

std::optional<std::int64_t> code_of_zero_record(const traces::TraceReader& trace,
                                                const QuantizerRecord& record) {
  const float maximum =
      std::visit([&](const auto& facts) { return deciding_maximum(record, facts); }, record.facts);
  if (maximum >= std::ldexp(1.0F, -100)) return std::nullopt;
  const std::vector<std::uint8_t> codes = trace.read_codes(record.codes);
  for (std::size_t byte = 0; byte < codes.size(); ++byte)
    if (codes[byte] != 0) return static_cast<std::int64_t>(2 * byte + ((codes[byte] & 0xF) == 0));
  return std::nullopt;
}

}  // namespace quatrain::sim
