#pragma once
/// The tables of emu_bars.cpp.

#include "emu/simd/dispatch.hpp"

#include <string>

namespace quatrain::tests {

void print_integer_bars();
void print_fp32_bars();
void print_quantizer_bars();

/// Multiply-accumulates a second of bytes that the path's instructions make with all sums in registers; 0 for
/// portable.
double measured_peak(emu::SimdPath path);

}  // namespace quatrain::tests
