#include "rtl_models/array/tile/operand_codes.hpp"

#include "rtl_models/feeder/lowering.hpp"
#include "traces/encoding/nibbles.hpp"

#include <algorithm>
#include <cstring>

namespace quatrain::rtl_models {
namespace {

using traces::Phase;

/// One axis of a window that slides over a plane: position * step + tap is a place of the plane as it is
/// copied here. Of a gradient, which the window meets from below, taps count backwards and `gap` places lie
/// from one element to the next.
struct Axis {
  std::int64_t positions, taps, step, gap, first, plane;
  bool is_backwards;

  std::int64_t places() const { return (positions - 1) * step + taps; }
  std::int64_t tap(std::int64_t index) const { return is_backwards ? taps - 1 - index : index; }
  /// The place of an element; it may lie outside of places().
  std::int64_t place(std::int64_t element) const { return first + element * gap; }
};

Axis sliding(std::int64_t positions, std::int64_t taps, std::int64_t stride, std::int64_t padding,
             std::int64_t plane) {
  return {positions, taps, stride, 1, padding, plane, false};
}
Axis from_below(std::int64_t positions, std::int64_t taps, std::int64_t stride, std::int64_t padding,
                std::int64_t plane) {
  return {positions, taps, 1, stride, taps - 1 - padding, plane, true};
}

/// The left tensor as planes [image][channel][vertical][horizontal].
struct Planes {
  std::int64_t images, channels, groups;
  Axis vertical, horizontal;
  std::int64_t size() const { return vertical.places() * horizontal.places(); }
};

Planes planes_of(const traces::Gemm& gemm) {
  const traces::Geometry& g = gemm.geometry;
  if (gemm.phase == Phase::backward_data)
    return {g.batch, g.out_channels, g.groups,
            from_below(g.height, g.kernel_height, g.stride_height, g.padding_height, g.out_height),
            from_below(g.width, g.kernel_width, g.stride_width, g.padding_width, g.out_width)};
  return {g.batch, g.in_channels, g.groups,
          sliding(g.out_height, g.kernel_height, g.stride_height, g.padding_height, g.height),
          sliding(g.out_width, g.kernel_width, g.stride_width, g.padding_width, g.width)};
}

std::vector<std::uint8_t> spread(const Planes& planes, const std::vector<std::uint8_t>& codes) {
  const Axis &vertical = planes.vertical, &horizontal = planes.horizontal;
  std::vector<std::uint8_t> copy(static_cast<std::size_t>(planes.images * planes.channels * planes.size()));
  const std::uint8_t* code = codes.data();
  for (std::int64_t plane = 0; plane < planes.images * planes.channels; ++plane)
    for (std::int64_t y = 0; y < vertical.plane; ++y, code += horizontal.plane) {
      const std::int64_t to_y = vertical.place(y);
      if (to_y < 0 || to_y >= vertical.places()) continue;
      std::uint8_t* line = copy.data() + plane * planes.size() + to_y * horizontal.places();
      for (std::int64_t x = 0; x < horizontal.plane; ++x)
        if (const std::int64_t to_x = horizontal.place(x); to_x >= 0 && to_x < horizontal.places())
          line[to_x] = code[x];
    }
  return copy;
}

std::vector<std::size_t> position_offsets(const Planes& planes) {
  std::vector<std::size_t> offsets;
  for (std::int64_t image = 0; image < planes.images; ++image)
    for (std::int64_t y = 0; y < planes.vertical.positions; ++y)
      for (std::int64_t x = 0; x < planes.horizontal.positions; ++x)
        offsets.push_back(static_cast<std::size_t>(image * planes.channels * planes.size() +
                                                   y * planes.vertical.step * planes.horizontal.places() +
                                                   x * planes.horizontal.step));
  return offsets;
}

std::vector<std::size_t> tap_offsets(const Planes& planes) {
  std::vector<std::size_t> offsets;
  for (std::int64_t channel = 0; channel < planes.channels / planes.groups; ++channel)
    for (std::int64_t i = 0; i < planes.vertical.taps; ++i)
      for (std::int64_t j = 0; j < planes.horizontal.taps; ++j)
        offsets.push_back(static_cast<std::size_t>(channel * planes.size() +
                                                   planes.vertical.tap(i) * planes.horizontal.places() +
                                                   planes.horizontal.tap(j)));
  return offsets;
}

}  // namespace

double OperandCodes::left_size(const traces::Gemm& gemm) {
  const Planes planes = planes_of(gemm);
  return static_cast<double>(planes.images) * static_cast<double>(planes.channels) *
         static_cast<double>(planes.vertical.places()) * static_cast<double>(planes.horizontal.places());
}

OperandCodes OperandCodes::left(const traces::Gemm& gemm, const traces::Operand& operand) {
  const auto elements = static_cast<std::size_t>(traces::left_elements(gemm.phase, gemm.geometry));
  const Planes planes = planes_of(gemm);
  OperandCodes out;
  out.codes_ = spread(planes, traces::unpack_nibbles(operand.codes, elements));
  out.group_ = static_cast<std::size_t>(planes.channels / planes.groups * planes.size());
  out.lines_ = position_offsets(planes);
  out.ks_ = tap_offsets(planes);
  if (gemm.phase == Phase::backward_weight) std::swap(out.lines_, out.ks_);
  return out;
}

OperandCodes OperandCodes::right(const traces::Gemm& gemm, const traces::Operand& operand) {
  const auto elements = static_cast<std::size_t>(traces::right_elements(gemm.phase, gemm.geometry));
  const traces::GemmSize size = traces::gemm_size(gemm.phase, gemm.geometry);
  const RightAddress address(gemm);
  OperandCodes out;
  out.codes_ = traces::unpack_nibbles(operand.codes, elements);
  out.group_ = static_cast<std::size_t>(address.column(1, 0));
  for (std::int64_t n = 0; n < size.n; ++n)
    out.lines_.push_back(static_cast<std::size_t>(address.column(0, n)));
  for (std::int64_t k = 0; k < size.k; ++k) out.ks_.push_back(static_cast<std::size_t>(address.offset(k)));
  return out;
}

void OperandCodes::put_by_k(const Lines& lines, KRange k, std::uint8_t* codes, std::size_t stride) const {
  const std::uint8_t* group = codes_.data() + lines.group * group_;
  const std::size_t* line = lines_.data() + lines.first;
  if (line[lines.lanes - 1] - line[0] == lines.lanes - 1) {  // neighbours in the tensor
    for (std::uint64_t at = k.first; at < k.end; ++at, codes += stride)
      std::memcpy(codes, group + ks_[at] + line[0], lines.lanes);
    return;
  }
  constexpr std::uint64_t block =
      64;  // lines may be far apart: several codes of each while it is in the cache
  for (std::uint64_t first = k.first; first < k.end; first += block, codes += block * stride) {
    const std::uint64_t steps = std::min(block, k.end - first);
    for (std::uint32_t lane = 0; lane < lines.lanes; ++lane)
      for (std::uint64_t at = 0; at < steps; ++at)
        codes[at * stride + lane] = group[line[lane] + ks_[first + at]];
  }
}

void OperandCodes::put_by_line(const Lines& lines, KRange k, std::uint8_t* codes, std::size_t stride) const {
  const std::uint8_t* group = codes_.data() + lines.group * group_;
  const std::size_t* offsets = ks_.data() + k.first;
  for (std::uint32_t lane = 0; lane < lines.lanes; ++lane, codes += stride) {
    const std::uint8_t* from = group + lines_[lines.first + lane];
    for (std::uint64_t at = 0; at < k.count(); ++at) codes[at] = from[offsets[at]];
  }
}

}  // namespace quatrain::rtl_models
