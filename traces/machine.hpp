#pragma once
/// What every machine can be asked: quantize a tensor, multiply a GEMM. The machines stand side by side and
/// share this interface, the encodings and the geometry, and no arithmetic (docs/architecture.md).

#include "traces/accumulator.hpp"
#include "traces/rule.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quatrain::traces {

/// Names the random draws of one tensor (numerics.md section 2, stream 0); the element's flat index does the
/// rest.
struct DrawKey {
  std::uint32_t seed = 0, step = 0, layer = 0, sample = 0;
};

struct QuantizerTask {
  Rule rule = Rule::sawb_int4;
  std::span<const float> source;  ///< row-major, at least one element
  DrawKey draws;                  ///< luq_fp4 only; `step` and `layer` also name the tensor in errors
  unsigned random_bits = 16;      ///< 4, 8 or 16; luq_fp4 only
  Alpha alpha = Alpha::exact;     ///< luq_fp4, nearest_fp4
  std::optional<float> maximum;   ///< M given from outside (hindsight); measured when absent
};

/// A tensor of codes and everything a quantizer record says of it.
struct QuantizerResult {
  std::vector<std::uint8_t> codes;  ///< packed nibbles
  float max = 0;                    ///< measured max |x|
  float scale = 0;
  QuantizerFacts facts = {};  ///< the kind follows from the rule
  bool has_facts = true;      ///< false: codes and scale alone; max and facts say nothing
};

/// One GEMM: its operands stand beside it, in their natural shapes.
struct Gemm {
  Phase phase = Phase::forward;
  Geometry geometry;
  Accumulator accumulator = {};
  friend bool operator==(const Gemm&, const Gemm&) = default;
};

struct Operand {
  Encoding encoding = Encoding::int4;
  float scale = 0;
  std::span<const std::uint8_t> codes;  ///< packed nibbles of the whole natural tensor
};

struct GemmResult {
  /// Natural shape of Z, dX or dW. Floating-point sums are the bits of their fp32 value.
  std::vector<std::int32_t> accumulators;
  std::vector<float> output;  ///< the same shape, before any bias
  float scale = 0;            ///< the final one: /N included
  bool has_output = true;     ///< false: accumulators alone; output is empty, scale says nothing
};

/// Nothing, or the reason why a machine cannot do a task.
using Refusal = std::optional<std::string>;

/// What a machine says that sums exactly and in no other way: why it cannot have the accumulator of
/// the GEMM.
Refusal needs_exact_sums(const Gemm& gemm);

/// What every machine asks of its tasks before it looks at them. Throws Error unless luq_fp4 has 4, 8 or 16
/// random bits.
void check_task(const QuantizerTask& task);
/// Why a sum may leave int32: samples k |left| |right| by the encodings' largest magnitudes is 2^31 or more
/// (numerics.md section 6).
Refusal inexact_sum(const GemmSize& size, Encoding left, Encoding right, std::size_t samples);
/// Throws Error unless there is one right operand, or in backward_weight 1 to 16 that share encoding and
/// scale, the codes of every operand fill exactly their bytes, and no sum can leave int32.
void check_operands(const Gemm& gemm, const Operand& left, std::span<const Operand> right);

class Machine {
 public:
  virtual ~Machine() = default;
  /// "emu.naive", "systemc.array", ...: what --machines takes.
  virtual std::string name() const = 0;
  /// What it really ran on: "AVX2", "SystemC 2.3.4", "CPU fibers", a GPU's name.
  virtual std::string ran_on() const = 0;

  virtual Refusal refuses(const Gemm& gemm, Encoding left, Encoding right) const = 0;
  virtual Refusal refuses(Rule rule) const = 0;

  /// Throws Error for what check_task does not let through, NaN, infinity, a negative element of sawb_uint4
  /// (flat index named) or `maximum out of range`.
  virtual QuantizerResult quantize(const QuantizerTask& task) = 0;
  /// right: one operand, or the N samples of backward_weight. Throws Error for what check_operands does not
  /// let through and when the scale's range is left (numerics.md section 6), never a wrong result.
  virtual GemmResult multiply(const Gemm& gemm, const Operand& left, std::span<const Operand> right) = 0;
};

}  // namespace quatrain::traces
