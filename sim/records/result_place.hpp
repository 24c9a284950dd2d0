#pragma once
/// Where an element of a natural tensor stands, in the tensor and in its GEMM: the index sets of numerics.md
/// section 6, read backwards. Used to name places and to cut operands; no value passes through here.

#include "traces/format/record.hpp"

#include <cstdint>

namespace quatrain::sim {

/// [1, 0, 2, 5] of a flat index.
traces::Shape index_in(const traces::Shape& shape, std::int64_t element);

struct ResultPlace {
  std::int64_t group = 0, row = 0, column = 0;
  friend bool operator==(const ResultPlace&, const ResultPlace&) = default;
};

/// Group, row m and column n of the result's element at a flat index of Z, dX or dW.
ResultPlace place_of_result(const traces::Gemm& gemm, std::int64_t element);

/// The k, 0 .. K-1, at which the right operand's element is used: W in forward and backward_data, one sample
/// of dZ in backward_weight. Each right element belongs to exactly one k of its group.
std::int64_t k_of_right(const traces::Gemm& gemm, std::int64_t element);

}  // namespace quatrain::sim
