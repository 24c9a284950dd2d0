#pragma once
/// The first place where a machine and the trace part, as data.

#include "sim/records/result_place.hpp"
#include "traces/format/record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace quatrain::sim {

struct Difference {
  /// GEMM: "accumulator", "scale", "output". Quantizer: "maximum", "maximum_used", "exponent", "count",
  /// "sum1", "sum2", "clip", "scale", "code". Both: "result" where a machine gave none, or one of another
  /// size; "crash", "hang", ... where a kernel from outside misbehaved (misbehaviour.hpp).
  std::string what;
  std::string record;  ///< "0/train/conv2/forward"
  std::string layer;
  std::uint32_t step = 0;
  traces::Pass pass = traces::Pass::train;
  std::variant<traces::Phase, traces::Role> part;

  /// Flat index in the result, or of the first wrong code; absent where a whole tensor differs.
  std::optional<std::int64_t> element;
  std::optional<ResultPlace> place;  ///< of an accumulator or an output
  std::optional<unsigned>
      sample;                     ///< GEMM: the one k belongs to, where there are several; quantizer: its own
  std::optional<std::int64_t> k;  ///< the first product that counts differently
  std::string why_no_k;           ///< for an accumulator without k

  std::string expected, got;
};

/// One line: "layer conv_a, step 0, train, forward, group 0, row 12, column 3 (element 47), k 7: accumulator:
/// expected 5, got 6".
std::string describe(const Difference& difference);

}  // namespace quatrain::sim
