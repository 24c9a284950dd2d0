#include "emu/gemm/packing.hpp"

#include "emu/gemm/planes.hpp"
#include "emu/simd/intrinsics.hpp"

#include <algorithm>

namespace quatrain::emu {
namespace {

constexpr std::size_t spare_codes = 16;  // of a vector

std::array<const std::uint8_t*, 4> advanced(std::array<const std::uint8_t*, 4> lanes, std::size_t codes) {
  for (const std::uint8_t*& lane : lanes)
    if (lane != nullptr) lane += codes;
  return lanes;
}

}  // namespace

void LeftPacker::pack_planes(const Lanes& lanes, std::size_t planes, std::vector<std::uint32_t>& scratch,
                             std::uint32_t* target) const {
  const auto plane = static_cast<std::size_t>(layout_.vertical.size * layout_.horizontal.size);
  if (layout_.is_plain()) return interleave_codes(lanes, planes * plane, table_, target, path_);
  const PackedAxis &vertical = layout_.vertical, &horizontal = layout_.horizontal;
  if (vertical.phases() * horizontal.phases() == 1 && !layout_.has_border()) {
    // A 1 x 1 kernel: what its stride leaves out stays where it is.
    const auto size = [](std::int64_t value) { return static_cast<std::size_t>(value); };
    const CodeLines lines{.lines = size(vertical.places),
                          .line_pitch = size(vertical.pitch * horizontal.size),
                          .codes = size(horizontal.places),
                          .code_pitch = size(horizontal.pitch),
                          .target_pitch = size(horizontal.places)};
    const std::size_t first = size(vertical.firsts.front() * horizontal.size + horizontal.firsts.front());
    for (std::size_t p = 0; p < planes; ++p, target += layout_.plane_words())
      interleave_lines(advanced(lanes, p * plane + first), lines, table_, target, path_);
    return;
  }
  scratch.resize(plane);
  for (std::size_t p = 0; p < planes; ++p, target += layout_.plane_words()) {
    interleave_codes(advanced(lanes, p * plane), plane, table_, scratch.data(), path_);
    lay_out_plane(layout_, scratch.data(), 0x01010101U * table_[0], target, path_);
  }
}

void LeftPacker::pack(std::span<const std::uint8_t> codes, base::ThreadPool& pool,
                      AlignedVector<std::uint32_t>& words) const {
  const auto size = [](std::int64_t value) { return static_cast<std::size_t>(value); };
  words.resize(size(layout_.words()));
  const std::size_t plane = size(layout_.vertical.size * layout_.horizontal.size),
                    padded = size(layout_.plane_words());
  const std::size_t batch = size(gemm_.geometry.batch), groups = size(gemm_.geometry.groups);
  const std::size_t inner = size(layout_.inner);
  if (layout_.lanes_are_images) {
    pool.parallel_for(size(layout_.outer), [&](std::size_t word) {
      Lanes lanes{};
      for (std::size_t lane = 0; lane < 4 && word * 4 + lane < batch; ++lane)
        lanes[lane] = codes.data() + (word * 4 + lane) * inner * plane;
      std::vector<std::uint32_t> scratch;
      pack_planes(lanes, inner, scratch, &words[word * inner * padded]);
    });
    return;
  }
  const std::size_t channels = size(left_channels(gemm_)) / groups;
  const std::size_t group_words = inner / groups;
  const auto pack_part = [&](std::size_t part, std::vector<std::uint32_t>& scratch) {
    const std::uint8_t* const source = codes.data() + part * channels * plane;
    std::uint32_t* const target = &words[part * group_words * padded];
    if (plane == 1 && layout_.is_plain()) return gather_codes(source, channels, table_, target, path_);
    for (std::size_t word = 0; word < group_words; ++word) {
      Lanes lanes{};
      for (std::size_t lane = 0; lane < 4 && word * 4 + lane < channels; ++lane)
        lanes[lane] = source + (word * 4 + lane) * plane;
      pack_planes(lanes, 1, scratch, target + word * padded);
    }
  };
  for_pieces(pool, batch * groups, base::items_a_piece(group_words * padded),
             [&](std::size_t begin, std::size_t end) {
               std::vector<std::uint32_t> scratch;
               for (std::size_t part = begin; part < end; ++part) pack_part(part, scratch);
             });
}

void RightPacker::pack(std::span<const std::uint8_t> codes, base::ThreadPool& pool,
                       std::uint32_t* words) const {
  const bool is_weight = sums_images(gemm_.phase);
  if (!is_weight && !is_transposed(gemm_.phase)) return pack_rows(codes, pool, words);
  if (!is_weight && gemm_.geometry.kernel_height * gemm_.geometry.kernel_width == 1)
    return pack_lines(codes, pool, words);
  const auto& products = lowering_.products();
  // A part: the steps of one word of channels or images, in one panel.
  const std::size_t outer = words_of_steps();
  const std::size_t panels = panel_count(static_cast<std::size_t>(products.front().columns));
  const auto pack_part = [&](std::size_t task, std::vector<std::uint32_t>& scratch) {
    const std::size_t index = task / (panels * outer), word = task % outer;
    const LoweredProduct& product = products[index];
    const PanelLayout& layout = layouts_[index];
    const Panel panel =
        panel_at(task / outer % panels, static_cast<std::size_t>(product.columns), layout.narrowest);
    std::uint32_t* const panel_words = words + layout.place + panel.first * layout.steps;
    if (is_weight)
      pack_gradient(product, panel, word, codes, scratch, panel_words);
    else
      pack_weight(product, panel, word, codes, scratch, panel_words);
    if (word + 1 == outer)
      std::fill(panel_words + product.steps.size() * panel.width, panel_words + layout.steps * panel.width,
                0U);
  };
  const std::size_t piece = base::items_a_piece(tile_pitch * products.front().steps.size() / outer);
  for_pieces(pool, products.size() * panels * outer, piece, [&](std::size_t begin, std::size_t end) {
    std::vector<std::uint32_t> scratch;
    for (std::size_t task = begin; task < end; ++task) pack_part(task, scratch);
  });
}

void RightPacker::pack_rows(std::span<const std::uint8_t> codes, base::ThreadPool& pool,
                            std::uint32_t* words) const {
  const traces::Geometry& g = gemm_.geometry;
  const auto in = static_cast<std::size_t>(g.in_channels / g.groups);
  const auto taps = static_cast<std::size_t>(g.kernel_height * g.kernel_width);
  const auto columns = static_cast<std::size_t>(g.out_channels / g.groups);
  const std::size_t panels = panel_count(columns), steps = lowering_.products().front().steps.size();
  for_pieces(pool, lowering_.products().size() * panels, base::items_a_piece(tile_pitch * steps),
             [&](std::size_t begin, std::size_t end) {
               std::vector<std::uint32_t> rows(tile_pitch * steps + spare_codes);
               std::vector<std::uint8_t> scratch(in * taps + spare_codes);
               for (std::size_t task = begin; task < end; ++task) {
                 const std::size_t group = task / panels;
                 const PanelLayout& layout = layouts_[group];
                 const Panel panel = panel_at(task % panels, columns, layout.narrowest);
                 for (std::size_t column = 0; column < panel.width; ++column) {
                   std::uint32_t* const row = &rows[column * steps];
                   if (column < panel.columns)
                     pack_row(&codes[(group * columns + panel.first + column) * in * taps], in, taps, scratch,
                              row);
                   else
                     std::fill_n(row, steps, 0U);
                 }
                 std::uint32_t* const target = words + layout.place + panel.first * layout.steps;
                 transpose_words(rows.data(), panel.width, steps, steps, target, panel.width, path_);
                 std::fill(target + steps * panel.width, target + layout.steps * panel.width, 0U);
               }
             });
}

void RightPacker::pack_row(const std::uint8_t* codes, std::size_t channels, std::size_t taps,
                           std::vector<std::uint8_t>& scratch, std::uint32_t* row) const {
  if (taps == 1) return gather_codes(codes, channels, table_, row, path_);
  // Whole vectors: what runs over the taps of a word is overwritten by the next word or column.
  const std::size_t count = has_avx2(path_) ? (taps + spare_codes - 1) / spare_codes * spare_codes : taps;
  std::copy_n(codes, channels * taps, scratch.begin());
  for (std::size_t channel = 0; channel < channels; channel += 4, row += taps) {
    std::array<const std::uint8_t*, 4> lanes{};
    for (std::size_t lane = 0; lane < 4 && channel + lane < channels; ++lane)
      lanes[lane] = &scratch[(channel + lane) * taps];
    interleave_codes(lanes, count, table_, row, path_);
  }
}

void RightPacker::pack_lines(std::span<const std::uint8_t> codes, base::ThreadPool& pool,
                             std::uint32_t* words) const {
  const traces::Geometry& g = gemm_.geometry;
  const auto channels = static_cast<std::size_t>(g.out_channels / g.groups);
  const auto columns = static_cast<std::size_t>(g.in_channels / g.groups);
  const std::size_t outer = words_of_steps(), panels = panel_count(columns);
  for_pieces(pool, lowering_.products().size() * outer, base::items_a_piece(columns),
             [&](std::size_t begin, std::size_t end) {
               std::vector<std::uint32_t> line(panels * tile_pitch);  // columns past the end stay 0
               for (std::size_t part = begin; part < end; ++part) {
                 const std::size_t group = part / outer, word = part % outer;
                 const PanelLayout& layout = layouts_[group];
                 std::array<const std::uint8_t*, 4> lanes{};
                 for (std::size_t lane = 0; lane < 4 && word * 4 + lane < channels; ++lane)
                   lanes[lane] = &codes[(group * channels + word * 4 + lane) * columns];
                 interleave_codes(lanes, columns, table_, line.data(), path_);
                 for (std::size_t index = 0; index < panels; ++index) {
                   const Panel panel = panel_at(index, columns, layout.narrowest);
                   std::uint32_t* const target = words + layout.place + panel.first * layout.steps;
                   std::copy_n(&line[panel.first], panel.width, target + word * panel.width);
                   if (word + 1 == outer)
                     std::fill(target + outer * panel.width, target + layout.steps * panel.width, 0U);
                 }
               }
             });
}

std::size_t RightPacker::words_of_steps() const {
  const LeftLayout& left = lowering_.left();
  return static_cast<std::size_t>(left.lanes_are_images ? left.outer : left.inner / gemm_.geometry.groups);
}

void RightPacker::pack_weight(const LoweredProduct& product, const Panel& panel, std::size_t word,
                              std::span<const std::uint8_t> codes, std::vector<std::uint32_t>& scratch,
                              std::uint32_t* panel_words) const {
  const traces::Geometry& g = gemm_.geometry;
  const auto size = [](std::int64_t value) { return static_cast<std::size_t>(value); };
  const std::size_t taps = size(g.kernel_height * g.kernel_width), in = size(g.in_channels / g.groups);
  const std::size_t out = size(g.out_channels / g.groups), group = size(product.group);
  const std::size_t steps = product.vertical->taps.size() * product.horizontal->taps.size();
  std::uint32_t* out_word = panel_words + word * steps * panel.width;
  std::array<const std::uint8_t*, 4> lanes{};
  for (std::size_t lane = 0; lane < 4 && word * 4 + lane < out; ++lane)
    lanes[lane] = &codes[((group * out + word * 4 + lane) * in + panel.first) * taps];
  scratch.assign(panel.width * taps, 0);  // columns past the end stay 0
  interleave_codes(lanes, panel.columns * taps, table_, scratch.data(), path_);
  for (const Tap& y : product.vertical->taps)
    for (const Tap& x : product.horizontal->taps) {
      const std::uint32_t* const at = &scratch[size(y.index * g.kernel_width + x.index)];
      for (std::size_t column = 0; column < panel.width; ++column) *out_word++ = at[column * taps];
    }
}

void RightPacker::pack_gradient(const LoweredProduct& product, const Panel& panel, std::size_t word,
                                std::span<const std::uint8_t> codes, std::vector<std::uint32_t>& scratch,
                                std::uint32_t* panel_words) const {
  const traces::Geometry& g = gemm_.geometry;
  const auto plane = static_cast<std::size_t>(g.out_height * g.out_width);
  const std::size_t image = static_cast<std::size_t>(g.out_channels) * plane;
  const std::size_t batch = static_cast<std::size_t>(g.batch);
  const std::size_t channel = static_cast<std::size_t>(product.group * product.columns) + panel.first;
  std::uint32_t* const target = panel_words + word * plane * panel.width;
  const std::size_t count = panel.columns * plane;
  scratch.resize(panel.width * plane);
  std::fill(scratch.begin() + static_cast<std::ptrdiff_t>(count), scratch.end(), 0U);
  std::array<const std::uint8_t*, 4> lanes{};
  for (std::size_t lane = 0; lane < 4 && word * 4 + lane < batch; ++lane)
    lanes[lane] = codes.data() + (word * 4 + lane) * image + channel * plane;
  interleave_codes(lanes, count, table_, scratch.data(), path_);
  transpose_words(scratch.data(), panel.width, plane, plane, target, panel.width, path_);
}

namespace {

/// Sums of four signed bytes at once.
QUATRAIN_AVX512 void add_column_sums_512(std::span<const std::uint32_t> panel, std::size_t width,
                                         std::int32_t* sums) {
  const __m512i ones = _mm512_set1_epi8(1);
  __m512i sum = _mm512_setzero_si512(), other = sum;  // two chains: each waits for its last sum
  std::size_t i = 0;
  for (; i + 32 <= panel.size(); i += 32) {
    const __m512i some = _mm512_loadu_si512(&panel[i]), more = _mm512_loadu_si512(&panel[i + 16]);
    asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(ones), "v"(some));
    asm("vpdpbusd %2, %1, %0" : "+v"(other) : "v"(ones), "v"(more));
  }
  for (; i < panel.size(); i += 16) {
    const std::size_t count = std::min<std::size_t>(16, panel.size() - i);
    const __m512i some = _mm512_maskz_loadu_epi32(static_cast<__mmask16>((1U << count) - 1), &panel[i]);
    asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(ones), "v"(some));
  }
  sum = _mm512_add_epi32(sum, other);
  std::int32_t all[16];
  _mm512_storeu_si512(all, sum);
  for (std::size_t n = 0; n < std::size(all); ++n) sums[n % width] += all[n];
}

}  // namespace

void add_column_sums(std::span<const std::uint32_t> panel, std::size_t width, SimdPath path,
                     std::int32_t* sums) {
  if (has_avx512(path)) return add_column_sums_512(panel, width, sums);
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
