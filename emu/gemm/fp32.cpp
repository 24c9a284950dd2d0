#include "emu/gemm/fp32.hpp"

#include "emu/gemm/planes.hpp"
#include "emu/gemm/wide_products.hpp"

#include <bit>
#include <limits>

namespace quatrain::emu {
namespace {

using traces::Geometry;

std::size_t size_of(std::int64_t value) { return static_cast<std::size_t>(value); }

/// What decides whether a zero in the border may stand for a term that is left out.
struct Magnitudes {
  std::uint32_t smallest = std::numeric_limits<std::uint32_t>::max();  ///< bits of the smallest one above 0
  std::uint32_t largest = 0;
};

Magnitudes magnitudes_of(std::span<const float> values, SimdPath path, base::ThreadPool& pool) {
  constexpr std::size_t piece = 65536;
  std::vector<Magnitudes> pieces((values.size() + piece - 1) / piece);
  for_pieces(pool, values.size(), piece, [&](std::size_t begin, std::size_t end) {
    const std::span<const float> part = values.subspan(begin, end - begin);
    on_path(
        path, [&]() __attribute__((always_inline)) {
          std::uint32_t smallest = std::numeric_limits<std::uint32_t>::max(), largest = 0;
          for (const float value : part) {
            const std::uint32_t bits = std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFF;
            largest = std::max(largest, bits);
            smallest = std::min(smallest, bits - 1);  // zero becomes the largest word
          }
          pieces[begin / piece] = {smallest, largest};
        });
  });
  Magnitudes all;
  for (const Magnitudes& part : pieces) {
    all.smallest = std::min(all.smallest, part.smallest);
    all.largest = std::max(all.largest, part.largest);
  }
  if (all.smallest != std::numeric_limits<std::uint32_t>::max()) ++all.smallest;
  return all;
}

/// Adding the product of +0 and a finite number changes no sum but -0. A sum becomes -0 only where something
/// underflows to it: never, when every product is a multiple of 2^-149. A float of exponent e is one of
/// 2^(e - 23).
BorderTerms border_terms(const LeftLayout& layout, std::span<const float> left, std::span<const float> right,
                         SimdPath path, base::ThreadPool& pool) {
  if (!layout.has_border()) return BorderTerms::add_zero;
  const Magnitudes a = magnitudes_of(left, path, pool), b = magnitudes_of(right, path, pool);
  const bool is_finite = b.largest < 0x7F800000;
  const auto exponent = [](std::uint32_t bits) { return static_cast<int>(bits >> 23) - 127; };
  const bool is_exact = exponent(a.smallest) + exponent(b.smallest) - 46 >= -149;
  return is_finite && is_exact ? BorderTerms::add_zero : BorderTerms::skip;
}

/// The left tensor in its layout, lanes of one: in `words`, or the tensor itself where it is that already.
const float* laid_out(const LeftLayout& layout, std::span<const float> values, BorderTerms terms,
                      SimdPath path, base::ThreadPool& pool, AlignedVector<float>& words) {
  if (layout.is_plain()) return values.data();
  const std::size_t plane = size_of(layout.vertical.size * layout.horizontal.size);
  const std::size_t plane_words = size_of(layout.plane_words());
  const float border = terms == BorderTerms::skip ? std::bit_cast<float>(border_mark) : 0.0F;
  words.resize(size_of(layout.words()));
  const std::size_t planes = size_of(layout.outer * layout.inner);
  for_pieces(pool, planes, base::items_a_piece(plane_words), [&](std::size_t begin, std::size_t end) {
    std::vector<float> unmarked;
    for (std::size_t p = begin; p < end; ++p) {
      const float* source = &values[p * plane];
      if (terms == BorderTerms::skip) {  // the mark means the border and nothing else
        unmarked.assign(source, source + plane);
        for (float& value : unmarked)
          if (std::bit_cast<std::uint32_t>(value) == border_mark)
            value = std::numeric_limits<float>::quiet_NaN();
        source = unmarked.data();
      }
      lay_out_plane(layout, source, border, &words[p * plane_words], path);
    }
  });
  return words.data();
}

/// Columns that lie `pitch` apart in the tensor, `steps` values of k in a row each, become panel lines.
void pack_lines(const float* source, std::size_t steps, std::size_t pitch, const Panel& panel, SimdPath path,
                float* words) {
  transpose_words(source, panel.columns, steps, pitch, words, panel.width, path);
  for (std::size_t column = panel.columns; column < panel.width; ++column)
    for (std::size_t step = 0; step < steps; ++step) words[step * panel.width + column] = 0.0F;
}

/// W[o, c, i, j] of forward: k = (c, i, j) lies in a row. `part` is one of so many values of k.
constexpr std::size_t forward_steps_a_part = 256;

void pack_forward_weight(const LoweredProduct& product, const Panel& panel, std::size_t part,
                         std::span<const float> values, SimdPath path, float* panel_words) {
  const std::size_t k = product.steps.size(), first = part * forward_steps_a_part;
  const std::size_t column = size_of(product.group * product.columns) + panel.first;
  pack_lines(&values[column * k + first], std::min(forward_steps_a_part, k - first), k, panel, path,
             panel_words + first * panel.width);
}

/// W[o, c, i, j], one channel o of backward_data: the taps of the class, columns c.
void pack_data_weight(const Geometry& g, const LoweredProduct& product, const Panel& panel,
                      std::size_t channel, std::span<const float> values, float* words) {
  const std::size_t taps = size_of(g.kernel_height * g.kernel_width), in = size_of(product.columns);
  const std::size_t first = size_of(product.group * (g.out_channels / g.groups)) + channel;
  const float* const origin = &values[(first * in + panel.first) * taps];
  if (taps == 1) {
    std::copy_n(origin, panel.columns, words);
    return std::fill(words + panel.columns, words + panel.width, 0.0F);
  }
  for (const Tap& y : product.vertical->taps)
    for (const Tap& x : product.horizontal->taps) {
      const std::size_t tap = size_of(y.index * g.kernel_width + x.index);
      for (std::size_t column = 0; column < panel.width; ++column)
        *words++ = column < panel.columns ? origin[column * taps + tap] : 0.0F;
    }
}

void pack_gradient(const Geometry& g, const LoweredProduct& product, const Panel& panel, std::size_t image,
                   std::span<const float> values, SimdPath path, float* words) {
  const std::size_t plane = size_of(g.out_height * g.out_width);
  const std::size_t channel = size_of(product.group * product.columns) + panel.first;
  pack_lines(&values[(image * size_of(g.out_channels) + channel) * plane], plane, plane, panel, path, words);
}

void pack_right(const traces::Gemm& gemm, const Lowering& lowering, const std::vector<PanelLayout>& layouts,
                std::span<const float> values, SimdPath path, base::ThreadPool& pool,
                AlignedVector<float>& words) {
  const Geometry& g = gemm.geometry;
  const LeftLayout& left = lowering.left();
  const bool is_forward = !is_transposed(gemm.phase) && !sums_images(gemm.phase);
  const std::size_t all_steps = lowering.products().front().steps.size();
  const std::size_t outer = is_forward ? (all_steps + forward_steps_a_part - 1) / forward_steps_a_part
                            : left.lanes_are_images ? size_of(left.outer)
                                                    : size_of(left.inner / g.groups);
  const std::size_t panels = panel_count(size_of(lowering.products().front().columns));
  words.resize(words_of_panels(layouts, lowering));
  const auto pack_part = [&](std::size_t task) {
    const std::size_t index = task / (panels * outer), part = task % outer;
    const LoweredProduct& product = lowering.products()[index];
    const Panel panel = panel_at(task / outer % panels, size_of(product.columns), layouts[index].narrowest);
    const std::size_t steps = product.steps.size();
    float* const first = &words[layouts[index].place + panel.first * steps];
    if (is_forward) return pack_forward_weight(product, panel, part, values, path, first);
    float* const target = first + part * (steps / outer) * panel.width;
    if (left.lanes_are_images)
      pack_gradient(g, product, panel, part, values, path, target);
    else
      pack_data_weight(g, product, panel, part, values, target);
  };
  const std::size_t piece = base::items_a_piece(tile_pitch * all_steps / outer);
  for_pieces(pool, lowering.products().size() * panels * outer, piece,
             [&](std::size_t begin, std::size_t end) {
               for (std::size_t task = begin; task < end; ++task) pack_part(task);
             });
}

}  // namespace

void multiply_fp32(const traces::Gemm& gemm, std::span<const float> left, std::span<const float> right,
                   std::span<float> result, SimdPath path, base::ThreadPool& pool, GemmWorkspace& workspace) {
  const Lowering lowering(gemm, 1);
  if (!lowering.covers_result()) std::fill(result.begin(), result.end(), 0.0F);
  if (lowering.products().empty()) return;
  const BorderTerms border = border_terms(lowering.left(), left, right, path, pool);
  const float* const words = laid_out(lowering.left(), left, border, path, pool, workspace.left_fp32);
  if (has_avx512(path)) {
    const std::vector<WideProduct> products =
        wide_products(lowering, [](BlockOrder order, std::size_t steps) {
          return PanelLayout{0, steps, order == BlockOrder::rows_follow ? 8 : panel_width};
        });
    pack_right(gemm, lowering, layouts_of(products), right, path, pool, workspace.right_fp32);
    const std::vector<WideTask> tasks = wide_tasks(products, 1);
    pool.parallel_for(tasks.size(), [&](std::size_t index) {
      WideTaskRun<float, float> run(tasks[index], {});
      const float* const panels = workspace.right_fp32.data();
      const auto with = [&]<typename Loops>() {
        run.template run<Loops>(words, std::span(&panels, 1), result.data(), path);
      };
      border == BorderTerms::skip ? with.template operator()<WideFp32Loops<BorderTerms::skip>>()
                                  : with.template operator()<WideFp32Loops<BorderTerms::add_zero>>();
    });
    return;
  }
  const std::vector<PanelLayout> layouts = panel_layouts(lowering);
  pack_right(gemm, lowering, layouts, right, path, pool, workspace.right_fp32);

  const std::vector<TileTask> tasks = tile_tasks(lowering, layouts);
  const float start[tile_pitch] = {};
  pool.parallel_for(tasks.size(), [&](std::size_t index) {
    const TileTask& task = tasks[index];
    const float* const panel = &workspace.right_fp32[task.panel_place];
    run_task<float, float>(task, start, std::span(&panel, 1), 0, result.data(), path,
                           [&](const std::int32_t* rows, const PanelSteps<float>& steps, float* tile) {
                             add_fp32_products(words, rows, steps, border, tile, path);
                           });
  });
}

}  // namespace quatrain::emu
