#include "sim/records/result_place.hpp"

namespace quatrain::sim {

using traces::Phase;

traces::Shape index_in(const traces::Shape& shape, std::int64_t element) {
  traces::Shape index(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0; element /= shape[axis])
    index[axis] = element % shape[axis];
  return index;
}

ResultPlace place_of_result(const traces::Gemm& gemm, std::int64_t element) {
  const traces::Geometry& g = gemm.geometry;
  const std::int64_t in = g.in_channels / g.groups, out = g.out_channels / g.groups;
  if (gemm.phase == Phase::backward_weight) {  // dW [O, C/g, kh, kw]
    const std::int64_t taps = in * g.kernel_height * g.kernel_width;
    const std::int64_t o = element / taps;
    return {o / out, element % taps, o % out};
  }
  // Z [B, O, Ho, Wo], dX [B, C, H, W]
  const bool forward = gemm.phase == Phase::forward;
  const std::int64_t channels = forward ? g.out_channels : g.in_channels;
  const std::int64_t plane = forward ? g.out_height * g.out_width : g.height * g.width;
  const std::int64_t b = element / (channels * plane), channel = element / plane % channels;
  const std::int64_t columns = forward ? out : in;
  return {channel / columns, b * plane + element % plane, channel % columns};
}

std::int64_t k_of_right(const traces::Gemm& gemm, std::int64_t element) {
  const traces::Geometry& g = gemm.geometry;
  const std::int64_t in = g.in_channels / g.groups, out = g.out_channels / g.groups;
  const std::int64_t taps = g.kernel_height * g.kernel_width;
  if (gemm.phase == Phase::forward) return element % (in * taps);  // W [O, C/g, kh, kw]: (c, i, j)
  if (gemm.phase == Phase::backward_data) {                        // the same W: (o, i, j)
    const std::int64_t o = element / (in * taps) % out;
    return o * taps + element % taps;
  }
  const std::int64_t plane = g.out_height * g.out_width;  // dZ [B, O, Ho, Wo]: (b, ho, wo)
  return element / (g.out_channels * plane) * plane + element % plane;
}

}  // namespace quatrain::sim
