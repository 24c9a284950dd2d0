#pragma once
/// The tables of emu_bars.cpp.

#include "emu/simd/dispatch.hpp"

#include <regex>
#include <string>

namespace quatrain::tests {

/// rows: those whose names have a match.
void print_integer_bars(const std::regex& rows);
void print_fp32_bars(const std::regex& rows);
void print_quantizer_bars(const std::regex& rows);

/// Multiply-accumulates a second of bytes that the path's instructions make with all sums in registers; 0 for
/// portable.
double measured_peak(emu::SimdPath path);

}  // namespace quatrain::tests
