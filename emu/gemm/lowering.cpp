#include "emu/gemm/lowering.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <numeric>

namespace quatrain::emu {
namespace {

using traces::Geometry;

std::int64_t words_for(std::int64_t elements, std::int64_t lanes) { return (elements + lanes - 1) / lanes; }

/// The sizes that one axis of a layer has.
struct LayerAxis {
  std::int64_t in, out, kernel, stride, padding;
};

LayerAxis vertical_of(const Geometry& g) {
  return {g.height, g.out_height, g.kernel_height, g.stride_height, g.padding_height};
}
LayerAxis horizontal_of(const Geometry& g) {
  return {g.width, g.out_width, g.kernel_width, g.stride_width, g.padding_width};
}

/// forward, backward_weight: output position p sees input coordinate stride p + tap - padding.
PackedAxis sliding(const LayerAxis& axis, std::vector<TapAxis>& classes) {
  TapAxis all{.positions = axis.out, .taps = {}};
  for (std::int64_t tap = 0; tap < axis.kernel; ++tap)
    all.taps.push_back({tap, tap % axis.stride, tap / axis.stride});
  classes.push_back(std::move(all));
  PackedAxis packed{.size = axis.in, .pitch = axis.stride, .firsts = {}};
  packed.places = axis.out + (axis.kernel - 1) / axis.stride;
  for (std::int64_t phase = 0; phase < std::min(axis.stride, axis.kernel); ++phase)
    packed.firsts.push_back(phase - axis.padding);
  return packed;
}

/// backward_data: input coordinate first + stride p sees output coordinate p + (first + padding - tap) /
/// stride.
PackedAxis transposed(const LayerAxis& axis, std::vector<TapAxis>& classes) {
  std::int64_t lowest = 0, highest = axis.out - 1;
  for (std::int64_t first = 0; first < std::min(axis.stride, axis.in); ++first) {
    TapAxis one{.positions = words_for(axis.in - first, axis.stride),
                .first = first,
                .pitch = axis.stride,
                .taps = {}};
    for (std::int64_t tap = (first + axis.padding) % axis.stride; tap < axis.kernel; tap += axis.stride) {
      one.taps.push_back({tap, 0, (first + axis.padding - tap) / axis.stride});
      lowest = std::min(lowest, one.taps.back().offset);
      highest = std::max(highest, one.taps.back().offset + one.positions - 1);
    }
    if (!one.taps.empty()) classes.push_back(std::move(one));
  }
  for (TapAxis& one : classes)
    for (Tap& tap : one.taps) tap.offset -= lowest;
  return {.size = axis.out, .places = highest - lowest + 1, .firsts = {lowest}};
}

}  // namespace

bool PackedAxis::has_border() const {
  return std::any_of(firsts.begin(), firsts.end(),
                     [&](std::int64_t first) { return first < 0 || first + pitch * (places - 1) >= size; });
}

Lowering::Lowering(const traces::Gemm& gemm, std::int64_t lanes) {
  assert(!why_not_lowered(gemm, most_left_words) && "the word offsets must fit 32 bits");
  const Geometry& g = gemm.geometry;
  const bool is_data = is_transposed(gemm.phase), is_weight = sums_images(gemm.phase);
  const auto lower = is_data ? transposed : sliding;
  left_.vertical = lower(vertical_of(g), vertical_);
  left_.horizontal = lower(horizontal_of(g), horizontal_);
  covers_result_ =
      !is_data || (vertical_.size() == static_cast<std::size_t>(std::min(g.stride_height, g.height)) &&
                   horizontal_.size() == static_cast<std::size_t>(std::min(g.stride_width, g.width)));
  left_.lanes = lanes;
  left_.lanes_are_images = is_weight;
  const std::int64_t channels = left_channels(gemm);
  left_.outer = is_weight ? words_for(g.batch, lanes) : g.batch;
  left_.inner = is_weight ? channels : g.groups * words_for(channels / g.groups, lanes);
  for (std::int64_t group = 0; group < g.groups; ++group) {
    if (is_weight) {
      products_.push_back(tap_rows(g, group));
      continue;
    }
    for (const TapAxis& vertical : vertical_)
      for (const TapAxis& horizontal : horizontal_)
        products_.push_back(position_rows(gemm, group, vertical, horizontal));
  }
}

/// forward, backward_data: a row is a pixel of the result, a step one word of channels under one tap.
LoweredProduct Lowering::position_rows(const traces::Gemm& gemm, std::int64_t group, const TapAxis& vertical,
                                       const TapAxis& horizontal) const {
  const Geometry& g = gemm.geometry;
  const bool is_data = is_transposed(gemm.phase);
  const std::int64_t result_width = is_data ? g.width : g.out_width;
  const std::int64_t result_plane = result_width * (is_data ? g.height : g.out_height);
  const std::int64_t result_channels = is_data ? g.in_channels : g.out_channels;
  const std::int64_t group_words = left_.inner / g.groups;
  LoweredProduct product;
  product.group = group;
  product.vertical = &vertical;
  product.horizontal = &horizontal;
  product.columns = result_channels / g.groups;
  product.column_pitch = result_plane;
  product.rows.planes = g.batch;
  product.rows.lines = vertical.positions;
  product.rows.pixels = horizontal.positions;
  product.rows.left = {group * group_words * left_.plane_words(), left_.inner * left_.plane_words(),
                       left_.horizontal.places, 1};
  product.rows.result = {
      group * product.columns * result_plane + vertical.first * result_width + horizontal.first,
      result_channels * result_plane, vertical.pitch * result_width, horizontal.pitch};
  for (std::int64_t word = 0; word < group_words; ++word)
    for (const Tap& y : vertical.taps)
      for (const Tap& x : horizontal.taps)
        product.steps.push_back(static_cast<std::int32_t>(word * left_.plane_words() + left_.place(y, x)));
  return product;
}

/// backward_weight: a row is one tap of one channel, a step the same pixel of one word of images.
LoweredProduct Lowering::tap_rows(const Geometry& g, std::int64_t group) const {
  const std::int64_t channels = g.in_channels / g.groups;
  LoweredProduct product;
  product.group = group;
  product.vertical = &vertical_.front();
  product.horizontal = &horizontal_.front();
  product.columns = g.out_channels / g.groups;
  product.column_pitch = channels * g.kernel_height * g.kernel_width;
  product.rows.planes = channels;
  product.rows.lines = g.kernel_height;
  product.rows.pixels = g.kernel_width;
  product.rows.left = {group * channels * left_.plane_words(), left_.plane_words(), 0, 0};
  for (const Tap& y : product.vertical->taps)
    for (const Tap& x : product.horizontal->taps) product.rows.taps.push_back(left_.place(y, x));
  product.rows.result = {group * product.columns * product.column_pitch, g.kernel_height * g.kernel_width,
                         g.kernel_width, 1};
  product.steps.resize(static_cast<std::size_t>(left_.outer * g.out_height * g.out_width));
  auto step = product.steps.begin();
  for (std::int64_t word = 0; word < left_.outer; ++word)
    for (std::int64_t ho = 0; ho < g.out_height; ++ho, step += g.out_width)
      std::iota(
          step, step + g.out_width,
          static_cast<std::int32_t>(word * left_.inner * left_.plane_words() + ho * left_.horizontal.places));
  return product;
}

std::optional<std::string> why_not_lowered(const traces::Gemm& gemm, std::int64_t most) {
  const Geometry& g = gemm.geometry;
  std::vector<TapAxis> unused;
  const auto lower = is_transposed(gemm.phase) ? transposed : sliding;
  const PackedAxis vertical = lower(vertical_of(g), unused);
  unused.clear();
  const PackedAxis horizontal = lower(horizontal_of(g), unused);
  // Words of one lane: those of four are fewer. In floating point: the product of hostile sizes leaves 64
  // bits.
  const double words = static_cast<double>(vertical.words()) * static_cast<double>(horizontal.words()) *
                       static_cast<double>(g.batch) * static_cast<double>(left_channels(gemm));
  if (words <= static_cast<double>(most)) return std::nullopt;
  return fmt::format("the left operand with its border has {:.3g} elements: at most {} expected", words,
                     most);
}

}  // namespace quatrain::emu
