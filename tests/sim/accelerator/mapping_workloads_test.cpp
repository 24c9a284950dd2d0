/// Moved over compulsory bytes of known networks under the search, and how long it takes. Shapes only: no
/// trace, no values. docs/results/mapping.md has what it prints.
#include "sim/accelerator/mapping/block_traffic.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace quatrain::tests {
namespace {

using traces::Geometry;
using traces::Phase;

traces::Gemm linear(std::int64_t m, std::int64_t n, std::int64_t k) {
  Geometry g;
  g.batch = m, g.in_channels = k, g.out_channels = n;
  return {Phase::forward, g};
}

Geometry conv(std::int64_t batch, std::int64_t in, std::int64_t out, std::int64_t size, std::int64_t kernel,
              std::int64_t stride) {
  Geometry g;
  g.batch = batch, g.in_channels = in, g.out_channels = out, g.height = g.width = size;
  g.kernel_height = g.kernel_width = kernel, g.stride_height = g.stride_width = stride;
  g.padding_height = g.padding_width = kernel / 2;
  g.out_height = g.out_width = traces::output_size(size, kernel, stride, kernel / 2);
  return g;
}

/// The 4-bit layers of demo_cnn and demo_quick, in all three phases.
std::vector<traces::Gemm> demo() {
  std::vector<traces::Gemm> gemms;
  const Geometry layers[] = {conv(32, 8, 16, 14, 3, 1), conv(32, 16, 16, 14, 3, 2), conv(32, 16, 32, 7, 3, 1),
                             linear(32, 64, 1568).geometry};
  for (const Geometry& layer : layers)
    for (const Phase phase : {Phase::forward, Phase::backward_data, Phase::backward_weight})
      gemms.push_back({phase, layer});
  return gemms;
}

std::vector<traces::Gemm> resnet50(std::int64_t batch) {
  std::vector<traces::Gemm> gemms = {{Phase::forward, conv(batch, 3, 64, 224, 7, 2)}};
  std::int64_t in = 64, size = 56;
  for (const auto& [planes, blocks] :
       {std::pair{64, 3}, std::pair{128, 4}, std::pair{256, 6}, std::pair{512, 3}})
    for (int block = 0; block < blocks; ++block) {
      const std::int64_t stride = block == 0 && planes > 64 ? 2 : 1;
      gemms.push_back({Phase::forward, conv(batch, in, planes, size, 1, 1)});
      gemms.push_back({Phase::forward, conv(batch, planes, planes, size, 3, stride)});
      gemms.push_back({Phase::forward, conv(batch, planes, 4 * planes, size / stride, 1, 1)});
      if (block == 0) gemms.push_back({Phase::forward, conv(batch, in, 4 * planes, size, 1, stride)});
      in = 4 * planes, size /= stride;
    }
  gemms.push_back(linear(batch, 1000, 2048));
  return gemms;
}

/// One layer: query, key, value and output, 12 heads, two products of the feed-forward part.
std::vector<traces::Gemm> bert_base() {
  std::vector<traces::Gemm> gemms(4, linear(128, 768, 768));
  for (int head = 0; head < 12; ++head)
    gemms.push_back(linear(128, 128, 64)), gemms.push_back(linear(128, 64, 128));
  gemms.push_back(linear(128, 3072, 768));
  gemms.push_back(linear(128, 768, 3072));
  return gemms;
}

std::vector<traces::Gemm> llama_7b() {
  std::vector<traces::Gemm> gemms(4, linear(2048, 4096, 4096));
  for (int head = 0; head < 32; ++head)
    gemms.push_back(linear(2048, 2048, 128)), gemms.push_back(linear(2048, 128, 2048));
  gemms.insert(gemms.end(), 2, linear(2048, 11008, 4096));
  gemms.push_back(linear(2048, 4096, 11008));
  return gemms;
}

struct Ratios {
  double operands, all, without_blocks, slowest_ms;
};

Ratios searched(const std::string& name, const std::vector<traces::Gemm>& gemms,
                std::uint64_t accumulator_kib = 64, bool is_unified = false) {
  constexpr std::uint64_t bits_per_kib = 8192;
  sim::OperandBuffers buffers{32 * bits_per_kib, 4, accumulator_kib * bits_per_kib};
  if (is_unified) buffers.unified_bits = (64 + accumulator_kib) * bits_per_kib;
  sim::Traffic moved, compulsory, plain;
  double milliseconds = 0, slowest = 0;
  for (const traces::Gemm& gemm : gemms) {
    const sim::Mapping mapping{traces::gemm_size(gemm.phase, gemm.geometry), 1, {32, 32}, {}};
    const auto begin = std::chrono::steady_clock::now();
    sim::BlockTraffic traffic(gemm, mapping, buffers);
    const auto blocks = traffic.least_bytes();
    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - begin;
    milliseconds += taken.count();
    slowest = std::max(slowest, taken.count());
    EXPECT_TRUE(blocks);
    if (!blocks) continue;
    EXPECT_EQ(traffic.refuses(*blocks), std::nullopt);
    const sim::Traffic best = traffic.traffic(*blocks), today = traffic_of(gemm, mapping, buffers);
    EXPECT_LE(best.gemm_bytes(), today.gemm_bytes()) << name << " " << mapping.m() << " " << mapping.n();
    moved += best, compulsory += traffic.compulsory(), plain += today;
  }
  const auto operands = [](const sim::Traffic& t) {
    return static_cast<double>(t.left_bytes + t.right_bytes);
  };
  const Ratios ratios{operands(moved) / operands(compulsory),
                      static_cast<double>(moved.gemm_bytes()) / static_cast<double>(compulsory.gemm_bytes()),
                      operands(plain) / operands(compulsory), slowest};
  fmt::print(
      "{:<22} {:>4} GEMMs  operands {:>7.2f}  all {:>6.2f}  without blocks {:>7.2f}  {:>8.3f} ms each, "
      "{:.1f} at most\n",
      name, gemms.size(), ratios.operands, ratios.all, ratios.without_blocks,
      milliseconds / static_cast<double>(gemms.size()), slowest);
  return ratios;
}

/// 64 KiB of accumulators hold 128 x 128 results. Where both operands are large, that alone sets how often
/// they come again, whatever the order: docs/results/mapping.md has the bound.
TEST(MappingWorkloads, MovedOverCompulsoryBytes) {
  EXPECT_LE(searched("demo", demo()).operands, 1.3);
  EXPECT_LE(searched("resnet50, batch 1", resnet50(1)).operands, 2);
  const Ratios batch_32 = searched("resnet50, batch 32", resnet50(32));
  EXPECT_LE(batch_32.operands, 2.9);
  EXPECT_LE(batch_32.all, 2);
  EXPECT_LE(searched("bert_base, 128", bert_base()).operands, 4);
  const Ratios llama = searched("llama_7b, 2048", llama_7b());
  EXPECT_LE(llama.operands, 16);
  EXPECT_LE(llama.all, 12);
  EXPECT_LE(searched("llama_7b, 128 KiB", llama_7b(), 128).operands, 12);
  EXPECT_LE(searched("resnet50, unified", resnet50(32), 64, true).operands, 2);
  EXPECT_LE(searched("llama_7b, unified", llama_7b(), 64, true).operands, 12);
  EXPECT_LE(searched("resnet50, 256 KiB", resnet50(32), 256).operands, 2);
}

}  // namespace
}  // namespace quatrain::tests
