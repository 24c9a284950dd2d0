/// Replays of PEs of floating-point operands: the fp32 tensors that a trace's quantizers took, cast to the
/// PE's format, through the array, and the same numbers through the emulator's fp32 product.
#include "emu/gemm/fp32.hpp"
#include "sim/accelerator/replay.hpp"
#include "sim/records/compare.hpp"
#include "sim/records/result_place.hpp"
#include "traces/base/error.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>

namespace quatrain::sim {
namespace {

/// A tensor in the PE's format, and the values of its codes.
struct Cast {
  std::vector<std::uint16_t> codes;
  std::vector<float> values;
};

/// 2^e with the largest e at which the tensor's largest magnitude fits the format; 1 for bf16, which has the
/// exponents of fp32, and for zeros.
float scale_of(traces::FloatFormat format, const std::vector<float>& source) {
  if (format == traces::FloatFormat::bf16) return 1;
  float largest = 0;
  for (const float x : source) largest = std::fmax(largest, std::fabs(x));
  if (largest == 0) return 1;
  int exponent = std::ilogb(traces::info_of(format).largest) - std::ilogb(largest);
  if (std::ldexp(largest, exponent) > traces::info_of(format).largest) --exponent;
  return std::ldexp(1.0F, std::min(exponent, 126));
}

Cast cast(traces::FloatFormat format, const std::vector<float>& source) {
  const float scale = scale_of(format, source);
  Cast out;
  for (const float x : source) {
    out.codes.push_back(traces::float_code(format, x * scale));
    out.values.push_back(traces::float_value(format, out.codes.back()));
  }
  return out;
}

std::vector<float> source_of(const traces::TraceReader& reader, const TrainingGemm& work,
                             const std::string& id) {
  const auto& quantizer = reader.manifest().quantizer(id);
  if (!quantizer.source)
    throw base::Error(
        "{}: the trace does not hold the fp32 tensor of the quantizer '{}'; expected it, or --fidelity "
        "analytic",
        place_of(work), id);
  return reader.read_fp32(*quantizer.source);
}

/// A record's product of casts. Samples follow each other: a batch that is as many times as large.
struct FloatProduct {
  traces::Gemm gemm;
  Cast left, right;
};

template <typename Element>
void repeat(std::vector<Element>& elements, unsigned times) {
  const std::size_t count = elements.size();
  elements.reserve(count * times);
  for (unsigned more = 1; more < times; ++more)
    elements.insert(elements.end(), elements.begin(), elements.begin() + static_cast<std::ptrdiff_t>(count));
}

FloatProduct product_of(const traces::TraceReader& reader, const TrainingGemm& work,
                        traces::FloatFormat format) {
  const traces::GemmRecord& record = *work.record;
  FloatProduct product{work.gemm, cast(format, source_of(reader, work, record.left[0])),
                       cast(format, source_of(reader, work, record.right[0]))};
  product.gemm.geometry.batch *= record.samples;
  for (Cast* operand : {&product.left, &product.right}) {
    repeat(operand->codes, record.samples);
    repeat(operand->values, record.samples);
  }
  return product;
}

}  // namespace

rtl_models::Activity RecordCheck::replay_floats(const TrainingGemm& work, const MemoryOfGemm* memory) {
  const FloatProduct product = product_of(*source_.trace(), work, models_.float_format);
  rtl_models::FloatRun found;
  play(work, memory, [&](const rtl_models::TileSchedule& schedule) {
    found = models_.floats->replay(product.gemm, product.left.codes, product.right.codes, schedule);
  });
  base::ThreadPool pool(1);
  emu::GemmWorkspace workspace;
  std::vector<float> expected(found.sums.size());
  emu::multiply_fp32(product.gemm, product.left.values, product.right.values, expected, emu::chosen_path(),
                     pool, workspace);
  ++findings_.gemms;
  if (const auto first = first_unequal(std::span<const float>(expected), std::span<const float>(found.sums)))
    findings_.differences.push_back(fmt::format(
        "{}: sum {} of {} (index {}) has the bits {:08x}; the emulator has {:08x}", place_of(work), *first,
        found.sums.size(), traces::text_of(index_in(work.record->result_shape, *first)),
        std::bit_cast<std::uint32_t>(found.sums[static_cast<std::size_t>(*first)]),
        std::bit_cast<std::uint32_t>(expected[static_cast<std::size_t>(*first)])));
  else
    ++findings_.gemms_equal;
  compare_cycles(work, found.cycles);
  return found.activity;
}

void RecordCheck::check_float_tile(const TrainingGemm& work, const rtl_models::TileSchedule& tile) {
  const FloatProduct product = product_of(*source_.trace(), work, models_.float_format);
  const auto run_on = [&](rtl_models::FloatArrayModel& model) {
    return model.replay(product.gemm, product.left.codes, product.right.codes, tile);
  };
  const rtl_models::FloatRun found = run_on(*models_.floats), pe = run_on(*models_.sampled_float_pe);
  const bool equal =
      !first_unequal(std::span<const float>(pe.sums), std::span<const float>(found.sums)).has_value();
  compare_tile(work, tile.tiles.front(), found, pe, equal);
}

}  // namespace quatrain::sim
