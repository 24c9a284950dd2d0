#include "rtl_models/array/tile/operand_codes.hpp"

#include "rtl_models/feeder/lowering.hpp"
#include "traces/encoding/nibbles.hpp"

#include <algorithm>
#include <cstring>
#include <span>

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

/// Offsets that follow each other without a gap.
struct Run {
  std::size_t at, length, offset;
};

std::vector<Run> runs_of(std::span<const std::size_t> offsets) {
  std::vector<Run> runs;
  for (std::size_t at = 0; at < offsets.size(); ++at)
    if (at > 0 && offsets[at] == offsets[at - 1] + 1)
      ++runs.back().length;
    else
      runs.push_back({at, 1, offsets[at]});
  return runs;
}

constexpr std::size_t bytes_at_once = 16;
using Bytes [[gnu::vector_size(bytes_at_once), gnu::aligned(1), gnu::may_alias]] = std::uint8_t;

/// Lines that stand beside each other. Their k may be far apart: they are asked for ahead.
void put_neighbours(const std::uint8_t* first, std::span<const std::size_t> ks, std::size_t lanes,
                    std::uint8_t* codes, std::size_t stride) {
  constexpr std::size_t ahead = 24;
  for (std::size_t at = 0; at < ks.size(); ++at, codes += stride) {
    if (at + ahead < ks.size()) __builtin_prefetch(first + ks[at + ahead]);
    std::size_t lane = 0;
    for (; lane + bytes_at_once <= lanes; lane += bytes_at_once)
      std::memcpy(codes + lane, first + ks[at] + lane, bytes_at_once);
    for (; lane < lanes; ++lane) codes[lane] = first[ks[at] + lane];
  }
}

/// Up to 16 bytes, not behind `end`.
[[gnu::always_inline]] inline void copy_bytes(const std::uint8_t* from, const std::uint8_t* end,
                                              std::uint8_t* to) {
  if (end - from >= static_cast<std::ptrdiff_t>(bytes_at_once))
    std::memcpy(to, from, bytes_at_once);
  else
    std::copy(from, end, to);
}

/// Lines of neighbours beside each other, run by run.
void put_runs(std::span<const std::uint8_t> group, const std::vector<Run>& lines,
              std::span<const std::size_t> ks, std::size_t lanes, std::uint8_t* codes, std::size_t stride) {
  const std::uint8_t* end = group.data() + group.size();
  std::vector<std::uint8_t> line(lanes + bytes_at_once);  // what is behind a run is overwritten by the next
  for (const std::size_t k : ks) {
    for (const Run& run : lines)
      for (std::size_t at = 0; at < run.length; at += bytes_at_once)
        copy_bytes(group.data() + k + run.offset + at, end, line.data() + run.at + at);
    std::memcpy(codes, line.data(), lanes);
    codes += stride;
  }
}

/// rows[i] byte j becomes rows[j] byte i.
void transpose(Bytes (&rows)[bytes_at_once]) {
  for (int round = 0; round < 4; ++round) {
    Bytes next[bytes_at_once];
    for (std::size_t i = 0; i < bytes_at_once / 2; ++i) {
      const Bytes a = rows[i], b = rows[i + bytes_at_once / 2];
      next[2 * i] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      next[2 * i + 1] =
          __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
    std::memcpy(rows, next, sizeof next);
  }
}

/// Lines that are far apart, of which some k stand beside each other.
void put_transposed(std::span<const std::uint8_t> group, std::span<const std::size_t> lines, const Run& ks,
                    std::uint8_t* codes, std::size_t stride) {
  const std::uint8_t* end = group.data() + group.size();
  for (std::size_t lane = 0; lane < lines.size(); lane += bytes_at_once) {
    const std::size_t lanes = std::min(bytes_at_once, lines.size() - lane);
    for (std::size_t at = 0; at < ks.length; at += bytes_at_once) {
      Bytes rows[bytes_at_once] = {};
      for (std::size_t i = 0; i < lanes; ++i)
        copy_bytes(group.data() + lines[lane + i] + ks.offset + at, end,
                   reinterpret_cast<std::uint8_t*>(&rows[i]));
      transpose(rows);
      std::uint8_t* to = codes + (ks.at + at) * stride + lane;
      const std::size_t steps = std::min(bytes_at_once, ks.length - at);
      for (std::size_t step = 0; step < steps; ++step)
        if (lanes == bytes_at_once)
          std::memcpy(to + step * stride, &rows[step], bytes_at_once);
        else
          std::memcpy(to + step * stride, &rows[step], lanes);
    }
  }
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
  const std::span group = std::span(codes_).subspan(lines.group * group_);
  const std::span line(lines_.data() + lines.first, lines.lanes), ks(ks_.data() + k.first, k.count());
  const std::vector<Run> of_lines = runs_of(line), of_ks = runs_of(ks);
  if (of_lines.size() == 1)  // neighbours in the tensor
    put_neighbours(group.data() + line[0], ks, line.size(), codes, stride);
  else if (line.size() * of_ks.size() > ks.size() * of_lines.size())  // longer runs of lines
    put_runs(group, of_lines, ks, line.size(), codes, stride);
  else
    for (const Run& run : of_ks) put_transposed(group, line, run, codes, stride);
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
