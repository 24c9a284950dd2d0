#pragma once
/// The windows of a pooling over a plane [height, width], those parts of them that lie inside.

#include "emu/nn/tensor.hpp"
#include "traces/base/parallel_for.hpp"
#include "traces/geometry.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace quatrain::emu {

struct WindowSpan {
  std::int64_t begin = 0, end = 0;
};

/// Along one axis, window by window.
inline std::vector<WindowSpan> window_spans(std::int64_t size, std::int64_t windows, std::int64_t kernel,
                                            std::int64_t stride, std::int64_t padding) {
  std::vector<WindowSpan> spans;
  for (std::int64_t first = -padding; windows > 0; first += stride, --windows)
    spans.push_back({std::max<std::int64_t>(first, 0), std::min(first + kernel, size)});
  return spans;
}

struct PlaneWindows {
  explicit PlaneWindows(const traces::Geometry& g)
      : rows(window_spans(g.height, g.out_height, g.kernel_height, g.stride_height, g.padding_height)),
        columns(window_spans(g.width, g.out_width, g.kernel_width, g.stride_width, g.padding_width)),
        width(g.width) {}

  std::size_t count() const { return rows.size() * columns.size(); }

  /// body(window, row span, column span), the windows row by row.
  template <typename Body>
  void for_all(const Body& body) const {
    std::size_t window = 0;
    for (const WindowSpan& row : rows)
      for (const WindowSpan& column : columns) body(window++, row, column);
  }
  /// body(place in the plane) for the elements of a window, row by row.
  template <typename Body>
  void for_elements(const WindowSpan& row, const WindowSpan& column, const Body& body) const {
    for (std::int64_t y = row.begin; y < row.end; ++y)
      for (std::int64_t x = column.begin; x < column.end; ++x) body(static_cast<std::size_t>(y * width + x));
  }

  std::vector<WindowSpan> rows, columns;
  std::int64_t width;
};

/// body(plane) for the planes of every sample of `tensor`, several to a task.
template <typename Body>
void for_plane_numbers(const Tensor& tensor, base::ThreadPool& pool, const Body& body) {
  const auto plane = static_cast<std::size_t>(tensor.extent().plane());
  for_pieces(pool, tensor.size() / plane, base::items_a_piece(plane),
             [&](std::size_t begin, std::size_t end) {
               for (std::size_t i = begin; i < end; ++i) body(i);
             });
}

}  // namespace quatrain::emu
