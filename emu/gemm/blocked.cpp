#include "emu/gemm/blocked.hpp"

#include "emu/gemm/lines.hpp"
#include "emu/gemm/packing.hpp"
#include "emu/gemm/wide.hpp"

#include <algorithm>
#include <vector>

namespace quatrain::emu {
namespace {

/// Bytes of an operand's codes.
struct LeftBytes {
  ByteTable table{};
  std::int32_t shift = 0, largest = 0;
};

LeftBytes left_bytes(traces::Encoding encoding) {
  LeftBytes bytes;
  const auto& values = traces::code_values(encoding);
  bytes.shift = -*std::min_element(values.begin(), values.end());
  bytes.largest = *std::max_element(values.begin(), values.end()) + bytes.shift;
  for (std::size_t code = 0; code < values.size(); ++code)
    bytes.table[code] = static_cast<std::uint8_t>(values[code] + bytes.shift);
  return bytes;
}

ByteTable right_bytes(traces::Encoding encoding) {
  ByteTable table{};
  for (std::size_t code = 0; code < table.size(); ++code)
    table[code] = static_cast<std::uint8_t>(traces::code_values(encoding)[code]);
  return table;
}

/// So many steps that a 16-bit sum of two lanes holds.
std::size_t steps_per_sum(const LeftBytes& left, traces::Encoding right) {
  int largest = 0;
  for (const std::int8_t value : traces::code_values(right))
    largest = std::max(largest, value < 0 ? -value : value);
  return static_cast<std::size_t>(32767 / (2 * left.largest * largest));
}

/// The paths without 512 bits.
template <typename Result>
void multiply_tiles(const traces::Gemm& gemm, const Lowering& lowering, const LeftBytes& bytes,
                    std::span<const QuantizedTensor> right, float scale, Result* result, SimdPath path,
                    base::ThreadPool& pool, GemmWorkspace& workspace) {
  const std::vector<PanelLayout> layouts = panel_layouts(lowering);
  const ByteTable table = right_bytes(right.front().encoding);
  const RightPacker packer(gemm, lowering, layouts, table, path);
  const std::size_t words = words_of_panels(layouts, lowering);
  workspace.right.resize(words * right.size());
  for (std::size_t sample = 0; sample < right.size(); ++sample)
    packer.pack(right[sample].codes, pool, &workspace.right[sample * words]);

  const std::size_t per_sum = steps_per_sum(bytes, right.front().encoding);
  const bool has_lines = has_avx2(path);
  const std::vector<TileTask> tasks = tile_tasks(lowering, layouts, has_lines);
  pool.parallel_for(tasks.size(), [&](std::size_t index) {
    const TileTask& task = tasks[index];
    const std::size_t width = task.panel.width;
    std::vector<const std::uint32_t*> panels;
    std::int32_t start[tile_pitch] = {};
    for (std::size_t sample = 0; sample < right.size(); ++sample) {
      panels.push_back(&workspace.right[sample * words + task.panel_place]);
      if (bytes.shift != 0)
        add_column_sums({panels.back(), task.product->steps.size() * width}, width, path, start);
    }
    for (std::int32_t& sum : start) sum = static_cast<std::int32_t>(-std::int64_t{sum} * bytes.shift);
    if (has_lines && follows_lines(*task.product))
      return run_line_task(task, {workspace.left.data(), panels.front(), start, per_sum}, scale, result);
    run_task<std::int32_t, std::uint32_t>(
        task, start, panels, scale, result, path,
        [&](const std::int32_t* rows, const PanelSteps<std::uint32_t>& steps, std::int32_t* tile) {
          add_integer_products(workspace.left.data(), rows, steps, per_sum, tile, path);
        });
  });
}

void multiply(const traces::Gemm& gemm, const QuantizedTensor& left, std::span<const QuantizedTensor> right,
              const IntegerResult& result, SimdPath path, base::ThreadPool& pool, GemmWorkspace& workspace) {
  const Lowering lowering(gemm, 4);
  if (!lowering.covers_result()) {
    std::fill(result.accumulators.begin(), result.accumulators.end(), 0);
    std::fill(result.output.begin(), result.output.end(), 0.0F * result.scale);
  }
  if (lowering.products().empty()) return;
  const LeftBytes bytes = left_bytes(left.encoding);
  LeftPacker(gemm, lowering.left(), bytes.table, path).pack(left.codes, pool, workspace.left);
  if (has_avx512(path))
    return multiply_wide(gemm, lowering, right_bytes(right.front().encoding), bytes.shift, right, result,
                         path, pool, workspace);
  if (result.output.empty())
    multiply_tiles(gemm, lowering, bytes, right, 0, result.accumulators.data(), path, pool, workspace);
  else
    multiply_tiles(gemm, lowering, bytes, right, result.scale, result.output.data(), path, pool, workspace);
}

}  // namespace

void multiply_blocked(const traces::Gemm& gemm, const QuantizedTensor& left,
                      std::span<const QuantizedTensor> right, std::span<std::int32_t> accumulators,
                      SimdPath path, base::ThreadPool& pool, GemmWorkspace& workspace) {
  multiply(gemm, left, right, {.accumulators = accumulators}, path, pool, workspace);
}

void multiply_blocked_scaled(const traces::Gemm& gemm, const QuantizedTensor& left,
                             std::span<const QuantizedTensor> right, float scale, std::span<float> output,
                             SimdPath path, base::ThreadPool& pool, GemmWorkspace& workspace) {
  multiply(gemm, left, right, {.output = output, .scale = scale}, path, pool, workspace);
}

}  // namespace quatrain::emu
