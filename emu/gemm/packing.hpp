#pragma once
/// Brings 4-bit codes into the words of a lowered product: the left tensor with its border, the right one as
/// panels, step by step, 8 or 16 columns of 4 lanes each.

#include "emu/fault.hpp"
#include "emu/gemm/tiling.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace quatrain::emu {

/// Words of the left tensor: table[code] in each lane; table[0] in the border and in lanes that the tensor
/// does not fill.
class LeftPacker {
 public:
  LeftPacker(const traces::Gemm& gemm, const LeftLayout& layout, const ByteTable& table, SimdPath path)
      : gemm_(gemm), layout_(layout), table_(table), path_(path) {}

  void pack(std::span<const std::uint8_t> codes, traces::ThreadPool& pool,
            std::vector<std::uint32_t>& words) const;

 private:
  using Lanes = std::array<const std::uint8_t*, 4>;

  /// Interleaves `planes` planes that follow each other in every lane.
  void pack_planes(const Lanes& lanes, std::size_t planes, std::uint32_t* target) const;
  /// Copies a plane of words without a border into one with it.
  void copy_into_border(const std::uint32_t* source, std::uint32_t* target) const;

  const traces::Gemm& gemm_;
  const LeftLayout& layout_;
  const ByteTable& table_;
  SimdPath path_;
};

/// Sums of the signed bytes of each column of a panel, over its steps and lanes, added to `sums`.
void add_column_sums(std::span<const std::uint32_t> panel, std::size_t width, SimdPath path,
                     std::int32_t* sums);

/// The panels of the right tensor, product by product (places: panel_places). Lanes and columns past the
/// tensor's are 0.
template <Fault fault>
class RightPacker {
 public:
  RightPacker(const traces::Gemm& gemm, const Lowering& lowering, const ByteTable& table, SimdPath path)
      : gemm_(gemm), lowering_(lowering), table_(table), path_(path), places_(panel_places(lowering)) {}

  const std::vector<std::size_t>& places() const { return places_; }

  void pack(std::span<const std::uint8_t> codes, traces::ThreadPool& pool, std::uint32_t* words) const {
    const bool is_weight = gemm_.phase == traces::Phase::backward_weight;
    const auto& products = lowering_.products();
    // A part: the steps of one word of channels or images, in one panel.
    const std::size_t outer = words_of_steps();
    const std::size_t panels = panel_count(static_cast<std::size_t>(products.front().columns));
    const auto pack_part = [&](std::size_t task) {
      const std::size_t product = task / (panels * outer), panel = task / outer % panels, word = task % outer;
      if (is_weight)
        pack_gradient(products[product], panel, word, codes, words + places_[product]);
      else
        pack_weight(products[product], panel, word, codes, words + places_[product]);
    };
    const std::size_t piece = traces::items_a_piece(tile_pitch * products.front().steps.size() / outer);
    for_pieces(pool, products.size() * panels * outer, piece, [&](std::size_t begin, std::size_t end) {
      for (std::size_t task = begin; task < end; ++task) pack_part(task);
    });
  }

 private:
  std::size_t words_of_steps() const {
    const LeftLayout& left = lowering_.left();
    return static_cast<std::size_t>(left.lanes_are_images ? left.outer : left.inner / gemm_.geometry.groups);
  }

  /// W[o, c, i, j]: columns are o (forward) or c (backward_data), lanes the other.
  void pack_weight(const LoweredProduct& product, std::size_t panel_index, std::size_t word,
                   std::span<const std::uint8_t> codes, std::uint32_t* words) const {
    const traces::Geometry& g = gemm_.geometry;
    const bool is_data = gemm_.phase == traces::Phase::backward_data;
    const std::int64_t taps = g.kernel_height * g.kernel_width, in = g.in_channels / g.groups;
    const std::int64_t out = g.out_channels / g.groups, channels = is_data ? out : in;
    const std::int64_t channel_pitch = is_data ? in * taps : taps, column_pitch = is_data ? taps : in * taps;
    const Panel panel = panel_at(panel_index, static_cast<std::size_t>(product.columns));
    const std::size_t steps = product.vertical->taps.size() * product.horizontal->taps.size();
    std::uint32_t* out_word = words + panel.first * product.steps.size() + word * steps * panel.width;
    const std::int64_t first_channel = static_cast<std::int64_t>(word) * 4;
    const std::int64_t lanes = std::min<std::int64_t>(4, channels - first_channel);
    const std::int64_t origin = product.group * out * in * taps + first_channel * channel_pitch +
                                static_cast<std::int64_t>(panel.first) * column_pitch;
    for (const std::int64_t i : product.vertical->taps)
      for (const std::int64_t j : product.horizontal->taps) {
        const std::int64_t tap = i * g.kernel_width + j;
        const std::uint8_t* const at = codes.data() + origin + tap;
        const bool is_last =
            fault == Fault::skipped_last_k && tap == taps - 1 && first_channel + lanes == channels;
        for (std::size_t column = 0; column < panel.width; ++column) {
          std::uint32_t packed = 0;
          if (column < panel.columns)
            for (std::int64_t lane = 0; lane < (is_last ? lanes - 1 : lanes); ++lane)
              packed |=
                  std::uint32_t{
                      table_[at[static_cast<std::int64_t>(column) * column_pitch + lane * channel_pitch]]}
                  << (8 * lane);
          *out_word++ = packed;
        }
      }
  }

  /// dZ[b, o, ho, wo]: columns are o, lanes images; the columns' planes are transposed, a few columns at a
  /// time.
  void pack_gradient(const LoweredProduct& product, std::size_t panel_index, std::size_t word,
                     std::span<const std::uint8_t> codes, std::uint32_t* words) const {
    const traces::Geometry& g = gemm_.geometry;
    const auto plane = static_cast<std::size_t>(g.out_height * g.out_width);
    const std::size_t image = static_cast<std::size_t>(g.out_channels) * plane;
    const std::size_t batch = static_cast<std::size_t>(g.batch);
    const Panel panel = panel_at(panel_index, static_cast<std::size_t>(product.columns));
    const std::size_t channel = static_cast<std::size_t>(product.group * product.columns) + panel.first;
    std::uint32_t* const target = words + panel.first * product.steps.size() + word * plane * panel.width;
    std::vector<std::uint32_t> planes(panel.width * plane);  // columns past the end stay 0
    std::array<const std::uint8_t*, 4> lanes{};
    for (std::size_t lane = 0; lane < 4 && word * 4 + lane < batch; ++lane)
      lanes[lane] = codes.data() + (word * 4 + lane) * image + channel * plane;
    interleave_codes(lanes, panel.columns * plane, table_, planes.data(), path_);
    if (fault == Fault::skipped_last_k && (word + 1) * 4 >= batch)
      for (std::size_t column = 0; column < panel.columns; ++column)
        planes[(column + 1) * plane - 1] &= (std::uint32_t{1} << (8 * ((batch - 1) % 4))) - 1;
    transpose_words(planes.data(), panel.width, plane, plane, target, panel.width, path_);
  }

  const traces::Gemm& gemm_;
  const Lowering& lowering_;
  const ByteTable& table_;
  SimdPath path_;
  std::vector<std::size_t> places_;
};

}  // namespace quatrain::emu
