#pragma once
/// A fault planted inside one machine, the smallest case that shows it, and where a checker must point.
/// Each machine's faults come from tests/faults/<machine>_faults.hpp; the matrix of docs/results/ runs them
/// all.

#include "traces/machine.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::tests {

/// Operands as packed nibbles in natural shapes, with their scales.
struct GemmCase {
  traces::Gemm gemm;
  traces::Encoding left_encoding = traces::Encoding::int4, right_encoding = traces::Encoding::int4;
  std::vector<std::uint8_t> left;
  std::vector<std::vector<std::uint8_t>> right;  ///< one, or the samples of backward_weight
  float left_scale = 1, right_scale = 1;
};

/// `task.source` is a view of `source`.
struct QuantizerCase {
  std::vector<float> source;
  traces::QuantizerTask task;
};

struct ExpectedPlace {
  std::int64_t group = 0, row = 0, column = 0;  ///< of the first wrong accumulator: result's flat order
  std::optional<unsigned> sample;
  std::optional<std::int64_t> k;  ///< absent when only scale or output is wrong
  std::int64_t element = 0;       ///< quantizer faults: flat index of the first wrong code
};

struct PlantedFault {
  std::string id;       ///< "emu.blocked/wrong_product"
  std::string machine;  ///< name of the machine that carries it
  std::string site;     ///< codec, quantizer, draw, multiplier, accumulator, tile, epilogue, synchronization
  std::string kind;     ///< off_by_one, order, dropped, width, stale, guard
  std::function<std::unique_ptr<traces::Machine>()> make;  ///< the faulty machine, under its usual name
  std::optional<GemmCase> gemm;                                    ///< exactly one of the two cases is set
  std::optional<QuantizerCase> quantizer;
  ExpectedPlace place;
  std::function<std::unique_ptr<traces::Machine>()> make_without;  ///< the same copy with no fault at work
};

}  // namespace quatrain::tests
