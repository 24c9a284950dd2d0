#include "tests/support/sharp_gemms.hpp"

#include "sim/conformance/codes.hpp"
#include "sim/conformance/families.hpp"
#include "tests/support/exact_oracle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace quatrain::tests {
namespace {

using traces::Encoding;
using traces::Geometry;
using traces::Phase;

using sim::code_of;
using sim::Codes;

std::uint8_t legal_or_zero(Encoding encoding, std::size_t code) {
  return encoding == Encoding::fp4_e3m0 && code == 8 ? std::uint8_t{0} : static_cast<std::uint8_t>(code);
}

/// m = n = 1: the terms of one sum, as values.
GemmCase one_sum(const Mode& mode, const std::vector<std::pair<int, int>>& terms) {
  GemmCase c{{mode.phase, linear_geometry(mode.phase, 1, 1, static_cast<std::int64_t>(terms.size()))},
             mode.left,
             mode.right,
             {},
             {},
             1,
             1};
  Codes left, right;
  for (const auto& [a, b] : terms) {
    left.push_back(code_of(mode.left, a));
    right.push_back(code_of(mode.right, b));
  }
  c.left = traces::pack_nibbles(left);
  c.right = {traces::pack_nibbles(right)};
  return c;
}

using Terms = std::vector<std::pair<int, int>>;

Terms repeated_term(int a, int b, std::size_t count, const Terms& more) {
  Terms terms(count, {a, b});
  terms.insert(terms.end(), more.begin(), more.end());
  return terms;
}

/// Sums past the width of an accumulator or the 24 bits of a float, odd at the end.
void add_long_sums(std::vector<SharpGemm>& all) {
  const auto add = [&](std::string name, const Mode& mode, const Terms& terms) {
    all.push_back(with_expected("sum: " + std::move(name), one_sum(mode, terms)));
  };
  add("2^24 + 1 from int4 x fp4", int4_fp4, repeated_term(7, 64, 37'449, {{1, 64}, {1, 1}}));
  add("-(2^24 + 1) from fp4 x int4", fp4_int4, repeated_term(-64, 7, 37'449, {{64, -1}, {-1, 1}}));
  add("2^24 + 1 from uint4 x fp4", uint4_fp4, repeated_term(15, 64, 17'476, {{4, 64}, {1, 1}}));
  add("2^24 + 3, rounded upward", uint4_fp4, repeated_term(15, 64, 17'476, {{4, 64}, {3, 1}}));
  add("ends before 2^24 again", int4_fp4, repeated_term(7, 64, 37'451, {{-7, 64}, {-7, 64}, {-1, 1}}));
  for (const int count : {5, 19, 74, 1'171})
    add(fmt::format("{} times 7 x 64, then 1", count), int4_fp4,
        repeated_term(7, 64, static_cast<std::size_t>(count), {{1, 1}}));
  for (const int count : {3, 9, 35, 547})
    add(fmt::format("{} times -15 x 64, then 1", count), uint4_fp4,
        repeated_term(15, -64, static_cast<std::size_t>(count), {{1, 1}}));
  add("2049 from 15 x 7", uint4_int4, repeated_term(15, 7, 19, {{9, 6}}));
  add("one term", int4_int4, {{-7, 7}});
}

GemmCase with_scales(GemmCase c, float left, float right) {
  c.left_scale = left, c.right_scale = right;
  return c;
}

void add_scales(std::vector<SharpGemm>& all) {
  Geometry g;
  g.batch = 5, g.in_channels = 9, g.out_channels = 7;
  const auto add = [&](std::string name, const Mode& mode, unsigned samples, float left, float right) {
    GemmCase c = random_case({mode.phase, g}, mode.left, mode.right, samples, 21);
    all.push_back(with_expected("scales: " + std::move(name), with_scales(std::move(c), left, right)));
  };
  add("2^-70 x 2^-70 is subnormal", int4_int4, 1, 0x1p-70F, 0x1p-70F);
  add("subnormal operand scale", fp4_int4, 1, 0x1.8p-130F, 0x1p+3F);
  add("the product vanishes", int4_int4, 1, 0x1p-90F, 0x1p-90F);
  add("half of the smallest float goes to zero", int4_int4, 1, 0x1p-75F, 0x1p-75F);
  add("rounded twice: a tie, then a quarter of it", uint4_fp4, 4, 0x1.4p-74F, 0x1p-74F);
  add("rounded twice: three units by two", uint4_fp4, 2, 0x1.8p-74F, 0x1p-74F);
  add("outputs overflow to infinity", int4_int4, 1, 0x1p63F, 0x1p63F);
  add("largest finite scale", int4_int4, 1, 0x1.fffffep63F, 0x1p64F);
  add("zero left", int4_int4, 1, 0, 0.3F);
  add("zero right", uint4_fp4, 8, 0.7F, 0);
  add("inexact products", uint4_int4, 1, 0.1F, 0.37F);
  add("inexact products of a gradient", fp4_int4, 1, 0.0057812497F, 0.1F);
  for (const unsigned samples : {1U, 2U, 3U, 4U, 7U, 8U, 13U, 16U})
    add(fmt::format("{} samples", samples), uint4_fp4, samples, 0.1F, 0.0057812497F);
  // 50,331,651 is nearest to 50,331,652; of an accumulator that was rounded first 50,331,648 is left
  const GemmCase odd = one_sum(uint4_fp4, repeated_term(15, 64, 17'476, {{4, 64}, {1, 1}}));
  all.push_back(with_expected("scales: 2^24 + 1 times 3, rounded twice", with_scales(odd, 3, 1)));
}

}  // namespace

SharpGemm with_expected(std::string name, GemmCase c) {
  traces::GemmResult expected = exact::multiply(c);
  return {std::move(name), std::move(c), std::move(expected)};
}

Geometry linear_geometry(Phase phase, std::int64_t m, std::int64_t n, std::int64_t k) {
  return sim::linear_geometry(phase, m, n, k);
}

SharpGemm all_pairs(const Mode& mode, std::int64_t k, std::int64_t at) {
  GemmCase c{
      {mode.phase, linear_geometry(mode.phase, 16, 16, k)}, mode.left, mode.right, {}, {}, 0.5F, 0.37F};
  // forward: X [m, k], W [n, k]; backward_data: dZ [m, k], W [k, n]; backward_weight: X [k, m], dZ [k, n]
  const bool left_by_k = mode.phase == Phase::backward_weight, right_by_k = mode.phase != Phase::forward;
  Codes left(static_cast<std::size_t>(16 * k)), right = left;
  for (std::int64_t code = 0; code < 16; ++code) {
    const auto along = static_cast<std::size_t>(code * k + at),
               across = static_cast<std::size_t>(at * 16 + code);
    left[left_by_k ? across : along] = legal_or_zero(mode.left, static_cast<std::size_t>(code));
    right[right_by_k ? across : along] = legal_or_zero(mode.right, static_cast<std::size_t>(code));
  }
  c.left = traces::pack_nibbles(left);
  c.right = {traces::pack_nibbles(right)};
  return with_expected(
      fmt::format("all pairs: {} x {} at {} of {}", name_of(mode.left), name_of(mode.right), at, k),
      std::move(c));
}

SharpGemm ramp(const traces::Gemm& gemm, const Mode& mode, Indexed indexed, unsigned digit) {
  GemmCase c{gemm, mode.left, mode.right, {}, {}, 0.5F, 0.37F};
  const std::int64_t lefts = traces::left_elements(gemm.phase, gemm.geometry);
  const std::int64_t rights = traces::right_elements(gemm.phase, gemm.geometry);
  const std::int64_t right_slices =
      gemm.phase == Phase::backward_weight ? gemm.geometry.batch : gemm.geometry.out_channels;
  c.left = indexed == Indexed::left ? sim::index_codes(lefts, digit)
                                    : sim::one_hot_codes(lefts, gemm.geometry.batch);
  c.right = {indexed == Indexed::right ? sim::index_codes(rights, digit)
                                       : sim::one_hot_codes(rights, right_slices)};
  return with_expected(fmt::format("ramp: {} x {}, {} indexed, digit {}", name_of(mode.left),
                                   name_of(mode.right), indexed == Indexed::left ? "left" : "right", digit),
                       std::move(c));
}

std::vector<Geometry> edge_geometries() {
  std::vector<Geometry> all = sim::edge_linears();
  const std::vector<Geometry> convolutions = sim::edge_convolutions();
  all.insert(all.end(), convolutions.begin(), convolutions.end());
  return all;
}

std::vector<SharpGemm> sharp_gemms() {
  std::vector<SharpGemm> all;
  for (const Mode& mode : five_modes) {
    for (const auto& [k, at] :
         std::vector<std::pair<int, int>>{{1, 0}, {2, 1}, {37, 0}, {37, 31}, {37, 36}, {64, 32}})
      all.push_back(all_pairs(mode, k, at));
    for (const Geometry& g :
         {linear_geometry(mode.phase, 19, 37, 71), with_output({3, 4, 5, 6, 6, 0, 0, 3, 2, 2, 1, 1, 1, 2})})
      for (const Indexed indexed : {Indexed::left, Indexed::right})
        for (const unsigned digit : {0U, 1U, 2U}) all.push_back(ramp({mode.phase, g}, mode, indexed, digit));
  }
  add_long_sums(all);
  add_scales(all);
  unsigned seed = 1;
  for (const Geometry& g : edge_geometries())
    for (const Mode& mode : five_modes) {
      const unsigned samples = mode.phase == Phase::backward_weight ? 1 + seed * 3 % 4 : 1;
      all.push_back(
          with_expected(fmt::format("edge sizes, seed {}, {} x {}, phase {}", seed, name_of(mode.left),
                                    name_of(mode.right), static_cast<int>(mode.phase)),
                        random_case({mode.phase, g}, mode.left, mode.right, samples, seed)));
      ++seed;
    }
  return all;
}

std::vector<SharpGemm> far_padded_gemms() {
  constexpr std::int64_t far = std::int64_t{1} << 29;  // a line so far outside begins beyond 32 bits
  std::vector<SharpGemm> all;
  for (const Mode& mode : five_modes)
    for (const Geometry& g : {with_output({2, 2, 1, 8, 3, 0, 0, 1, 1, far, 1, far, 0, 1}),
                              with_output({2, 2, 8, 1, 3, 0, 0, 1, 1, 1, far, 0, far, 1})})
      all.push_back(with_expected(fmt::format("far padding: {} x {}, plane {} x {}", name_of(mode.left),
                                              name_of(mode.right), g.height, g.width),
                                  random_case({mode.phase, g}, mode.left, mode.right, 1, 1)));
  return all;
}

std::vector<SharpGemm> wide_sums(std::int64_t size) {
  std::vector<SharpGemm> all;
  for (const Mode& mode : five_modes) {
    const sim::Mode& of =
        *std::find_if(sim::all_modes.begin(), sim::all_modes.end(), [&](const sim::Mode& one) {
          return one.phase == mode.phase && one.left == mode.left && one.right == mode.right;
        });
    const std::int64_t equal_terms = sim::wide_terms(of, 32'768), k = equal_terms + 1;
    const sim::LinearOperands operands = sim::linear_operands(
        of, {size, size, k},
        [&](std::int64_t m, std::int64_t at) {
          const sim::WideValues values = sim::wide_row(of, m);
          return code_of(mode.left, at == equal_terms ? values.last : values.usual);
        },
        [&](std::int64_t n, std::int64_t at) {
          const sim::WideValues values = sim::wide_column(of, n);
          return code_of(mode.right, at == equal_terms ? values.last : values.usual);
        });
    GemmCase c{{mode.phase, linear_geometry(mode.phase, size, size, k)},
               mode.left,
               mode.right,
               operands.left,
               {operands.right},
               0.5F,
               0.25F};
    traces::GemmResult expected;
    expected.scale = 0.125F;
    for (std::int64_t i = 0; i < size * size; ++i) {
      const bool by_column = mode.phase == Phase::backward_weight;  // dW [n, m]
      const std::int64_t m = by_column ? i % size : i / size, n = by_column ? i / size : i % size;
      const sim::WideValues row = sim::wide_row(of, m), column = sim::wide_column(of, n);
      const std::int64_t sum = equal_terms * row.usual * column.usual + row.last * column.last;
      expected.accumulators.push_back(static_cast<std::int32_t>(sum));
      expected.output.push_back(static_cast<float>(sum) * expected.scale);  // exact: a power of two
    }
    all.push_back({fmt::format("wide sums: {0} x {0} of {1} x {2}, phase {3}", size, name_of(mode.left),
                               name_of(mode.right), static_cast<int>(mode.phase)),
                   std::move(c), std::move(expected)});
  }
  return all;
}

std::vector<SharpGemm> large_gemms() {
  std::vector<SharpGemm> all;
  unsigned seed = 1;
  for (const Mode& mode : five_modes) {
    const auto add = [&](const char* what, std::int64_t m, std::int64_t n, std::int64_t k) {
      all.push_back(with_expected(
          fmt::format("large {}: {} x {}, phase {}", what, name_of(mode.left), name_of(mode.right),
                      static_cast<int>(mode.phase)),
          random_case({mode.phase, linear_geometry(mode.phase, m, n, k)}, mode.left, mode.right, 1, seed++)));
    };
    add("left", 331, 2, 211);
    add("right", 3, 317, 223);
  }
  for (const Mode& mode : {uint4_int4, int4_fp4})
    all.push_back(with_expected(fmt::format("large result: {} x {}", name_of(mode.left), name_of(mode.right)),
                                random_case({mode.phase, linear_geometry(mode.phase, 307, 223, 3)}, mode.left,
                                            mode.right, 1, seed++)));
  return all;
}

std::vector<SharpGemm> longest_gemms() {
  // 16 x 139,810 x 15 x 64 = 2,147,481,600 and 4,793,490 x 7 x 64 = 2,147,483,520: the next k leaves int32
  GemmCase samples = one_sum(uint4_fp4, repeated_term(15, 64, 139'810, {}));
  samples.right.resize(16, samples.right[0]);
  std::vector<SharpGemm> all;
  all.push_back(with_expected("longest: 16 samples of 139,810 terms", std::move(samples)));
  all.push_back(
      with_expected("longest: 4,793,490 terms", one_sum(fp4_int4, repeated_term(-64, 7, 4'793'490, {}))));
  return all;
}

namespace {

/// More or fewer of them than the phase has, or of another size than the layer says.
void add_illegal_operands(std::vector<RefusedGemm>& all) {
  for (const Mode& mode : {int4_int4, fp4_int4}) {
    GemmCase two = one_sum(mode, {{1, 1}});
    two.right.resize(2, two.right[0]);
    all.push_back({fmt::format("two right operands in phase {}", static_cast<int>(mode.phase)),
                   std::move(two),
                   {"2 right operands; expected 1, or more in backward_weight"}});
  }
  for (const std::size_t samples : {0U, 17U, 32U}) {
    GemmCase c = one_sum(int4_fp4, {{1, 1}});
    c.right.resize(samples, c.right[0]);
    all.push_back({fmt::format("{} samples", samples),
                   std::move(c),
                   {fmt::format("{} samples on the right; expected 1 to 16", samples)}});
  }
  for (const std::size_t bytes : {1U, 3U}) {
    GemmCase left = one_sum(int4_fp4, {{1, 1}, {1, 1}, {1, 1}}), right = left;
    left.left.resize(bytes);
    all.push_back({fmt::format("{} bytes on the left", bytes),
                   std::move(left),
                   {fmt::format("left operand: {} bytes of codes; expected 2 for 3 elements", bytes)}});
    right.right.resize(2, right.right[0]);
    right.right[1].resize(bytes);
    all.push_back({fmt::format("{} bytes of the second sample", bytes),
                   std::move(right),
                   {fmt::format("right operand: {} bytes of codes; expected 2 for 3 elements", bytes)}});
  }
}

}  // namespace

std::vector<RefusedGemm> refused_gemms() {
  GemmCase samples = one_sum(uint4_fp4, repeated_term(0, 0, 139'811, {}));
  samples.right.resize(16, samples.right[0]);
  std::vector<RefusedGemm> all;
  all.push_back({"16 samples of 139,811 terms", std::move(samples), {"139811", "16", "139810"}});
  all.push_back(
      {"4,793,491 terms", one_sum(int4_fp4, repeated_term(0, 0, 4'793'491, {})), {"4793491", "4793490"}});
  const GemmCase small = one_sum(int4_int4, {{1, 1}});
  all.push_back({"2^64 x 2^64", with_scales(small, 0x1p64F, 0x1p64F), {"scale out of range"}});
  all.push_back(
      {"rounds up to 2^128", with_scales(small, 0x1.04325cp63F, 0x1.f7bdfp64F), {"scale out of range"}});
  // f32(left x right) is infinite although a sixteenth of it would not be
  GemmCase divided = one_sum(uint4_fp4, {{1, 1}});
  divided.right.resize(16, divided.right[0]);
  all.push_back(
      {"infinite before the division by N", with_scales(divided, 0x1p65F, 0x1p64F), {"scale out of range"}});
  add_illegal_operands(all);
  return all;
}

}  // namespace quatrain::tests
