/// What the cases of a conformance trace are for, counted again by other code: each pair of codes, each edge
/// of each draw, sums that leave 16 bits.
#include "emu/machine.hpp"
#include "sim/conformance/boundaries.hpp"
#include "sim/conformance/codes.hpp"
#include "sim/conformance/families.hpp"
#include "tests/support/exact_oracle.hpp"
#include "traces/base/error.hpp"
#include "traces/encoding/nibbles.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>

namespace quatrain::tests {
namespace {

using sim::CaseLayer;
using sim::CaseTensor;
using sim::Mode;
using traces::Rule;

constexpr std::uint32_t seed = 4'000'000'001;

/// The layers of some families, by name.
std::map<std::string, CaseLayer> layers_of(const std::vector<void (*)(sim::CaseMaking&)>& families,
                                           bool is_quick, const sim::ConformanceOptions& more = {}) {
  sim::ConformanceOptions options = more;
  options.is_quick = is_quick;
  base::ThreadPool pool(1);
  const auto prober = emu::make_blocked_machine(pool);
  std::map<std::string, CaseLayer> layers;
  sim::CaseMaking making{
      .options = options, .seed = seed, .prober = *prober, .emit = [&](const CaseLayer& layer) {
        EXPECT_TRUE(layers.emplace(layer.name, layer).second) << layer.name;
        EXPECT_LE(layer.name.size(), 100U);
      }};
  for (const auto& make : families) make(making);
  return layers;
}

const Mode& mode_of(const std::string& layer) {
  for (const Mode& mode : sim::all_modes)
    if (layer.find("." + std::string(mode.word)) != std::string::npos) return mode;
  throw base::Error("{}: no mode", layer);
}

/// Left and right of a step with one product.
std::pair<const CaseTensor&, const CaseTensor&> operands(const Mode& mode, const sim::CaseStep& step) {
  switch (mode.phase) {
    case traces::Phase::forward:
      return {*step.input, *step.weight};
    case traces::Phase::backward_data:
      return {*step.gradient, *step.weight};
    case traces::Phase::backward_weight:
      return {*step.input, *step.gradient};
  }
  __builtin_unreachable();
}

GemmCase gemm_case(const std::string& name, const sim::CaseStep& step) {
  const Mode& mode = mode_of(name);
  const auto [left, right] = operands(mode, step);
  return {{mode.phase, step.geometry},
          mode.left,
          mode.right,
          left.codes[0],
          right.codes,
          left.scale,
          right.scale};
}

TEST(ConformanceCases, PairsHaveEveryPairOfLegalCodesInEveryMode) {
  for (const auto& [name, layer] : layers_of({sim::make_pairs}, false)) {
    const GemmCase c = gemm_case(name, layer.steps[0]);
    std::set<std::int32_t> expected, found;
    for (std::uint8_t a = 0; a < 16; ++a)
      for (std::uint8_t b = 0; b < 16; ++b)
        if (traces::is_legal_code(c.left_encoding, a) && traces::is_legal_code(c.right_encoding, b))
          expected.insert(traces::code_values(c.left_encoding)[a] * traces::code_values(c.right_encoding)[b]);
    const auto sums = exact::accumulators(c);
    found.insert(sums.begin(), sums.end());
    EXPECT_EQ(found, expected) << name;
    EXPECT_EQ(sums.size(), 256U) << name;
  }
}

TEST(ConformanceCases, WideSumsLeaveSixteenBitsAtEveryPlaceAndHaveBothSigns) {
  unsigned tiles = 0;
  for (const auto& [name, layer] : layers_of({sim::make_saturate}, true)) {
    const GemmCase c = gemm_case(name, layer.steps[0]);
    if (traces::result_elements(c.gemm.phase, c.gemm.geometry) > 32 * 32)
      continue;  // the oracle takes its time
    ++tiles;
    const auto sums = exact::accumulators(c);
    EXPECT_THAT(sums, testing::Each(testing::AnyOf(testing::Gt(32'767), testing::Lt(-32'768)))) << name;
    EXPECT_THAT(sums, testing::Contains(testing::Gt(0))) << name;
    EXPECT_THAT(sums, testing::Contains(testing::Lt(0))) << name;
  }
  EXPECT_EQ(tiles, 5U);
}

TEST(ConformanceCases, TheFullSetHasTilesOfUpTo256InEveryMode) {
  const auto layers = layers_of({sim::make_saturate}, false);
  for (const Mode& mode : sim::all_modes) {
    const auto tile = layers.find("saturate.int16.256." + std::string(mode.word));
    ASSERT_NE(tile, layers.end());
    const traces::GemmSize size = traces::gemm_size(mode.phase, tile->second.steps[0].geometry);
    EXPECT_EQ(size.m, 256);
    EXPECT_EQ(size.n, 256);
    EXPECT_GT(size.k * traces::largest_magnitude(mode.left) * traces::largest_magnitude(mode.right), 32'768);
  }
}

/// The whole sum fits into 16 bits, the sum of the first half of the terms does not.
TEST(ConformanceCases, CancellingSumsComeBackFromBeyondSixteenBits) {
  for (const auto& [name, layer] : layers_of({sim::make_cancel}, true)) {
    GemmCase c = gemm_case(name, layer.steps[0]);
    EXPECT_THAT(exact::accumulators(c), testing::Each(testing::AllOf(testing::Gt(-1000), testing::Lt(1000))))
        << name;
    const traces::GemmSize size = traces::gemm_size(c.gemm.phase, c.gemm.geometry);
    auto codes = traces::unpack_nibbles(c.right[0], static_cast<std::size_t>(size.n * size.k));
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const auto n = static_cast<std::size_t>(size.n), k = static_cast<std::size_t>(size.k);
      if ((c.gemm.phase == traces::Phase::forward ? i % k : i / n) >= k / 2) codes[i] = 0;
    }
    c.right[0] = traces::pack_nibbles(codes);
    EXPECT_THAT(exact::accumulators(c),
                testing::Each(testing::AnyOf(testing::Gt(32'767), testing::Lt(-32'768))))
        << name;
  }
}

/// Of 4 and 8 random bits every draw stands at each of its seven edges, and one float below each.
TEST(ConformanceCases, EveryDrawStandsAtEveryEdgeOnBothSides) {
  const auto layers = layers_of({sim::make_luq}, false);
  struct Known {
    std::string name;
    unsigned bits;
    float maximum;
  };
  for (const Known& known :
       {Known{"luq.edges.4bits.exact.0.37", 4, 0.37F}, Known{"luq.edges.8bits.exact.0.618", 8, 0.6180339F}}) {
    const CaseLayer& layer = layers.at(known.name);
    const CaseTensor& tensor = *layer.steps[0].gradient;
    std::map<std::pair<std::uint32_t, float>, std::pair<unsigned, bool>>
        places;  // level, and whether at the edge
    for (std::uint32_t u = 0; u < 1U << known.bits; ++u)
      for (unsigned level = 0; level < 7; ++level) {
        const float edge =
            exact::smallest_taken_up(level, u, known.maximum, traces::Alpha::exact, known.bits);
        places[{u, edge}] = {level, true};
        places[{u, std::nextafter(edge, 0.0F)}] = {level, false};
      }
    std::set<std::tuple<std::uint32_t, unsigned, bool>> seen;
    for (std::size_t i = 0; i + 1 < tensor.source.size(); ++i) {
      const std::uint32_t u = exact::draw({seed, 0, layer.id, 0}, i, known.bits);
      const auto place = places.find({u, std::fabs(tensor.source[i])});
      ASSERT_NE(place, places.end()) << known.name << ", element " << i;
      seen.emplace(u, place->second.first, place->second.second);
    }
    EXPECT_EQ(seen.size(), std::size_t{14} << known.bits) << known.name;
  }
}

/// Bit `bit` of a draw is 0 where the element of step `bit` goes up from 4 to 8.
TEST(ConformanceCases, DrawsAreReadBitByBit) {
  const auto layers = layers_of({sim::make_luq}, true);
  for (const unsigned bits : {4U, 8U, 16U}) {
    const CaseLayer& layer = layers.at(fmt::format("luq.draws.{}bits", bits));
    ASSERT_EQ(layer.steps.size(), bits);
    for (const sim::CaseStep& step : layer.steps) {
      const traces::DrawKey key{seed, step.step, layer.id, 0};
      traces::QuantizerTask task = sim::task_of(*step.gradient, {seed, step.step, layer.id, 0});
      const traces::QuantizerResult result = exact::quantize(task);
      for (std::size_t i = 1; i < task.source.size(); ++i) {
        const bool goes_up = (traces::nibble_at(result.codes, i) & 7) == 4;
        const bool bit = (exact::draw(key, i, bits) >> (bits - 1 - step.step) & 1) != 0;
        ASSERT_EQ(goes_up, !bit) << layer.name << ", step " << step.step << ", element " << i;
      }
    }
  }
}

/// Codes of neighbouring floats differ at each step of the code: at, below, above.
TEST(ConformanceCases, EveryStepOfEachRuleHasBothItsNeighbours) {
  const auto layers = layers_of({sim::make_nearest, sim::make_sawb}, true);
  unsigned tensors = 0;
  for (const auto& [name, layer] : layers) {
    if (name.find(".edges.") == std::string::npos || name.find("natural") != std::string::npos ||
        name.find("pow2") != std::string::npos)
      continue;
    ++tensors;
    const sim::CaseStep& step = layer.steps[0];
    const CaseTensor& tensor = step.input ? *step.input : *step.gradient;
    const traces::QuantizerResult result = exact::quantize(sim::task_of(tensor, {seed, 0, layer.id, 0}));
    const bool is_fp4 = tensor.rule == Rule::nearest_fp4;
    const auto height = [&](std::size_t i) {
      const std::uint8_t code = traces::nibble_at(result.codes, i);
      return is_fp4 ? code & 7 : std::abs(traces::code_values(traces::encoding_of(tensor.rule))[code]);
    };
    const std::size_t copies = tensor.rule == Rule::sawb_uint4 ? 1 : 2;
    for (std::size_t i = 0; i < 3 * copies * sim::steps_of(tensor.rule); i += 3) {
      const int level = static_cast<int>(i / (3 * copies));
      EXPECT_EQ(height(i), level + 1) << name << ", element " << i;
      EXPECT_EQ(height(i + 1), level) << name << ", element " << i + 1;
      EXPECT_EQ(std::fabs(tensor.source[i + 1]), std::nextafter(std::fabs(tensor.source[i]), 0.0F)) << name;
    }
  }
  EXPECT_EQ(tensors, 18U);
}

/// Three steps of the codes of a layer with a shape of the user's: all five modes, in the sizes asked for.
TEST(ConformanceCases, ShapesOfTheUserComeInAllModes) {
  const traces::Geometry conv = sim::with_output({.batch = 2,
                                                  .in_channels = 4,
                                                  .height = 6,
                                                  .width = 5,
                                                  .out_channels = 6,
                                                  .kernel_height = 3,
                                                  .kernel_width = 3,
                                                  .stride_height = 2,
                                                  .padding_width = 1,
                                                  .groups = 2});
  const auto layers =
      layers_of({sim::make_shapes}, true, {.is_quick = true, .shapes = {{7, 5, 11, 1}}, .convs = {conv}});
  EXPECT_EQ(layers.size(), 6U);
  for (const Mode& mode : sim::all_modes) {
    const CaseLayer& layer = layers.at("shape.7x5x11." + std::string(mode.word));
    for (const sim::CaseStep& step : layer.steps)
      EXPECT_EQ(traces::gemm_size(mode.phase, step.geometry), (traces::GemmSize{7, 5, 11, 1})) << layer.name;
  }
  EXPECT_EQ(layers.at("shape.conv.2x4x6x5.o6.k3x3.s2x1.p0x1.g2").steps.size(), 2U);
}

}  // namespace
}  // namespace quatrain::tests
