#include "sim/accelerator/traffic.hpp"

#include "sim/accelerator/mapping/left_elements.hpp"
#include "sim/accelerator/quantizer_cycles.hpp"
#include "sim/accelerator/transposer.hpp"
#include "tests/support/natural_terms.hpp"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace quatrain::tests {
namespace {

using rtl_models::Tile;
using sim::Mapping;
using sim::Traffic;

/// What one half of the operand buffer holds: the last panel, if it fitted.
class Half {
 public:
  Half(std::uint64_t half_bits, unsigned element_bits) : half_bits_(half_bits), element_bits_(element_bits) {}
  /// A pass of the array over a panel.
  void read(std::pair<std::uint32_t, std::uint64_t> panel, std::uint64_t elements) {
    if (held_ == panel && holds_) return;
    fetched_bits_ += elements * element_bits_;
    held_ = panel;
    holds_ = elements * element_bits_ <= half_bits_;
  }
  std::uint64_t fetched_bytes() const { return (fetched_bits_ + 7) / 8; }

 private:
  std::uint64_t half_bits_;
  unsigned element_bits_;
  std::pair<std::uint32_t, std::uint64_t> held_;
  bool holds_ = false;
  std::uint64_t fetched_bits_ = 0;
};

/// Walks the schedule tile by tile with sets of elements.
Traffic simulated(const traces::Gemm& gemm, const Mapping& mapping, const sim::OperandBuffers& buffers) {
  Half left(buffers.half_bits, buffers.element_bits), right(buffers.half_bits, buffers.element_bits);
  Traffic traffic;
  for (const Tile& tile : schedule_of(mapping).tiles) {
    std::set<std::int64_t> left_elements, right_elements;
    for (std::int64_t k = 0; k < mapping.size.k; ++k) {
      for (std::uint32_t i = 0; i < tile.rows; ++i)
        if (const auto at = left_element(gemm, tile.group, static_cast<std::int64_t>(tile.first_row) + i, k))
          left_elements.insert(*at);
      for (std::uint32_t j = 0; j < tile.columns; ++j)
        right_elements.insert(
            right_element(gemm, tile.group, static_cast<std::int64_t>(tile.first_column) + j, k));
    }
    for (unsigned sample = 0; sample < mapping.samples; ++sample)
      left.read({tile.group, tile.first_row}, left_elements.size());
    right.read({tile.group, tile.first_column}, mapping.samples * right_elements.size());
    traffic.result_bytes += std::uint64_t{buffers.result_bytes} * tile.rows * tile.columns;
  }
  traffic.left_bytes = left.fetched_bytes();
  traffic.right_bytes = right.fetched_bytes();
  return traffic;
}

TEST(Traffic, EqualsASimulationOfThePanels) {
  std::mt19937 random(11);
  int fetched_again = 0, kept = 0;
  for (int round = 0; round < 60; ++round) {
    const traces::Geometry g = random_geometry(random);
    for (const traces::Phase phase : all_phases) {
      const traces::Gemm gemm{phase, g};
      const auto samples =
          static_cast<unsigned>(phase == traces::Phase::backward_weight ? 1 + random() % 3 : 1);
      const Mapping mapping{
          traces::gemm_size(phase, g),
          samples,
          {static_cast<std::uint32_t>(1 + random() % 9), static_cast<std::uint32_t>(1 + random() % 4)}};
      const unsigned element_bits = random() % 2 == 0 ? 4 : 16;
      sim::OperandBuffers buffers{random() % 3000, element_bits};
      buffers.result_bytes = element_bits == 4 ? 4 : 2;
      const Traffic expected = simulated(gemm, mapping, buffers);
      ASSERT_EQ(sim::traffic_of(gemm, mapping, buffers).left_bytes, expected.left_bytes) << round;
      ASSERT_EQ(sim::traffic_of(gemm, mapping, buffers).right_bytes, expected.right_bytes) << round;
      ASSERT_EQ(sim::traffic_of(gemm, mapping, buffers), expected) << round;
      const sim::OperandBuffers endless{UINT64_MAX, element_bits};
      (sim::traffic_of(gemm, mapping, endless) == expected ? kept : fetched_again) += 1;
    }
  }
  EXPECT_GT(fetched_again, 20);
  EXPECT_GT(kept, 20);
}

/// 3x3 kernel, stride 1, padding 1 on one 4x4 image with 2 channels; a tile of 8 rows is two output rows,
/// which read three input rows of 4 in each channel.
TEST(Traffic, ConvolutionFetchesWhatOverlapsOnce) {
  traces::Geometry g;
  g.in_channels = 2, g.height = g.width = 4, g.out_channels = 3;
  g.kernel_height = g.kernel_width = 3, g.padding_height = g.padding_width = 1,
  g.out_height = g.out_width = 4;
  const traces::Gemm forward{traces::Phase::forward, g};
  using Panels = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  EXPECT_EQ(sim::LeftElements(forward).panels(8), (Panels{{24, 1}, {24, 1}}));
  EXPECT_EQ(sim::LeftElements(forward).panels(16), (Panels{{32, 1}}));
  const traces::Gemm weight{traces::Phase::backward_weight, g};  // 18 rows: (c, i, j)
  EXPECT_EQ(sim::LeftElements(weight).panels(9), (Panels{{16, 2}}));
  EXPECT_EQ(sim::LeftElements(weight).panels(3), (Panels{{12, 2}, {16, 2}, {12, 2}}))
      << "i = 0 never meets the last input row";
}

/// A linear layer by hand: m 6, n 5, k 10 on 4 x 4; left panels 40 and 20 elements, right ones 40 and 10.
TEST(Traffic, LinearLayerByHand) {
  traces::Geometry g;
  g.batch = 6, g.in_channels = 10, g.out_channels = 5;
  const traces::Gemm gemm{traces::Phase::forward, g};
  const Mapping mapping{{6, 5, 10, 1}, 1, {4, 4}};
  EXPECT_EQ(sim::traffic_of(gemm, mapping, {160, 4}), (Traffic{2 * 60 / 2, 50 / 2, 120, 0}));
  EXPECT_EQ(sim::traffic_of(gemm, mapping, {159, 4}), (Traffic{2 * 60 / 2, (2 * 40 + 10) / 2, 120, 0}));
  EXPECT_EQ(sim::traffic_of(gemm, mapping, {160, 16}), (Traffic{2 * 60 * 2, (2 * 40 + 10) * 2, 120, 0}));
}

/// m 3, n 5, k 10 on 4 x 4: the one left panel has 30 elements of 4 bits and is used for two columns of
/// tiles.
TEST(Traffic, ALeftPanelThatJustFitsStays) {
  traces::Geometry g;
  g.batch = 3, g.in_channels = 10, g.out_channels = 5;
  const traces::Gemm gemm{traces::Phase::forward, g};
  const Mapping mapping{{3, 5, 10, 1}, 1, {4, 4}};
  EXPECT_EQ(sim::traffic_of(gemm, mapping, {120, 4}), (Traffic{30 / 2, 50 / 2, 60, 0}));
  EXPECT_EQ(sim::traffic_of(gemm, mapping, {119, 4}), (Traffic{2 * 30 / 2, 50 / 2, 60, 0}));
}

/// 101 elements of fp32: 404 bytes per read, 51 bytes of codes. A bf16 tensor stands there already.
TEST(Traffic, QuantizersByHand) {
  using sim::QuantizerWork;
  const QuantizerWork sawb{traces::Rule::sawb_int4, 101, 0, traces::Alpha::exact, true, false};
  const QuantizerWork first{traces::Rule::luq_fp4, 101, 16, traces::Alpha::exact, true, false};
  const QuantizerWork second{traces::Rule::luq_fp4, 101, 16, traces::Alpha::exact, false, false};
  const QuantizerWork hindsight{traces::Rule::luq_fp4, 101, 16, traces::Alpha::exact, true, true};
  const auto bytes = [](std::vector<QuantizerWork> work, sim::QuantizerPlacement placement,
                        const char* pe = "dual_int4_fp4") {
    return sim::quantizer_bytes_of(work, sim::pe_kind(pe), {.placement = placement});
  };
  using enum sim::QuantizerPlacement;
  EXPECT_EQ(bytes({sawb}, dram), 2U * 404 + 51);
  EXPECT_EQ(bytes({first, second}, dram), 3U * 404 + 2 * 51);
  EXPECT_EQ(bytes({hindsight}, dram), 404U + 51);
  EXPECT_EQ(bytes({sawb, first, second}, dram, "bf16"), 0U);
  EXPECT_EQ(bytes({sawb}, fused), 2U * 404 + 51) << "the sums need the finished maximum";
  EXPECT_EQ(bytes({first}, fused), 404U + 51);
  EXPECT_EQ(bytes({first, second}, fused), 2U * 404 + 2 * 51);
  EXPECT_EQ(bytes({hindsight}, fused), 51U) << "codes are made where the tensor is";
  EXPECT_EQ(bytes({hindsight, second}, fused), 404U + 2 * 51) << "the second sample needs the tensor itself";
  EXPECT_EQ(bytes({sawb, first, second}, fused, "bf16"), 0U);
  QuantizerWork four = first;
  four.samples = 4;
  EXPECT_EQ(bytes({four}, dram), 2U * 404 + 4 * 51);
  EXPECT_EQ(bytes({four}, fused), 404U + 4 * 51);
  four.maximum_is_known = true;
  EXPECT_EQ(bytes({four}, fused), 4U * 51);
  four.second_copies = 1;
  EXPECT_EQ(bytes({four}, fused), 5U * 51);
}

/// 101 elements on 8 lanes are 13 words. Four samples stand there for 4, 2 or 1 cycles.
TEST(QuantizerCycles, ByHand) {
  using sim::QuantizerWork;
  using enum sim::QuantizerPlacement;
  const QuantizerWork sawb{traces::Rule::sawb_int4, 101, 0, traces::Alpha::exact, true, false};
  QuantizerWork luq{traces::Rule::luq_fp4, 101, 16, traces::Alpha::exact, true, false};
  const auto cycles = [](const QuantizerWork& work, const sim::QuantizerDesign& design) {
    return sim::quantizer_cycles({&work, 1}, design);
  };
  EXPECT_EQ(cycles(sawb, {8, dram}), 3U * 13 + 395);
  EXPECT_EQ(cycles(sawb, {8, fused}), 2U * 13 + 394);
  EXPECT_EQ(cycles(luq, {8, dram}), 2U * 13 + 31);
  EXPECT_EQ(cycles(luq, {8, fused}), 13U + 30);
  luq.samples = 4;
  EXPECT_EQ(cycles(luq, {8, dram, 1}), 5U * 13 + 31);
  EXPECT_EQ(cycles(luq, {8, dram, 2}), 3U * 13 + 31);
  EXPECT_EQ(cycles(luq, {8, dram, 4}), 2U * 13 + 31);
  EXPECT_EQ(cycles(luq, {8, dram, 16}), 2U * 13 + 31);
  EXPECT_EQ(cycles(luq, {8, fused, 2}), 2U * 13 + 30);
}

/// Which dimension stands side by side in a word of the operand buffer, from the text: of output stationary
/// the m of the left and the n of the right operand. Where the array holds an operand, a word has the
/// columns' dimension of it; the moving one has k. A tensor is transposed where its second product takes
/// another one.
TEST(Transposer, OperandsThatChangeTheirLayout) {
  enum Dimension : std::uint8_t { position, input_channel, output_channel };
  struct Product {
    traces::Phase phase;
    Dimension m, n, k;
  };
  const Product forward{traces::Phase::forward, position, output_channel, input_channel},
      data{traces::Phase::backward_data, position, input_channel, output_channel},
      weight{traces::Phase::backward_weight, input_channel, output_channel, position};
  const auto words = [](const Product& p, const rtl_models::Dataflow& dataflow) {
    if (std::holds_alternative<rtl_models::OutputStationary>(dataflow)) return std::pair(p.m, p.n);
    if (std::holds_alternative<rtl_models::WeightStationary>(dataflow)) return std::pair(p.k, p.n);
    return std::pair(p.m, p.k);
  };
  for (const rtl_models::Dataflow& dataflow : {rtl_models::Dataflow(rtl_models::OutputStationary{}),
                                               rtl_models::Dataflow(rtl_models::WeightStationary{}),
                                               rtl_models::Dataflow(rtl_models::InputStationary{})}) {
    const auto of = [&](const Product& p) { return sim::transposed_operands(p.phase, dataflow); };
    EXPECT_FALSE(of(forward).left || of(forward).right || of(data).left);
    EXPECT_EQ(of(weight).left, words(weight, dataflow).first != words(forward, dataflow).first) << "input";
    EXPECT_EQ(of(data).right, words(data, dataflow).second != words(forward, dataflow).second) << "weight";
    EXPECT_EQ(of(weight).right, words(weight, dataflow).second != words(data, dataflow).first) << "gradient";
  }
}

/// 100 bytes are 200 codes: 13 tiles of 4 x 4, and the last one leaves in 4 cycles more.
TEST(Transposer, CyclesByHand) {
  sim::AcceleratorConfig config;
  config.transposer_side = 4;
  const Traffic traffic{100, 2, 7, 9};
  EXPECT_EQ(sim::transposer_cycles(config, traces::Phase::forward, traffic), 0U);
  EXPECT_EQ(sim::transposer_cycles(config, traces::Phase::backward_data, traffic), (1U + 1) * 4);
  EXPECT_EQ(sim::transposer_cycles(config, traces::Phase::backward_weight, traffic),
            (13U + 1) * 4 + (1 + 1) * 4);
  EXPECT_EQ(sim::transposer_bits(config), 64U);
  config.pe = &sim::pe_kind("int8");
  EXPECT_EQ(sim::transposer_cycles(config, traces::Phase::backward_data, {0, 100, 0, 0}), (7U + 1) * 4);
  EXPECT_EQ(sim::transposer_bits(config), 128U);
  config.transposer_side = 0;
  EXPECT_EQ(sim::transposer_cycles(config, traces::Phase::backward_weight, traffic), 0U);
  EXPECT_EQ(sim::transposer_bits(config), 0U);
}

}  // namespace
}  // namespace quatrain::tests
