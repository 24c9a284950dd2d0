#include "kernels/machine.hpp"

#include "tests/kernels/variants.hpp"
#include "tests/support/exact_oracle.hpp"
#include "tests/support/machine_results.hpp"
#include "tests/support/message_of.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace quatrain::tests {
namespace {

using traces::Encoding;
using traces::Geometry;
using traces::Phase;
using traces::Rule;

/// Sizes one below, at and above a tile and two of them, for each of m, n and k; shallow elsewhere. The last
/// values of k are split in the ordinary launch shape too, into parts that leave a remainder.
std::vector<SharpGemm> tile_edges() {
  std::vector<SharpGemm> all;
  unsigned seed = 1;
  const auto add = [&](const Mode& mode, std::int64_t m, std::int64_t n, std::int64_t k, unsigned samples) {
    GemmCase c =
        random_case({mode.phase, linear_geometry(mode.phase, m, n, k)}, mode.left, mode.right, samples, seed);
    traces::GemmResult expected;
    expected.accumulators = exact::accumulators(c);
    expected.scale = mode.phase == Phase::backward_weight ? 0.125F / static_cast<float>(samples) : 0.125F;
    for (const std::int32_t sum : expected.accumulators)
      expected.output.push_back(static_cast<float>(sum) * expected.scale);  // powers of two: exact
    all.push_back(
        {fmt::format("m {}, n {}, k {}, seed {}", m, n, k, seed++), std::move(c), std::move(expected)});
  };
  for (const Mode& mode : five_modes) {
    const unsigned samples = mode.phase == Phase::backward_weight ? 2 : 1;
    for (const std::int64_t m : {63, 64, 65, 127, 128, 129}) add(mode, m, 3, 5, samples);
    for (const std::int64_t n : {15, 16, 17, 31, 32, 33, 63, 64, 65}) add(mode, 3, n, 5, samples);
    for (const std::int64_t k :
         {15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 191, 193, 1000, 1089, 1665, 4097})
      add(mode, 3, 5, k, samples);
  }
  return all;
}

/// Odd sizes around a thread's eight elements, a warp and a block of them, and such that several blocks of
/// the ordinary launch shape reduce; every rule.
std::vector<SharpQuantizer> quantizer_sizes() {
  std::vector<SharpQuantizer> all;
  std::mt19937 random(1);
  for (const std::size_t size :
       {1U, 2U, 7U, 8U, 9U, 31U, 33U, 255U, 257U, 2047U, 2049U, 5000U, 16385U, 40001U})
    for (const Rule rule : {Rule::sawb_int4, Rule::sawb_uint4, Rule::luq_fp4, Rule::nearest_fp4}) {
      SharpQuantizer sharp{fmt::format("{} elements, rule {}", size, static_cast<int>(rule)), {}, {}};
      for (std::size_t i = 0; i < size; ++i) {
        const float magnitude =
            std::ldexp(static_cast<float>(random() >> 8), -static_cast<int>(random() % 32));
        sharp.c.source.push_back(rule != Rule::sawb_uint4 && random() % 2 == 0 ? -magnitude : magnitude);
      }
      sharp.c.task.rule = rule;
      sharp.c.task.draws = {3, 5, 7, 1};
      sharp.c.task.random_bits = 4U << size % 3;
      sharp.expected = exact::quantize(task_of(sharp.c));
      all.push_back(std::move(sharp));
    }
  return all;
}

std::vector<SharpGemm> all_gemms() {
  auto all = sharp_gemms();
  for (const auto& more : {tile_edges(), far_padded_gemms()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}
std::vector<SharpQuantizer> all_quantizers() {
  auto all = sharp_quantizers();
  for (SharpQuantizer& sharp : quantizer_sizes()) all.push_back(std::move(sharp));
  return all;
}

/// Rungs share two ways into memory, so quantizers are tried on a rung of each.
bool has_quantizers_of_its_own(const Variant& variant) {
  return variant.name.starts_with("naive") || variant.name.starts_with("octets") ||
         variant.name.starts_with("simt.naive") || variant.name.starts_with("simt.octets");
}

enum class Gemms : unsigned char {
  all,
  in_turns  ///< the variants of a rung have every second one, by turns
};

void expect_the_oracles_bits(const std::vector<Variant>& variants, Gemms which = Gemms::all) {
  const auto quantizers = all_quantizers();
  const auto gemms = all_gemms();
  std::vector<SharpGemm> halves[2];
  for (std::size_t i = 0; i < gemms.size(); ++i) halves[i % 2].push_back(gemms[i]);
  std::map<std::string, std::size_t> turns;  // of each rung
  std::size_t quantizing = 0;
  for (const Variant& variant : variants) {
    SCOPED_TRACE(variant.name);
    if (has_quantizers_of_its_own(variant)) {
      EXPECT_THAT(differences(*variant.machine, quantizers), testing::IsEmpty());
      ++quantizing;
    }
    const std::size_t turn = turns[variant.name.substr(0, variant.name.find(','))]++;
    EXPECT_THAT(differences(*variant.machine, which == Gemms::all ? gemms : halves[turn % 2]),
                testing::IsEmpty());
  }
  EXPECT_GE(quantizing, 2U);
}

TEST(SimtMachines, AnyOrderOfThreadsGivesTheSameBits) {
  base::ThreadPool pool(2);
  expect_the_oracles_bits(make_order_variants(pool), Gemms::in_turns);
}

TEST(SimtMachines, AnyLaunchShapeGivesTheSameBits) {
  base::ThreadPool pool(2);
  expect_the_oracles_bits(make_shape_variants(pool), Gemms::in_turns);
}

TEST(SimtMachines, AnyNumberOfThreadsGivesTheSameBits) {
  base::ThreadPool pool(7);  // two in the other tests
  std::vector<Variant> variants;
  for (const auto& offer : kernels::simt_machine_offers())
    variants.push_back({fmt::format("{}, 7 threads", offer.name), offer.make(pool)});
  expect_the_oracles_bits(variants);
}

/// A result of one call must not live on in the next: large, small and large again on one machine.
TEST(SimtMachines, CallsLeaveNothingBehind) {
  base::ThreadPool pool(2);
  const Mode& mode = uint4_fp4;
  const auto big =
      random_case({mode.phase, linear_geometry(mode.phase, 70, 40, 90)}, mode.left, mode.right, 4, 1);
  const auto small =
      random_case({mode.phase, linear_geometry(mode.phase, 3, 5, 7)}, mode.left, mode.right, 2, 2);
  for (const auto& offer : kernels::simt_machine_offers()) {
    const auto machine = offer.make(pool);
    for (const GemmCase* c : {&big, &small, &big})
      EXPECT_EQ(multiply(*machine, *c).accumulators, exact::accumulators(*c));
  }
}

TEST(SimtMachines, SayWhatTheyAre) {
  base::ThreadPool pool(1);
  const auto offers = kernels::simt_machine_offers();
  std::vector<std::string> names;
  for (const auto& offer : offers) names.push_back(offer.name);
  EXPECT_THAT(names, testing::ElementsAre("simt.literal", "simt.naive", "simt.tiled", "simt.octets",
                                          "simt.mma", "simt.async"));
  for (const auto& offer : offers) {
    EXPECT_EQ(offer.is_slow, offer.name == "simt.literal");
    EXPECT_EQ(offer.why_not(), std::nullopt);
    const auto machine = offer.make(pool);
    EXPECT_EQ(machine->name(), offer.name);
    EXPECT_EQ(machine->ran_on(), "CPU fibers");
    EXPECT_FALSE(machine->refuses(Rule::luq_fp4));
  }
}

TEST(SimtMachines, RefuseWhatTheKernelsCannotDo) {
  base::ThreadPool pool(1);
  const auto machine = kernels::simt_machine_offers()[1].make(pool);
  const traces::Gemm forward{Phase::forward, {}};
  EXPECT_EQ(machine->refuses(forward, Encoding::int4, Encoding::int4), std::nullopt);
  EXPECT_EQ(machine->refuses(forward, Encoding::fp4_e3m0, Encoding::int4),
            "no kernel multiplies fp4_e3m0 by int4 in this phase");
  EXPECT_EQ(machine->refuses({Phase::backward_data, {}}, Encoding::fp4_e3m0, Encoding::fp4_e3m0),
            "no kernel multiplies fp4_e3m0 by fp4_e3m0 in this phase");
  Geometry large;
  large.batch = 1 << 16, large.in_channels = 1 << 15;
  EXPECT_EQ(machine->refuses({Phase::forward, large}, Encoding::int4, Encoding::int4),
            "a tensor has 2^31 elements or more");
  Geometry heavy;
  heavy.in_channels = 1 << 16, heavy.out_channels = 1 << 15;
  EXPECT_EQ(machine->refuses({Phase::forward, heavy}, Encoding::int4, Encoding::int4),
            "a tensor has 2^31 elements or more")
      << "the weights alone";
  Geometry padded;
  padded.padding_height = 1LL << 30, padded.stride_height = (1LL << 31) - 1;
  EXPECT_EQ(machine->refuses({Phase::forward, with_output(padded)}, Encoding::int4, Encoding::int4),
            "the padded plane has 2^31 rows or columns or more");
  Geometry strided;
  strided.stride_width = 1LL << 31;
  EXPECT_EQ(machine->refuses({Phase::forward, with_output(strided)}, Encoding::int4, Encoding::int4),
            "a stride is 2^31 or more");
}

TEST(SimtMachines, ErrorsNameTheElementAndTheTensor) {
  base::ThreadPool pool(1);
  const auto machine = kernels::simt_machine_offers()[0].make(pool);
  std::vector<float> x(1000, 1.0F);
  x[700] = std::numeric_limits<float>::quiet_NaN();
  x[901] = -2;
  traces::QuantizerTask task{Rule::sawb_int4, x, {1, 12, 3, 0}, 16, traces::Alpha::exact, std::nullopt};
  EXPECT_EQ(message_of([&] { machine->quantize(task); }),
            "step 12, layer 3: element 700 is nan; expected a finite value");
  std::vector<float> large(50'000, 1.0F);  // several blocks look for the first one
  large[20'001] = large[20'000] = large[44'444] = std::numeric_limits<float>::infinity();
  task.source = large;
  EXPECT_EQ(message_of([&] { machine->quantize(task); }),
            "step 12, layer 3: element 20000 is inf; expected a finite value");
  task.source = x;
  x[700] = 1;
  task.rule = Rule::sawb_uint4;
  EXPECT_EQ(message_of([&] { machine->quantize(task); }),
            "step 12, layer 3: element 901 is -2; expected a finite, not negative value");
  task.rule = Rule::luq_fp4;
  task.alpha = traces::Alpha::pow2;
  task.maximum = 0x1.8p127F;
  EXPECT_EQ(message_of([&] { machine->quantize(task); }),
            "step 12, layer 3: maximum out of range: 2.5521178e+38; expected 2^127 at most");
  task.maximum = -1.0F;
  EXPECT_EQ(message_of([&] { machine->quantize(task); }), "step 12, layer 3: maximum out of range: -1");
  task.source = {};
  EXPECT_EQ(message_of([&] { machine->quantize(task); }), "0 elements to quantize; expected 1 to 2147483647");

  const Mode& mode = int4_fp4;
  GemmCase c = random_case({mode.phase, linear_geometry(mode.phase, 2, 3, 4)}, mode.left, mode.right, 2, 1);
  c.left_scale = c.right_scale = 0x1p100F;
  EXPECT_EQ(message_of([&] { multiply(*machine, c); }), "scale out of range: 1.2676506e+30 * 1.2676506e+30");
  c.right[1].pop_back();
  EXPECT_EQ(message_of([&] { multiply(*machine, c); }),
            "right operand: 5 bytes of codes; expected 6 for 12 elements");
  c.right.pop_back();
  c.left_encoding = Encoding::fp4_e3m0;
  EXPECT_EQ(message_of([&] { multiply(*machine, c); }),
            "simt.literal: no kernel multiplies fp4_e3m0 by fp4_e3m0 in this phase");
  c = {{Phase::backward_data, linear_geometry(Phase::backward_data, 1, 1, 4'793'491)},
       Encoding::fp4_e3m0,
       Encoding::int4,
       std::vector<std::uint8_t>(2'396'746),
       {},
       1,
       1};
  c.right.assign(1, c.left);
  EXPECT_EQ(message_of([&] { multiply(*machine, c); }),
            "k is 4793491 with 1 sample(s) of fp4_e3m0 x int4; expected at most 4793490, so that every sum "
            "fits int32");
}

}  // namespace
}  // namespace quatrain::tests
