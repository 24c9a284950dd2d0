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

/// Places cut into pieces from the first on.
template <typename Place>
std::vector<Piece> pieces_of(std::span<const Place> places) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < places.size();) {
    Piece piece{places[i], 1, static_cast<std::uint16_t>(i), 1};
    const auto distance = [&](std::size_t at) {
      return static_cast<std::int64_t>(places[at]) - static_cast<std::int64_t>(places[at - 1]);
    };
    const std::int64_t stride = i + 1 < places.size() ? distance(i + 1) : 0;
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max() / vector_words;
    if (stride > -most && stride < most && stride != 0) {
      piece.stride = static_cast<std::int32_t>(stride);
      while (i + piece.count < places.size() && piece.count < vector_words &&
             distance(i + piece.count) == stride)
        ++piece.count;
    }
    if (piece.count == 1) piece.stride = 1;
    i += piece.count;
    pieces.push_back(piece);
  }
  return pieces;
}

/// Of a copy of pieces, in loads of a vector; a load from many places counts as several.
inline std::size_t cost_of(std::span<const Piece> pieces) {
  std::size_t cost = 0;
  for (const Piece& piece : pieces) cost += piece.stride == 1 ? 1 : 8;
  return cost;
}

/// words[o * pitch + piece.to ..] = source[outer[o] + places of the piece], for all o and pieces. Writes up
/// to vector_words - 1 words behind the last one. Word: 4 bytes. Needs SimdPath::avx512.
template <typename Word>
void gather_block(const Word* source, std::span<const std::int32_t> outer, std::span<const Piece> pieces,
                  std::size_t pitch, Word* words);

/// target[places of a piece] = values[piece.to ..], for all pieces. Needs SimdPath::avx512.
template <typename Word>
void scatter_pieces(const Word* values, std::span<const Piece> pieces, Word* target);

/// target[places[row] ..] = `count` (at most panel_width) values of each row, panel_width apart. Needs
/// SimdPath::avx512.
template <typename Word>
void store_lines(const Word* values, std::size_t count, std::span<const std::int64_t> places, Word* target);

}  // namespace quatrain::emu
