#include "sim/accelerator/traffic.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace quatrain::sim {
namespace {

using traces::Geometry;
using traces::Phase;

constexpr std::uint64_t fp32_bytes = 4;

std::uint64_t bytes_for(std::uint64_t bits) { return (bits + 7) / 8; }

/// Which row (or column) of the left tensor a position of the product meets under a tap; -1 for none.
struct Axis {
  std::int64_t positions, taps, stride, padding, size;
  bool transposed;  ///< backward_data: the left tensor is the layer's output

  std::int64_t met(std::int64_t position, std::int64_t tap) const {
    std::int64_t at = transposed ? position + padding - tap : position * stride + tap - padding;
    if (transposed) {
      if (at < 0 || at % stride != 0) return -1;
      at /= stride;
    }
    return at >= 0 && at < size ? at : -1;
  }
};

Axis vertical_axis(const traces::Gemm& gemm) {
  const Geometry& g = gemm.geometry;
  if (gemm.phase == Phase::backward_data)
    return {g.height, g.kernel_height, g.stride_height, g.padding_height, g.out_height, true};
  return {g.out_height, g.kernel_height, g.stride_height, g.padding_height, g.height, false};
}

Axis horizontal_axis(const traces::Gemm& gemm) {
  const Geometry& g = gemm.geometry;
  if (gemm.phase == Phase::backward_data)
    return {g.width, g.kernel_width, g.stride_width, g.padding_width, g.out_width, true};
  return {g.out_width, g.kernel_width, g.stride_width, g.padding_width, g.width, false};
}

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
  const auto channels = static_cast<std::uint64_t>(
      (gemm.phase == Phase::backward_data ? g.out_channels : g.in_channels) / g.groups);
  const std::int64_t m = gemm_size(gemm.phase, g).m;
  DistinctPlaces places(g.batch * plane);
  std::vector<std::uint64_t> counts;
  for (std::int64_t first = 0; first < m; first += rows) {
    places.reset();
    for (std::int64_t row = first; row < std::min(first + rows, m); ++row) {
      const std::int64_t x = row % horizontal.positions, y = row / horizontal.positions % vertical.positions;
      const std::int64_t image = row / horizontal.positions / vertical.positions;
      for (std::int64_t i = 0; i < vertical.taps; ++i) {
        const std::int64_t h = vertical.met(y, i);
        if (h < 0) continue;
        for (std::int64_t j = 0; j < horizontal.taps; ++j)
          if (const std::int64_t w = horizontal.met(x, j); w >= 0)
            places.mark(image * plane + h * horizontal.size + w);
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
      const std::int64_t h = vertical.met(y, tap / horizontal.taps);
      if (h < 0) continue;
      for (std::int64_t x = 0; x < horizontal.positions; ++x)
        if (const std::int64_t w = horizontal.met(x, tap % horizontal.taps); w >= 0)
          places.mark(h * horizontal.size + w);
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
  return gemm.phase == Phase::backward_weight ? distinct_by_tap(gemm, rows)
                                              : distinct_by_position(gemm, rows);
}

Traffic& Traffic::operator+=(const Traffic& other) {
  left_bytes += other.left_bytes;
  right_bytes += other.right_bytes;
  result_bytes += other.result_bytes;
  quantizer_bytes += other.quantizer_bytes;
  return *this;
}

Traffic traffic_of(const traces::Gemm& gemm, const Mapping& mapping, const OperandBuffers& buffers) {
  std::uint64_t left_bits = 0;
  for (const std::uint64_t elements : distinct_left_elements(gemm, mapping.array.rows)) {
    const std::uint64_t bits = elements * buffers.element_bits;
    const bool fits = bits <= buffers.half_bits;
    // The same rows come again after all rows: a panel stays only where it is the only one.
    const std::uint64_t visits = fits && mapping.row_tiles() == 1 ? 1 : mapping.column_tiles();
    left_bits += bits * visits * (fits ? 1 : mapping.samples);
  }
  std::uint64_t right_bits = 0;
  for (std::uint64_t first = 0; first < mapping.n(); first += mapping.array.columns) {
    const std::uint64_t columns = std::min<std::uint64_t>(mapping.array.columns, mapping.n() - first);
    const std::uint64_t bits = columns * mapping.stream_length() * buffers.element_bits;
    right_bits += bits * (bits <= buffers.half_bits ? 1 : mapping.row_tiles());
  }
  return {bytes_for(mapping.groups() * left_bits), bytes_for(mapping.groups() * right_bits),
          mapping.groups() * mapping.m() * mapping.n() * fp32_bytes, 0};
}

std::uint64_t quantizer_bytes_of(const std::vector<QuantizerWork>& quantizers, unsigned element_bits) {
  std::uint64_t bytes = 0;
  for (const QuantizerWork& work : quantizers) {
    const bool is_bf16 = element_bits == 16;
    if (is_bf16 && !work.measures_maximum) continue;  // a further sample: the same bf16 tensor
    const std::uint64_t passes = is_bf16 ? 1 : work.passes();
    bytes += passes * fp32_bytes * work.elements + bytes_for(element_bits * work.elements);
  }
  return bytes;
}

}  // namespace quatrain::sim
