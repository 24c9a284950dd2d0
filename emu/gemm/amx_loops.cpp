#include "emu/gemm/wide_loops.hpp"

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
  settle_memory();
  _tile_loadd(0, p.sums, pitch);
  if constexpr (tiles > 1) _tile_loadd(1, p.sums + vector_words, pitch);
  if constexpr (tiles > 2) _tile_loadd(2, p.sums + 2 * vector_words, pitch);
  const std::uint32_t *block = p.block, *panel = p.panel;
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
  _tile_stored(0, p.sums, pitch);
  if constexpr (tiles > 1) _tile_stored(1, p.sums + vector_words, pitch);
  if constexpr (tiles > 2) _tile_stored(2, p.sums + 2 * vector_words, pitch);
  settle_memory();
}

template <std::size_t tiles>
[[gnu::target("amx-tile,amx-int8")]] void add_to_columns(const IntegerBlock& p) {
  constexpr std::size_t pitch = block_steps * word_bytes;
  settle_memory();
  _tile_loadd(0, p.sums, 64);
  if constexpr (tiles > 1) _tile_loadd(1, p.sums + tile_words, 64);
  if constexpr (tiles > 2) _tile_loadd(2, p.sums + 2 * tile_words, 64);
  const std::uint32_t *block = p.block, *panel = p.panel;
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
  _tile_stored(0, p.sums, 64);
  if constexpr (tiles > 1) _tile_stored(1, p.sums + tile_words, 64);
  if constexpr (tiles > 2) _tile_stored(2, p.sums + 2 * tile_words, 64);
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
    one.sums += panel_sums;
  }
}

}  // namespace quatrain::emu
