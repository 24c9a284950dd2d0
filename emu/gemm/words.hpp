#pragma once
/// Moves words of four bytes (a float, a sum, four codes) between the order of the tensors and the order of
/// the inner loops.

#include "emu/simd/dispatch.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace quatrain::emu {

/// target[column * target_pitch + row] = source[row * source_pitch + column]. Word: 4 bytes.
template <typename Word>
void transpose_words(const Word* source, std::size_t rows, std::size_t columns, std::size_t source_pitch,
                     Word* target, std::size_t target_pitch, SimdPath path);

/// A byte for each code.
using ByteTable = std::array<std::uint8_t, 16>;

/// target[i] holds table[lane_0[i]] .. table[lane_3[i]], lane 0 lowest. A lane that is null, not the first,
/// holds table[0].
void interleave_codes(const std::array<const std::uint8_t*, 4>& lanes, std::size_t count,
                      const ByteTable& table, std::uint32_t* target, SimdPath path);

/// Lines of a plane, some codes of each.
struct CodeLines {
  std::size_t lines = 0, line_pitch = 0;  ///< pitch: in the plane, between two lines
  std::size_t codes = 0, code_pitch = 1;  ///< of a line
  std::size_t target_pitch = 0;           ///< in words, between two lines
};

/// The same for each line: target[line * target_pitch + i] of the codes at line * line_pitch + i *
/// code_pitch.
void interleave_lines(const std::array<const std::uint8_t*, 4>& lanes, const CodeLines& lines,
                      const ByteTable& table, std::uint32_t* target, SimdPath path);

/// target[i] holds table[] of codes 4 i .. 4 i + 3; codes past `count` count as 0.
void gather_codes(const std::uint8_t* codes, std::size_t count, const ByteTable& table, std::uint32_t* target,
                  SimdPath path);

}  // namespace quatrain::emu
