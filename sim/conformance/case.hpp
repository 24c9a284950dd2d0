#pragma once
/// What a conformance trace is made of: layers of one or more steps, each with the tensors that it shows and
/// the products to be computed of them. A tensor is given as codes, or as a source that a quantizer turns
/// into codes. No expected result stands here: machines compute those (make.hpp).

#include "traces/format/record.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::sim {

/// A phase with the encodings that occur in it.
struct Mode {
  std::string_view word;  ///< LEFT_RIGHT, as layers are called by it
  traces::Phase phase = traces::Phase::forward;
  traces::Encoding left = traces::Encoding::int4, right = traces::Encoding::int4;
};
inline constexpr std::array<Mode, 5> all_modes{
    Mode{"int4_int4", traces::Phase::forward, traces::Encoding::int4, traces::Encoding::int4},
    Mode{"uint4_int4", traces::Phase::forward, traces::Encoding::uint4, traces::Encoding::int4},
    Mode{"fp4_int4", traces::Phase::backward_data, traces::Encoding::fp4_e3m0, traces::Encoding::int4},
    Mode{"int4_fp4", traces::Phase::backward_weight, traces::Encoding::int4, traces::Encoding::fp4_e3m0},
    Mode{"uint4_fp4", traces::Phase::backward_weight, traces::Encoding::uint4, traces::Encoding::fp4_e3m0}};

/// X, W or dZ of one step, row-major in its natural shape.
struct CaseTensor {
  traces::Rule rule = traces::Rule::sawb_int4;
  /// Packed nibbles, one for each sample; empty for a tensor with a source.
  std::vector<std::vector<std::uint8_t>> codes = {};
  float scale = 1;  ///< of given codes; 0 where all of them are zero, else no smaller than 2^-100
  std::vector<float> source = {};
  unsigned samples = 1;                        ///< of a source: 1, or of luq_fp4 up to 16
  unsigned random_bits = 16;                   ///< luq_fp4
  traces::Alpha alpha = traces::Alpha::exact;  ///< luq_fp4, nearest_fp4
  std::optional<float> maximum = {};           ///< given, as hindsight does; with a source
};

/// What a layer shows in one step.
struct CaseStep {
  std::uint32_t step = 0;
  traces::Geometry geometry = {};  ///< of this step, batch included
  std::optional<CaseTensor> input = {}, weight = {}, gradient = {};
  std::vector<traces::Phase> phases = {};  ///< the products; their operands are there
};

struct CaseLayer {
  std::string name;
  std::uint32_t id = 0;
  traces::LayerKind kind = traces::LayerKind::linear;
  std::vector<CaseStep> steps = {};
};

/// The rule whose codes have this encoding; luq_fp4 of the two of fp4_e3m0.
traces::Rule rule_making(traces::Encoding encoding);

/// m x n x k of one linear layer in a phase.
traces::Geometry linear_geometry(traces::Phase phase, std::int64_t m, std::int64_t n, std::int64_t k);

/// Completes out_height and out_width.
traces::Geometry with_output(traces::Geometry geometry);

}  // namespace quatrain::sim
