#include "emu/gemm/packing.hpp"

#include <algorithm>

namespace quatrain::emu {
namespace {

using Lanes = std::array<const std::uint8_t*, 4>;

/// Copies planes of words without a border into planes with one.
void copy_into_border(const LeftLayout& layout, const std::uint32_t* source, std::uint32_t border,
                      std::uint32_t* target) {
  const auto height = static_cast<std::size_t>(layout.vertical.size);
  const auto width = static_cast<std::size_t>(layout.horizontal.size);
  const auto line = static_cast<std::size_t>(layout.horizontal.padded);
  const auto before = static_cast<std::size_t>(layout.horizontal.before);
  std::uint32_t* const first = target + static_cast<std::size_t>(layout.vertical.before) * line;
  std::uint32_t* const end = target + layout.plane_words();
  std::fill(target, first, border);
  for (std::size_t y = 0; y < height; ++y) {
    std::uint32_t* const at = first + y * line;
    std::fill(at, at + before, border);
    std::copy(source + y * width, source + (y + 1) * width, at + before);
    std::fill(at + before + width, at + line, border);
  }
  std::fill(first + height * line, end, border);
}

/// Interleaves `planes` planes that follow each other in every lane.
void pack_planes(const LeftLayout& layout, const Lanes& lanes, std::size_t planes, const ByteTable& table,
                 SimdPath path, std::uint32_t* target) {
  const auto plane = static_cast<std::size_t>(layout.vertical.size * layout.horizontal.size);
  if (!layout.has_border()) return interleave_codes(lanes, planes * plane, table, target, path);
  const std::uint32_t border = 0x01010101U * table[0];
  std::vector<std::uint32_t> words(plane);
  for (std::size_t p = 0; p < planes; ++p) {
    Lanes here = lanes;
    for (const std::uint8_t*& lane : here)
      if (lane != nullptr) lane += p * plane;
    interleave_codes(here, plane, table, words.data(), path);
    copy_into_border(layout, words.data(), border,
                     target + p * static_cast<std::size_t>(layout.plane_words()));
  }
}

}  // namespace

void pack_left(const traces::Gemm& gemm, const LeftLayout& layout, std::span<const std::uint8_t> codes,
               const ByteTable& table, SimdPath path, traces::ThreadPool& pool,
               std::vector<std::uint32_t>& words) {
  const auto size = [](std::int64_t value) { return static_cast<std::size_t>(value); };
  words.resize(size(layout.words()));
  const std::size_t plane = size(layout.vertical.size * layout.horizontal.size),
                    padded = size(layout.plane_words());
  const std::size_t batch = size(gemm.geometry.batch), groups = size(gemm.geometry.groups);
  const std::size_t inner = size(layout.inner);
  if (layout.lanes_are_images) {
    pool.parallel_for(size(layout.outer), [&](std::size_t word) {
      Lanes lanes{};
      for (std::size_t lane = 0; lane < 4 && word * 4 + lane < batch; ++lane)
        lanes[lane] = codes.data() + (word * 4 + lane) * inner * plane;
      pack_planes(layout, lanes, inner, table, path, &words[word * inner * padded]);
    });
    return;
  }
  const bool is_data = gemm.phase == traces::Phase::backward_data;
  const std::size_t channels =
      size(is_data ? gemm.geometry.out_channels : gemm.geometry.in_channels) / groups;
  const std::size_t group_words = inner / groups;
  const auto pack_part = [&](std::size_t part) {
    const std::uint8_t* const source = codes.data() + part * channels * plane;
    std::uint32_t* const target = &words[part * group_words * padded];
    if (plane == 1 && padded == 1) return gather_codes(source, channels, table, target, path);
    for (std::size_t word = 0; word < group_words; ++word) {
      Lanes lanes{};
      for (std::size_t lane = 0; lane < 4 && word * 4 + lane < channels; ++lane)
        lanes[lane] = source + (word * 4 + lane) * plane;
      pack_planes(layout, lanes, 1, table, path, target + word * padded);
    }
  };
  for_pieces(pool, batch * groups, traces::items_a_piece(group_words * padded),
             [&](std::size_t begin, std::size_t end) {
               for (std::size_t part = begin; part < end; ++part) pack_part(part);
             });
}

void add_column_sums(std::span<const std::uint32_t> panel, std::size_t width, SimdPath path,
                     std::int32_t* sums) {
  constexpr std::size_t block_steps = 128;  // of bytes within -128..127: sums of 16 bits hold
  const std::size_t block = block_steps * width, bytes = 4 * width;
  for (std::size_t first = 0; first < panel.size(); first += block) {
    const std::size_t count = std::min(block, panel.size() - first);
    std::int16_t narrow[4 * tile_pitch] = {};
    on_path(
        path, [&]() __attribute__((always_inline)) {
          const auto* at = reinterpret_cast<const std::int8_t*>(panel.data() + first);
          for (const auto* const end = at + 4 * count; at < end; at += bytes)
            for (std::size_t i = 0; i < bytes; ++i) narrow[i] = static_cast<std::int16_t>(narrow[i] + at[i]);
        });
    for (std::size_t i = 0; i < bytes; ++i) sums[i / 4] += narrow[i];
  }
}

}  // namespace quatrain::emu
