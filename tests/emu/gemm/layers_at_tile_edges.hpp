#pragma once
/// Layers whose sizes stand on and beside the tile sizes of emu/gemm: 6 rows, 8 and 16 columns, 4 lanes,
/// blocks of 48 rows and 256 steps, tasks of 16384 steps, 6 vectors of 8 along lines.

#include "tests/support/gemm_cases.hpp"

#include <string>
#include <vector>

namespace quatrain::tests {

struct NamedLayer {
  std::string name;
  traces::Geometry geometry;
};

inline traces::Geometry linear_layer(std::int64_t batch, std::int64_t in, std::int64_t out) {
  traces::Geometry g;
  g.batch = batch, g.in_channels = in, g.out_channels = out;
  return with_output(g);
}

inline traces::Geometry conv_layer(std::int64_t batch, std::array<std::int64_t, 3> in, std::int64_t out,
                                   std::array<std::int64_t, 2> kernel, std::array<std::int64_t, 2> stride,
                                   std::array<std::int64_t, 2> padding, std::int64_t groups = 1) {
  traces::Geometry g;
  g.batch = batch, g.in_channels = in[0], g.height = in[1], g.width = in[2], g.out_channels = out;
  g.kernel_height = kernel[0], g.kernel_width = kernel[1];
  g.stride_height = stride[0], g.stride_width = stride[1];
  g.padding_height = padding[0], g.padding_width = padding[1];
  g.groups = groups;
  return with_output(g);
}

inline std::vector<NamedLayer> layers_at_tile_edges() {
  std::vector<NamedLayer> all = {
      {"conv3x3", conv_layer(2, {16, 9, 10}, 17, {3, 3}, {1, 1}, {1, 1})},
      {"conv3x3_wide", conv_layer(4, {5, 8, 40}, 8, {3, 3}, {1, 1}, {1, 1})},
      {"no_padding", conv_layer(3, {7, 6, 7}, 9, {3, 2}, {1, 1}, {0, 0})},
      {"stride2", conv_layer(5, {6, 9, 8}, 7, {3, 3}, {2, 2}, {1, 1})},
      {"stride_mixed", conv_layer(2, {4, 8, 9}, 5, {3, 4}, {3, 2}, {2, 1})},
      {"stride_over_kernel", conv_layer(2, {3, 11, 13}, 5, {2, 1}, {3, 2}, {0, 0})},
      {"unused_border", conv_layer(2, {3, 8, 8}, 4, {2, 2}, {3, 3}, {1, 1})},
      {"padding7", conv_layer(1, {2, 3, 4}, 3, {3, 3}, {2, 3}, {7, 7})},
      {"kernel5", conv_layer(2, {3, 7, 7}, 18, {5, 5}, {1, 1}, {2, 2})},
      {"one_by_one", conv_layer(9, {8, 5, 5}, 16, {1, 1}, {1, 1}, {0, 0})},
      {"one_line", conv_layer(2, {5, 1, 12}, 6, {1, 3}, {1, 2}, {0, 1})},
      {"groups", conv_layer(3, {6, 5, 6}, 10, {3, 3}, {1, 1}, {1, 1}, 2)},
      {"depthwise", conv_layer(2, {9, 6, 5}, 9, {3, 3}, {2, 1}, {1, 1}, 9)},
      {"tall_kernel", conv_layer(2, {1, 4, 4}, 1, {4, 1}, {1, 4}, {3, 0})},
      {"two_step_blocks", linear_layer(7, 2100, 5)},
      // several tasks of rows and a last one that is shorter: forward, backward_data and backward_weight
      {"row_tasks_forward", linear_layer(400, 2100, 5)},
      {"row_tasks_backward_data", linear_layer(400, 5, 2100)},
      {"row_tasks_backward_weight", linear_layer(2100, 400, 5)},
      {"row_tasks_of_planes", conv_layer(8, {32, 20, 20}, 9, {3, 3}, {1, 1}, {1, 1})},
      // the 512-bit paths: more panels than a task takes, sums in several parts, lines of 7 and of two
      // vectors
      {"many_panels", linear_layer(9, 40, 300)},
      // blocks whose rows are read, and whose results are put, where they stand; two blocks of steps
      {"whole_vectors", conv_layer(1, {64, 6, 16}, 8, {3, 3}, {1, 1}, {1, 1})},
      {"every_second_word", conv_layer(1, {4, 8, 64}, 8, {3, 3}, {2, 2}, {1, 1})},
      {"whole_weights", linear_layer(516, 48, 8)},
      {"whole_panels", linear_layer(52, 528, 32)},
      // strides that see a part of the lines and columns, and sizes that they do not divide
      {"one_by_one_stride2", conv_layer(5, {9, 9, 17}, 18, {1, 1}, {2, 2}, {0, 0})},
      {"one_by_one_stride3", conv_layer(2, {6, 8, 26}, 16, {1, 1}, {3, 3}, {0, 0})},
      {"kernel5_stride2", conv_layer(3, {5, 11, 9}, 17, {5, 5}, {2, 2}, {2, 2})},
      {"stride2_seven", conv_layer(6, {8, 15, 14}, 16, {3, 3}, {2, 2}, {1, 1})},
      {"stride2_eight", conv_layer(2, {20, 16, 16}, 33, {3, 3}, {2, 2}, {1, 1})},
      {"stride2_nine", conv_layer(2, {4, 7, 18}, 8, {2, 3}, {1, 2}, {0, 1})},
      {"parts_of_sums", conv_layer(37, {1, 31, 31}, 2, {3, 3}, {1, 1}, {1, 1})},
      {"lines_of_seven", conv_layer(5, {5, 7, 7}, 24, {3, 3}, {1, 1}, {1, 1})},
      {"stride2_wide", conv_layer(2, {2, 37, 37}, 9, {3, 3}, {2, 2}, {1, 1})},
      // vectors of 8 along the lines: the last ones of a line twice, an odd number of columns, groups, too
      // long a line, lines of two classes; strides that skip lines alone, and 16, 17 and 7 of every second
      // code
      {"lines_of_fifteen", conv_layer(3, {5, 6, 15}, 9, {3, 3}, {1, 1}, {1, 1})},
      {"lines_of_groups", conv_layer(2, {8, 7, 24}, 6, {3, 3}, {1, 1}, {1, 1}, 2)},
      {"line_of_2100", conv_layer(1, {3, 1, 2100}, 2, {1, 1}, {1, 1}, {0, 0})},
      {"stride2_31", conv_layer(2, {6, 9, 31}, 17, {3, 3}, {2, 2}, {1, 1})},
      {"one_by_one_stride_of_lines", conv_layer(2, {5, 7, 40}, 6, {1, 1}, {2, 1}, {0, 0})},
      {"one_by_one_stride2_groups", conv_layer(3, {12, 9, 34}, 20, {1, 1}, {2, 2}, {0, 0}, 2)},
      {"one_by_one_stride2_32", conv_layer(5, {4, 8, 32}, 8, {1, 1}, {2, 2}, {0, 0})},
      {"one_by_one_stride2_13", conv_layer(2, {3, 5, 13}, 8, {1, 1}, {2, 2}, {0, 0})},
      {"long_batch", conv_layer(33, {3, 6, 6}, 4, {3, 3}, {1, 1}, {1, 1})},
  };
  for (const std::int64_t batch : {1, 5, 6, 7, 49})
    for (const std::int64_t out : {1, 7, 8, 9, 15, 16, 17})
      for (const std::int64_t in : {1, 3, 4, 5})
        all.push_back(
            {"linear_" + std::to_string(batch) + "_" + std::to_string(in) + "_" + std::to_string(out),
             linear_layer(batch, in, out)});
  return all;
}

}  // namespace quatrain::tests
