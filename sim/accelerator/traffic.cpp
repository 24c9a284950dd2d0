#include "sim/accelerator/traffic.hpp"

#include "sim/accelerator/checked.hpp"
#include "sim/records/window.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

namespace quatrain::sim {
namespace {

using traces::Geometry;
using traces::Phase;

constexpr std::uint64_t fp32_bytes = 4;

std::uint64_t bytes_for(std::uint64_t bits) { return (bits + 7) / 8; }

/// One axis of the left tensor: rows (or columns) of it that the positions of the product meet under the
/// taps.
struct Axis {
  std::int64_t positions, taps, size;
  WindowAxis window;
  bool is_transposed;  ///< backward_data: the left tensor is the layer's output

  std::optional<std::int64_t> met(std::int64_t position, std::int64_t tap) const {
    return is_transposed ? window.output_met(position, tap) : window.input_met(position, tap);
  }
};

Axis axis_of(const traces::Gemm& gemm, const WindowAxis& window) {
  switch (gemm.phase) {
    case Phase::forward:
    case Phase::backward_weight:
      return {window.outputs, window.taps, window.inputs, window, false};
    case Phase::backward_data:
      return {window.inputs, window.taps, window.outputs, window, true};
  }
  __builtin_unreachable();
}
Axis vertical_axis(const traces::Gemm& gemm) { return axis_of(gemm, rows_of(gemm.geometry)); }
Axis horizontal_axis(const traces::Gemm& gemm) { return axis_of(gemm, columns_of(gemm.geometry)); }

/// Marks places of some planes and counts those marked for the first time since reset().
class DistinctPlaces {
 public:
  explicit DistinctPlaces(std::int64_t places) : round_of_(static_cast<std::size_t>(places)) {}
  void reset() {
    ++round_;
    count_ = 0;
  }
  void mark(std::int64_t place) {
    std::uint64_t& round = round_of_[static_cast<std::size_t>(place)];
    count_ += round != round_;
    round = round_;
  }
  std::uint64_t count() const { return count_; }

 private:
  std::vector<std::uint64_t> round_of_;
  std::uint64_t round_ = 0, count_ = 0;
};

/// forward and backward_data: rows are positions (b, y, x); every channel of the group is read at the places
/// that the taps meet.
std::vector<std::uint64_t> distinct_by_position(const traces::Gemm& gemm, std::uint32_t rows) {
  const Geometry& g = gemm.geometry;
  const Axis vertical = vertical_axis(gemm), horizontal = horizontal_axis(gemm);
  const std::int64_t plane = vertical.size * horizontal.size;
  const auto channels =
      static_cast<std::uint64_t>((vertical.is_transposed ? g.out_channels : g.in_channels) / g.groups);
  const std::int64_t m = gemm_size(gemm.phase, g).m;
  DistinctPlaces places(g.batch * plane);
  std::vector<std::uint64_t> counts;
  for (std::int64_t first = 0; first < m; first += rows) {
    places.reset();
    for (std::int64_t row = first; row < std::min(first + rows, m); ++row) {
      const std::int64_t x = row % horizontal.positions, y = row / horizontal.positions % vertical.positions;
      const std::int64_t image = row / horizontal.positions / vertical.positions;
      for (std::int64_t i = 0; i < vertical.taps; ++i) {
        const auto h = vertical.met(y, i);
        if (!h) continue;
        for (std::int64_t j = 0; j < horizontal.taps; ++j)
          if (const auto w = horizontal.met(x, j)) places.mark(image * plane + *h * horizontal.size + *w);
      }
    }
    counts.push_back(places.count() * channels);
  }
  return counts;
}

/// Places of one image that the taps first .. end - 1 (numbered i * kernel_width + j) meet at some position.
std::uint64_t places_met(const traces::Gemm& gemm, std::int64_t first, std::int64_t end) {
  const Axis vertical = vertical_axis(gemm), horizontal = horizontal_axis(gemm);
  DistinctPlaces places(vertical.size * horizontal.size);
  places.reset();
  for (std::int64_t tap = first; tap < end; ++tap)
    for (std::int64_t y = 0; y < vertical.positions; ++y) {
      const auto h = vertical.met(y, tap / horizontal.taps);
      if (!h) continue;
      for (std::int64_t x = 0; x < horizontal.positions; ++x)
        if (const auto w = horizontal.met(x, tap % horizontal.taps)) places.mark(*h * horizontal.size + *w);
    }
  return places.count();
}

/// backward_weight: rows are (c, i, j), and k runs over all positions of all images.
std::vector<std::uint64_t> distinct_by_tap(const traces::Gemm& gemm, std::uint32_t rows) {
  const Geometry& g = gemm.geometry;
  const std::int64_t taps = g.kernel_height * g.kernel_width, m = gemm_size(gemm.phase, g).m;
  std::map<std::pair<std::int64_t, std::int64_t>, std::uint64_t> known;  // few ranges of taps occur
  std::vector<std::uint64_t> counts;
  for (std::int64_t first = 0; first < m; first += rows) {
    const std::int64_t end = std::min(first + rows, m);
    std::uint64_t count = 0;
    for (std::int64_t row = first; row < end;) {
      const std::int64_t channel = row / taps, next = std::min((channel + 1) * taps, end);
      const std::pair range{row - channel * taps, next - channel * taps};
      if (!known.contains(range)) known[range] = places_met(gemm, range.first, range.second);
      count += static_cast<std::uint64_t>(g.batch) * known[range];
      row = next;
    }
    counts.push_back(count);
  }
  return counts;
}

}  // namespace

std::vector<std::uint64_t> distinct_left_elements(const traces::Gemm& gemm, std::uint32_t rows) {
  switch (gemm.phase) {
    case Phase::forward:
    case Phase::backward_data:
      return distinct_by_position(gemm, rows);
    case Phase::backward_weight:
      return distinct_by_tap(gemm, rows);
  }
  __builtin_unreachable();
}

Traffic& Traffic::operator+=(const Traffic& other) {
  left_bytes = checked_sum(left_bytes, other.left_bytes);
  right_bytes = checked_sum(right_bytes, other.right_bytes);
  result_bytes = checked_sum(result_bytes, other.result_bytes);
  quantizer_bytes = checked_sum(quantizer_bytes, other.quantizer_bytes);
  accumulator_bytes = checked_sum(accumulator_bytes, other.accumulator_bytes);
  return *this;
}

Traffic traffic_of(const traces::Gemm& gemm, const Mapping& mapping, const OperandBuffers& buffers) {
  std::uint64_t left_bits = 0;
  for (const std::uint64_t elements : distinct_left_elements(gemm, mapping.array.rows)) {
    const std::uint64_t bits = checked_product(elements, std::uint64_t{buffers.element_bits});
    const bool fits = bits <= buffers.half_bits;
    // The same rows come again after all rows: a panel stays only where it is the only one.
    const std::uint64_t visits = fits && mapping.row_tiles() == 1 ? 1 : mapping.column_tiles();
    left_bits =
        checked_sum(left_bits, checked_product(bits, visits, std::uint64_t{fits ? 1 : mapping.samples}));
  }
  std::uint64_t right_bits = 0;
  for (std::uint64_t first = 0; first < mapping.n(); first += mapping.array.columns) {
    const std::uint64_t columns = std::min<std::uint64_t>(mapping.array.columns, mapping.n() - first);
    const std::uint64_t bits =
        checked_product(columns, mapping.stream_length(), std::uint64_t{buffers.element_bits});
    right_bits =
        checked_sum(right_bits, checked_product(bits, bits <= buffers.half_bits ? 1 : mapping.row_tiles()));
  }
  return {bytes_for(checked_product(mapping.groups(), left_bits)),
          bytes_for(checked_product(mapping.groups(), right_bits)),
          checked_product(mapping.groups(), mapping.m(), mapping.n(), std::uint64_t{buffers.result_bytes}), 0,
          0};
}

QuantizerTransfers transfers_of(const QuantizerWork& work, const PeKind& pe) {
  switch (pe.tensors) {
    case TensorForm::fp32:
      return {work.passes(), fp32_bytes * work.elements, bytes_for(pe.operand_bits * work.elements)};
    case TensorForm::operands:
      return {};
  }
  std::abort();
}

std::uint64_t quantizer_bytes_of(const std::vector<QuantizerWork>& quantizers, const PeKind& pe) {
  std::uint64_t bytes = 0;
  for (const QuantizerWork& work : quantizers) {
    const QuantizerTransfers moved = transfers_of(work, pe);
    bytes += moved.passes * moved.read_bytes + moved.written_bytes;
  }
  return bytes;
}

}  // namespace quatrain::sim
