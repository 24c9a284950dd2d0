#include "emu/gemm/wide.hpp"

#include "emu/gemm/wide_products.hpp"

namespace quatrain::emu {
namespace {

constexpr std::size_t tile_steps = 16;  // of an AMX tile

PanelLayout layout_on(SimdPath path, BlockOrder order, std::size_t steps) {
  if (path == SimdPath::amx) return {0, (steps + tile_steps - 1) / tile_steps * tile_steps, panel_width};
  return {0, steps, order == BlockOrder::rows_follow ? 8 : panel_width};
}

template <typename Body>
void for_panels(const std::vector<WideProduct>& products, std::size_t samples, base::ThreadPool& pool,
                const Body& body) {
  struct Place {
    const WideProduct* product;
    Panel panel;
    std::size_t sample;
  };
  std::vector<Place> places;
  for (const WideProduct& product : products)
    for (std::size_t sample = 0; sample < samples; ++sample) {
      const auto columns = static_cast<std::size_t>(product.lowered->columns);
      for (std::size_t i = 0; i < panel_count(columns); ++i)
        places.push_back({&product, panel_at(i, columns, product.layout.narrowest), sample});
    }
  const std::size_t piece = base::items_a_piece(products.front().layout.steps * panel_width);
  for_pieces(pool, places.size(), piece, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) body(*places[i].product, places[i].panel, places[i].sample);
  });
}

/// - shift times the sum of each column, over all samples.
std::vector<std::int32_t> column_starts(const std::vector<WideProduct>& products, std::int32_t shift,
                                        const std::uint32_t* words, std::size_t words_a_sample,
                                        std::size_t samples, SimdPath path, base::ThreadPool& pool) {
  if (shift == 0) return {};
  const std::size_t columns = products.back().first_column + products.back().columns;
  std::vector<std::int32_t> sums(columns * samples), starts(columns);
  for_panels(
      products, samples, pool, [&](const WideProduct& product, const Panel& panel, std::size_t sample) {
        const std::uint32_t* const at =
            words + sample * words_a_sample + product.layout.place + panel.first * product.layout.steps;
        add_column_sums({at, product.layout.steps * panel.width}, panel.width, path,
                        &sums[sample * columns + product.first_column + panel.first]);
      });
  for (std::size_t column = 0; column < columns; ++column) {
    std::int64_t sum = 0;
    for (std::size_t sample = 0; sample < samples; ++sample) sum += sums[sample * columns + column];
    starts[column] = static_cast<std::int32_t>(-sum * shift);
  }
  return starts;
}

/// AMX's left operand of a transposed product: the panel's steps of a column follow each other, 16 by 16.
void transpose_tiles(const std::vector<WideProduct>& products, std::uint32_t* words,
                     std::size_t words_a_sample, std::size_t samples, SimdPath path, base::ThreadPool& pool) {
  for_panels(
      products, samples, pool, [&](const WideProduct& product, const Panel& panel, std::size_t sample) {
        if (product.order != BlockOrder::rows_follow) return;
        std::uint32_t* at =
            words + sample * words_a_sample + product.layout.place + panel.first * product.layout.steps;
        std::uint32_t tile[tile_steps * panel_width];
        for (std::size_t step = 0; step < product.layout.steps; step += tile_steps, at += std::size(tile)) {
          std::copy_n(at, std::size(tile), tile);
          transpose_words(tile, tile_steps, panel_width, panel_width, at, tile_steps, path);
        }
      });
}

}  // namespace

void multiply_wide(const traces::Gemm& gemm, const Lowering& lowering, const ByteTable& right_table,
                   std::int32_t shift, std::span<const QuantizedTensor> right, const IntegerResult& result,
                   SimdPath path, base::ThreadPool& pool, GemmWorkspace& workspace) {
  const std::vector<WideProduct> products = wide_products(
      lowering, [&](BlockOrder order, std::size_t steps) { return layout_on(path, order, steps); });
  const std::vector<PanelLayout> layouts = layouts_of(products);
  const RightPacker packer(gemm, lowering, layouts, right_table, path);
  const std::size_t words = words_of_panels(layouts, lowering);
  workspace.right.resize(words * right.size());
  std::vector<const std::uint32_t*> panels;
  for (std::size_t sample = 0; sample < right.size(); ++sample) {
    panels.push_back(&workspace.right[sample * words]);
    packer.pack(right[sample].codes, pool, &workspace.right[sample * words]);
  }
  const std::vector<std::int32_t> starts =
      column_starts(products, shift, workspace.right.data(), words, right.size(), path, pool);
  if (path == SimdPath::amx)
    transpose_tiles(products, workspace.right.data(), words, right.size(), path, pool);

  const auto run_task = [&](const WideTask& task, auto* target) {
    const bool is_first = task.part == 0;
    WideTaskRun<std::uint32_t, std::int32_t> run(
        task, is_first ? std::span(starts) : std::span<const std::int32_t>(), result.scale);
    if (path == SimdPath::amx)
      run.run<AmxLoops>(workspace.left.data(), panels, target, path);
    else
      run.run<VnniLoops>(workspace.left.data(), panels, target, path);
  };
  const std::size_t parts = products.size() == 1 ? step_parts(products.front()) : 1;
  const std::vector<WideTask> tasks = wide_tasks(products, parts);
  const std::size_t last_part = tasks.back().part;
  if (last_part == 0 && !result.output.empty())
    return pool.parallel_for(tasks.size(),
                             [&](std::size_t index) { run_task(tasks[index], result.output.data()); });

  // Sums of integers may be cut anywhere: each part of the steps has results of its own.
  std::span<std::int32_t> sums = result.accumulators;
  if (!result.output.empty()) {
    workspace.accumulators.resize(std::max(workspace.accumulators.size(), result.output.size()));
    sums = std::span(workspace.accumulators).first(result.output.size());
  }
  workspace.parts.resize(last_part * sums.size());
  pool.parallel_for(tasks.size(), [&](std::size_t index) {
    const WideTask& task = tasks[index];
    run_task(task, task.part == 0 ? sums.data() : &workspace.parts[(task.part - 1) * sums.size()]);
  });
  for (std::size_t part = 1; part <= last_part; ++part)
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const auto sum = static_cast<std::uint32_t>(sums[i]) +
                       static_cast<std::uint32_t>(workspace.parts[(part - 1) * sums.size() + i]);
      sums[i] = static_cast<std::int32_t>(sum);
    }
  if (!result.output.empty()) scale_all(sums, result.scale, result.output, path, pool);
}

}  // namespace quatrain::emu
