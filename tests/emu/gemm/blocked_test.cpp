#include "emu/gemm/blocked.hpp"

#include "emu/gemm/reference.hpp"
#include "tests/emu/gemm/layers_at_tile_edges.hpp"
#include "tests/support/exact_oracle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

using emu::QuantizedTensor;
using emu::SimdPath;
using traces::Encoding;
using traces::Phase;

QuantizedTensor tensor_of(Encoding encoding, const std::vector<std::uint8_t>& packed, std::int64_t elements) {
  QuantizedTensor tensor;
  tensor.encoding = encoding;
  tensor.codes = traces::unpack_nibbles(packed, static_cast<std::size_t>(elements));
  return tensor;
}

struct Operands {
  QuantizedTensor left;
  std::vector<QuantizedTensor> right;
};

Operands operands_of(const GemmCase& c) {
  Operands out{tensor_of(c.left_encoding, c.left, traces::left_elements(c.gemm.phase, c.gemm.geometry)), {}};
  for (const auto& right : c.right)
    out.right.push_back(
        tensor_of(c.right_encoding, right, traces::right_elements(c.gemm.phase, c.gemm.geometry)));
  return out;
}

std::vector<std::int32_t> reference(const GemmCase& c) {
  const Operands o = operands_of(c);
  std::vector<std::int32_t> result(
      static_cast<std::size_t>(traces::result_elements(c.gemm.phase, c.gemm.geometry)), 99);
  emu::multiply_reference(c.gemm, o.left, o.right, result);
  return result;
}

struct Blocked {
  SimdPath path;
  base::ThreadPool pool;
  emu::GemmWorkspace workspace;  // used by all cases: what one leaves behind must not reach the next

  std::vector<std::int32_t> operator()(const GemmCase& c) {
    const Operands o = operands_of(c);
    std::vector<std::int32_t> result(
        static_cast<std::size_t>(traces::result_elements(c.gemm.phase, c.gemm.geometry)), 99);
    emu::multiply_blocked(c.gemm, o.left, o.right, result, path, pool, workspace);
    return result;
  }

  std::vector<float> scaled(const GemmCase& c, float scale) {
    const Operands o = operands_of(c);
    std::vector<float> result(
        static_cast<std::size_t>(traces::result_elements(c.gemm.phase, c.gemm.geometry)), 99);
    emu::multiply_blocked_scaled(c.gemm, o.left, o.right, scale, result, path, pool, workspace);
    return result;
  }
};

/// All modes of a geometry, with several samples where the mode has them.
std::vector<GemmCase> cases_of(const traces::Geometry& geometry, unsigned seed) {
  std::vector<GemmCase> cases;
  for (const Mode& mode : five_modes)
    for (const unsigned samples : {1U, 2U, 4U})
      if (samples == 1 || mode.phase == Phase::backward_weight)
        cases.push_back(random_case({mode.phase, geometry}, mode.left, mode.right, samples, seed++));
  return cases;
}

TEST(IntegerProducts, ReferenceEqualsTheFormulas) {
  for (const NamedLayer& layer : layers_at_tile_edges())
    for (const GemmCase& c : cases_of(layer.geometry, 1)) {
      const auto expected = exact::accumulators(c);
      ASSERT_EQ(reference(c), expected) << layer.name << " phase " << int(c.gemm.phase);
      if (layer.name == "conv3x3") {
        ASSERT_THAT(expected, testing::Contains(testing::Ne(0)));
      }
    }
}

TEST(IntegerProducts, EveryPathAndThreadCountEqualsTheReference) {
  std::vector<std::pair<std::string, GemmCase>> cases;
  std::vector<std::vector<std::int32_t>> expected;
  std::vector<std::vector<float>> scaled;
  constexpr float scale = 0.37F;
  for (const NamedLayer& layer : layers_at_tile_edges())
    for (const GemmCase& c : cases_of(layer.geometry, 2)) {
      cases.emplace_back(layer.name, c);
      expected.push_back(reference(c));
      scaled.emplace_back();
      for (const std::int32_t sum : expected.back()) scaled.back().push_back(static_cast<float>(sum) * scale);
    }
  for (const SimdPath path : emu::supported_paths())
    for (const unsigned threads : {1U, 2U, 7U}) {
      Blocked blocked{path, base::ThreadPool(threads), {}};
      for (std::size_t i = 0; i < cases.size(); ++i) {
        const auto& [name, c] = cases[i];
        ASSERT_EQ(blocked(c), expected[i])
            << name << " phase " << int(c.gemm.phase) << " left " << name_of(c.left_encoding) << " samples "
            << c.right.size() << " " << emu::name_of(path) << " " << threads << " threads";
        if (threads == 2) {
          ASSERT_EQ(blocked.scaled(c, scale), scaled[i])
              << name << " phase " << int(c.gemm.phase) << " samples " << c.right.size() << " "
              << emu::name_of(path) << ", scaled";
        }
      }
    }
}

class EveryPathAndThreadCount : public testing::TestWithParam<std::tuple<SimdPath, unsigned>> {};

TEST_P(EveryPathAndThreadCount, LargestSumsOfEveryPairOfEncodings) {
  // 600 or 2,100 terms of the largest products fill the 16-bit sums inside again and again; -8 times FP4 is
  // beyond what a quantizer makes.
  const auto [path, threads] = GetParam();
  Blocked blocked{path, base::ThreadPool(threads), {}};
  const std::array<std::uint8_t, 2> extremes[] = {{0x7, 0x8}, {0xF, 0x0}, {0x7, 0xF}};  // int4, uint4, fp4
  const auto index = [](Encoding encoding) {
    return encoding == Encoding::int4 ? 0 : encoding == Encoding::uint4 ? 1 : 2;
  };
  const auto layers_of = [](Phase phase) -> std::vector<traces::Geometry> {
    const auto line = [](std::int64_t in, std::int64_t out) {
      return conv_layer(1, {in, 1, 8}, out, {1, 1}, {1, 1}, {0, 0});
    };
    switch (phase) {
      case Phase::forward:
        return {linear_layer(3, 2100, 42), line(600, 3)};
      case Phase::backward_data:
        return {linear_layer(3, 2100, 42), line(3, 600)};
      case Phase::backward_weight:
        break;
    }
    return {linear_layer(2100, 42, 3)};
  };
  for (const Mode& mode : five_modes)
    for (const traces::Geometry& layer : layers_of(mode.phase))
      for (const std::uint8_t a : extremes[index(mode.left)])
        for (const std::uint8_t b : extremes[index(mode.right)]) {
          GemmCase c = random_case({mode.phase, layer}, mode.left, mode.right, 1, 3);
          std::fill(c.left.begin(), c.left.end(), static_cast<std::uint8_t>(a | a << 4));
          for (auto& right : c.right)
            std::fill(right.begin(), right.end(), static_cast<std::uint8_t>(b | b << 4));
          ASSERT_EQ(blocked(c), reference(c))
              << name_of(mode.left) << " " << int(a) << " x " << name_of(mode.right) << " " << int(b);
        }
}

INSTANTIATE_TEST_SUITE_P(IntegerProducts, EveryPathAndThreadCount,
                         testing::Combine(testing::ValuesIn(emu::supported_paths()),
                                          testing::Values(1U, 2U, 7U)),
                         [](const auto& which) {
                           return std::string(emu::name_of(std::get<0>(which.param))) + "_" +
                                  std::to_string(std::get<1>(which.param)) + "_threads";
                         });

/// Every pair of codes as a product of its own: k = 1.
TEST(IntegerProducts, All256CodePairsOfTheFiveModes) {
  std::vector<std::uint8_t> all(16);
  for (std::size_t code = 0; code < 16; ++code) all[code] = static_cast<std::uint8_t>(code);
  for (const Mode& mode : five_modes) {
    // 16 x 16 results: forward and backward_data have 16 images, backward_weight 16 channels on both sides.
    const bool weight = mode.phase == Phase::backward_weight, data = mode.phase == Phase::backward_data;
    GemmCase c;
    c.gemm = {mode.phase, weight ? linear_layer(1, 16, 16)
                          : data ? linear_layer(16, 16, 1)
                                 : linear_layer(16, 1, 16)};
    c.left_encoding = mode.left;
    c.right_encoding = mode.right;
    c.left = traces::pack_nibbles(all);
    c.right = {traces::pack_nibbles(all)};
    std::vector<std::vector<std::int32_t>> results = {reference(c)};
    for (const SimdPath path : emu::supported_paths())
      results.push_back(Blocked{path, base::ThreadPool(1), {}}(c));
    for (const auto& result : results)
      for (std::size_t a = 0; a < 16; ++a)
        for (std::size_t b = 0; b < 16; ++b) {
          const int expected = traces::code_values(mode.left)[a] * traces::code_values(mode.right)[b];
          ASSERT_EQ(result[weight ? b * 16 + a : a * 16 + b], expected)
              << name_of(mode.left) << " " << a << " x " << name_of(mode.right) << " " << b;
        }
  }
}

}  // namespace
}  // namespace quatrain::tests
