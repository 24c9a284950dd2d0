#pragma once
/// Two answers of a kernel to one task, the second with other poison: one result, or how it misbehaved.

#include "sim/external/buffers.hpp"
#include "traces/machine.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace quatrain::sim::external {

struct GemmAnswer {
  std::vector<std::int32_t> accumulators;
  std::vector<float> output;
  float scale = 0;

  /// From shared memory.
  void take(std::span<const std::uint8_t> accumulator_bytes, std::span<const std::uint8_t> output_bytes);
};

struct QuantizerAnswer {
  std::vector<std::uint8_t> codes;
  qt_quantizer_result result{};
};

/// Poison in every member that the kernel writes.
void poison(qt_gemm_result& result, Turn turn);
void poison(qt_quantizer_result& result, Turn turn);

/// Throw Misbehaved for a member or an element that was not written, that was added to, or that differs
/// between the answers.
traces::GemmResult steady_result(std::array<GemmAnswer, 2> answers, const traces::Gemm& gemm,
                                 bool gives_output);
traces::QuantizerResult steady_result(std::array<QuantizerAnswer, 2> answers, traces::Rule rule,
                                      bool gives_facts);

}  // namespace quatrain::sim::external
