#pragma once
/// Implicit GEMM of the 512-bit paths: the windows of a few rows are copied into a block that stays in the
/// first cache, never a matrix of all windows. Results leave it in the order in which they were made.

#include "emu/simd/dispatch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace quatrain::emu {

inline constexpr std::size_t block_rows = 48;    // three vectors
inline constexpr std::size_t block_steps = 128;  // 24 KiB of words
inline constexpr std::size_t panel_width = 16;
inline constexpr std::size_t vector_words = 16;

/// Which of the two lies in a row: what a layer's tensor has in a row already.
enum class BlockOrder : unsigned char {
  rows_follow,  ///< words[step * block_rows + row]
  steps_follow  ///< words[row * block_steps + step]
};

/// Places that follow each other at one distance: `count`, at most vector_words.
struct Piece {
  std::int64_t from = 0;  ///< of the first
  std::int32_t stride = 1;
  std::uint16_t to = 0, count = 0;
};

/// Adds `count` places, `stride` apart, to pieces that hold `to` places.
inline void add_places(std::vector<Piece>& pieces, std::int64_t place, std::int32_t stride, std::size_t count,
                       std::size_t to) {
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max() / vector_words;
  const auto absorb = [&](Piece& piece) {
    const std::size_t more = std::min(count, vector_words - piece.count);
    piece.count = static_cast<std::uint16_t>(piece.count + more);
    place += static_cast<std::int64_t>(more) * stride;
    to += more, count -= more;
  };
  if (!pieces.empty() && pieces.back().count < vector_words) {
    Piece& last = pieces.back();
    const std::int64_t distance = place - last.from - (last.count - 1) * std::int64_t{last.stride};
    const bool fits =
        last.count > 1 ? distance == last.stride : distance != 0 && distance > -most && distance < most;
    if (fits && (count == 1 || distance == stride)) {
      last.stride = static_cast<std::int32_t>(distance);
      absorb(last);
    }
  }
  while (count > 0) {
    pieces.push_back({place, count == 1 ? 1 : stride, static_cast<std::uint16_t>(to), 0});
    absorb(pieces.back());
  }
}

/// Places cut into pieces from the first on.
template <typename Place>
std::vector<Piece> pieces_of(std::span<const Place> places) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < places.size();) {
    std::size_t end = i + 1;  // of places one after the other
    while (end < places.size() && places[end] == places[end - 1] + 1) ++end;
    add_places(pieces, places[i], 1, end - i, i);
    i = end;
  }
  return pieces;
}

/// Of a copy of pieces, in loads of a vector; a load from many places counts as several.
inline std::size_t cost_of(std::span<const Piece> pieces) {
  std::size_t cost = 0;
  for (const Piece& piece : pieces) cost += piece.stride == 1 ? 1 : piece.stride == 2 ? 2 : 8;
  return cost;
}

/// words[o * pitch + piece.to ..] = source[outer[o] + places of the piece], for all o and pieces; what no
/// piece covers may become 0. pitch: at least what the pieces cover. Word: 4 bytes. Needs SimdPath::avx512.
template <typename Word>
void gather_block(const Word* source, std::span<const std::int32_t> outer, std::span<const Piece> pieces,
                  std::size_t pitch, Word* words);

/// target[n * pitch + places of a piece] = values[n * block_rows + piece.to ..], for all columns n and
/// pieces. Needs SimdPath::avx512.
template <typename Word>
void scatter_columns(const Word* values, std::size_t columns, std::span<const Piece> pieces, Word* target,
                     std::size_t pitch);

/// The same with f32(f32(accumulator) * scale) of each.
void scatter_scaled(const std::int32_t* accumulators, std::size_t columns, std::span<const Piece> pieces,
                    float scale, float* target, std::size_t pitch);

/// target[places[row] ..] = the `count` values of each row: panel_width of them at values + row *
/// panel_width, the next ones `pitch` further on, and so forth. Needs SimdPath::avx512.
template <typename Word>
void store_lines(const Word* values, std::size_t pitch, std::size_t count,
                 std::span<const std::int64_t> places, Word* target);

}  // namespace quatrain::emu
