#include "sim/accelerator/traffic.hpp"

#include "sim/accelerator/mapping/left_elements.hpp"
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

/// 101 elements of fp32: 404 bytes per pass, 51 bytes of codes. A bf16 tensor stands there already.
TEST(Traffic, QuantizersByHand) {
  using sim::QuantizerWork;
  const QuantizerWork sawb{traces::Rule::sawb_int4, 101, 0, traces::Alpha::exact, true, false};
  const QuantizerWork first{traces::Rule::luq_fp4, 101, 16, traces::Alpha::exact, true, false};
  const QuantizerWork second{traces::Rule::luq_fp4, 101, 16, traces::Alpha::exact, false, false};
  const QuantizerWork hindsight{traces::Rule::luq_fp4, 101, 16, traces::Alpha::exact, true, true};
  EXPECT_EQ(sim::quantizer_bytes_of({sawb}, sim::pe_kind("dual_int4_fp4")), 2U * 404 + 51);
  EXPECT_EQ(sim::quantizer_bytes_of({first, second}, sim::pe_kind("dual_int4_fp4")), 3U * 404 + 2 * 51);
  EXPECT_EQ(sim::quantizer_bytes_of({hindsight}, sim::pe_kind("dual_int4_fp4")), 404U + 51);
  EXPECT_EQ(sim::quantizer_bytes_of({sawb, first, second}, sim::pe_kind("bf16")), 0U);
}

}  // namespace
}  // namespace quatrain::tests
