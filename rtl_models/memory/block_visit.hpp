#pragma once
/// One block of a GEMM on the array: what is loaded before, how long it is computed, what is stored after.
/// The simulator's mapping makes the sequence; the memory system follows it.

#include "rtl_models/schedule/tile_schedule.hpp"

#include <cstdint>

namespace quatrain::rtl_models {

struct BlockVisit {
  // Bytes of the runs that are loaded. 0: the operand is there already, or no sums come back.
  std::uint64_t left_bytes = 0, right_bytes = 0, sum_bytes = 0;
  std::uint64_t cycles = 0;        ///< of the array
  std::uint64_t stored_bytes = 0;  ///< results, or sums that are not complete; 0: they stay

  std::uint64_t number = 0;  ///< in order, from 0

  // Which block it is, and whether its buffer holds the whole operand of the group, or all of its results.
  std::uint32_t group = 0;
  KRange m = {}, n = {}, k = {};
  bool whole_left = false, whole_right = false, all_results = false;
};

}  // namespace quatrain::rtl_models
