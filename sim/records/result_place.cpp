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
  // an image after another, each with its channels, each a plane
  const auto in_planes = [element](std::int64_t channels, std::int64_t columns, std::int64_t plane) {
    const std::int64_t b = element / (channels * plane), channel = element / plane % channels;
    return ResultPlace{channel / columns, b * plane + element % plane, channel % columns};
  };
  switch (gemm.phase) {
    case Phase::forward:  // Z [B, O, Ho, Wo]
      return in_planes(g.out_channels, out, g.out_height * g.out_width);
    case Phase::backward_data:  // dX [B, C, H, W]
      return in_planes(g.in_channels, in, g.height * g.width);
    case Phase::backward_weight: {  // dW [O, C/g, kh, kw]
      const std::int64_t taps = in * g.kernel_height * g.kernel_width;
      const std::int64_t o = element / taps;
      return {o / out, element % taps, o % out};
    }
  }
  __builtin_unreachable();
}

std::int64_t k_of_right(const traces::Gemm& gemm, std::int64_t element) {
  const traces::Geometry& g = gemm.geometry;
  const std::int64_t in = g.in_channels / g.groups, out = g.out_channels / g.groups;
  const std::int64_t taps = g.kernel_height * g.kernel_width;
  const std::int64_t plane = g.out_height * g.out_width;
  switch (gemm.phase) {
    case Phase::forward:  // W [O, C/g, kh, kw]: (c, i, j)
      return element % (in * taps);
    case Phase::backward_data:  // the same W: (o, i, j)
      return element / (in * taps) % out * taps + element % taps;
    case Phase::backward_weight:  // dZ [B, O, Ho, Wo]: (b, ho, wo)
      return element / (g.out_channels * plane) * plane + element % plane;
  }
  __builtin_unreachable();
}

}  // namespace quatrain::sim
