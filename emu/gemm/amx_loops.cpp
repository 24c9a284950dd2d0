#include "emu/gemm/wide_loops.hpp"

#include <algorithm>
#include <immintrin.h>

namespace quatrain::emu {
namespace {

/// What LDTILECFG reads: 8 tiles of 16 rows of 64 bytes.
struct alignas(64) TileShapes {
  std::uint8_t palette = 1, first_row = 0, unused[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

constexpr std::size_t tile_words = 16 * vector_words;
constexpr std::size_t word_bytes = 4;

/// What the compiler keeps in registers must be in memory before tiles are loaded, and the other way round:
/// the intrinsics do not say that they read and write it.
[[gnu::always_inline]] inline void settle_memory() { asm volatile("" ::: "memory"); }

// Tiles 0 to 2 are sums, 3 to 5 the block's, 6 the panel's.

template <std::size_t tiles>
[[gnu::target("amx-tile,amx-int8")]] void add_to_rows(const IntegerBlock& p) {
  constexpr std::size_t pitch = block_rows * word_bytes;
  alignas(64) std::int32_t starts[panel_width * vector_words];
  const bool begins = p.from == nullptr;
  if (begins)
    for (std::size_t n = 0; n < panel_width; ++n)
      std::fill_n(starts + n * vector_words, vector_words, p.starts[n]);
  const std::int32_t* const from = begins ? starts : p.from;
  const std::size_t from_pitch = begins ? 64 : pitch, from_tile = begins ? 0 : vector_words;
  settle_memory();
  _tile_loadd(0, from, from_pitch);
  if constexpr (tiles > 1) _tile_loadd(1, from + from_tile, from_pitch);
  if constexpr (tiles > 2) _tile_loadd(2, from + 2 * from_tile, from_pitch);
  const std::uint32_t *block = p.left.front(), *panel = p.panel;
  for (std::size_t s = 0; s < p.steps; s += 16, block += 16 * block_rows, panel += tile_words) {
    _tile_loadd(6, panel, 64);
    _tile_loadd(3, block, pitch);
    _tile_dpbsud(0, 6, 3);
    if constexpr (tiles > 1) {
      _tile_loadd(4, block + vector_words, pitch);
      _tile_dpbsud(1, 6, 4);
    }
    if constexpr (tiles > 2) {
      _tile_loadd(5, block + 2 * vector_words, pitch);
      _tile_dpbsud(2, 6, 5);
    }
  }
  const std::size_t to_pitch = p.to_pitch * word_bytes;
  _tile_stored(0, p.to, to_pitch);
  if constexpr (tiles > 1) _tile_stored(1, p.to + vector_words, to_pitch);
  if constexpr (tiles > 2) _tile_stored(2, p.to + 2 * vector_words, to_pitch);
  settle_memory();
}

template <std::size_t tiles>
[[gnu::target("amx-tile,amx-int8")]] void add_to_columns(const IntegerBlock& p) {
  constexpr std::size_t pitch = block_steps * word_bytes;
  const bool begins = p.from == nullptr;
  const std::int32_t* const from = begins ? p.starts : p.from;
  const std::size_t from_pitch = begins ? 0 : 64, from_tile = begins ? 0 : tile_words;
  settle_memory();
  _tile_loadd(0, from, from_pitch);
  if constexpr (tiles > 1) _tile_loadd(1, from + from_tile, from_pitch);
  if constexpr (tiles > 2) _tile_loadd(2, from + 2 * from_tile, from_pitch);
  const std::uint32_t *block = p.left.front(), *panel = p.panel;
  for (std::size_t s = 0; s < p.steps; s += 16, block += 16, panel += tile_words) {
    _tile_loadd(6, panel, 64);
    _tile_loadd(3, block, pitch);
    _tile_dpbusd(0, 3, 6);
    if constexpr (tiles > 1) {
      _tile_loadd(4, block + 16 * block_steps, pitch);
      _tile_dpbusd(1, 4, 6);
    }
    if constexpr (tiles > 2) {
      _tile_loadd(5, block + 32 * block_steps, pitch);
      _tile_dpbusd(2, 5, 6);
    }
  }
  const std::size_t to_pitch = p.to_pitch * word_bytes;
  _tile_stored(0, p.to, to_pitch);
  if constexpr (tiles > 1) _tile_stored(1, p.to + 16 * p.to_pitch, to_pitch);
  if constexpr (tiles > 2) _tile_stored(2, p.to + 32 * p.to_pitch, to_pitch);
  settle_memory();
}

[[gnu::target("amx-tile")]] void set_shapes() {
  const TileShapes shapes;
  settle_memory();
  _tile_loadconfig(&shapes);
}

[[gnu::target("amx-tile")]] void release_tiles() { _tile_release(); }

}  // namespace

AmxLoops::AmxLoops() { set_shapes(); }
AmxLoops::~AmxLoops() { release_tiles(); }

void AmxLoops::add(const IntegerBlock& product) const {
  const std::size_t tiles = (product.rows + vector_words - 1) / vector_words;
  const auto add = [&] {
    switch (product.order) {
      case BlockOrder::rows_follow:
        return tiles == 3 ? add_to_rows<3> : tiles == 2 ? add_to_rows<2> : add_to_rows<1>;
      case BlockOrder::steps_follow:
        break;
    }
    return tiles == 3 ? add_to_columns<3> : tiles == 2 ? add_to_columns<2> : add_to_columns<1>;
  }();
  IntegerBlock one = product;
  for (std::size_t panel = 0; panel < product.panels; ++panel) {
    add(one);
    one.panel += product.panel_pitch;
    one.starts += panel_width;
    if (one.from != nullptr) one.from += panel_sums;
    one.to += product.to_panel;
  }
}

}  // namespace quatrain::emu
