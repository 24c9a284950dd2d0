/// Random bits from shift registers: their period, what they do to LUQ's expectation, and lanes that are fed
/// by them. The register here is a list of bits, written from the polynomial.
#include "rtl_models/quantizer/code_lanes.hpp"
#include "rtl_models/quantizer/lfsr_unit.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <deque>
#include <numeric>
#include <random>

namespace quatrain::tests {
namespace {

using rtl_models::LfsrTaps;

/// x^16 + x^15 + x^13 + x^4 + 1, small enough to walk round.
constexpr LfsrTaps lfsr16{16, 1U << 15 | 1U << 14 | 1U << 12 | 1U << 3};

/// A register's step as a matrix over two elements: column i is what the state with only bit i becomes.
using Matrix = std::array<std::uint32_t, 32>;

std::uint32_t times(const Matrix& m, std::uint32_t state) {
  std::uint32_t sum = 0;
  for (unsigned bit = 0; bit < 32; ++bit)
    if ((state >> bit & 1) != 0) sum ^= m[bit];
  return sum;
}

Matrix power(Matrix base, std::uint64_t exponent) {
  Matrix result{};
  for (unsigned bit = 0; bit < 32; ++bit) result[bit] = std::uint32_t{1} << bit;
  const auto product = [](const Matrix& a, const Matrix& b) {
    Matrix c{};
    for (unsigned bit = 0; bit < 32; ++bit) c[bit] = times(a, b[bit]);
    return c;
  };
  for (; exponent != 0; exponent >>= 1) {
    if ((exponent & 1) != 0) result = product(result, base);
    base = product(base, base);
  }
  return result;
}

/// 2^32 - 1 = 3 x 5 x 17 x 257 x 65537. The step comes back to the identity after that many, and after none
/// of its largest divisors. Draws of 4, 8 or 16 steps visit every state too: these numbers have no common
/// divisor with the period.
TEST(Lfsr, ThePeriodIsAllStatesButZero) {
  Matrix step{}, identity = power(step, 0);
  for (unsigned bit = 0; bit < 32; ++bit)
    step[bit] = rtl_models::lfsr_step(std::uint32_t{1} << bit, rtl_models::lfsr32);
  constexpr std::uint64_t period = 0xFFFFFFFF;
  EXPECT_EQ(power(step, period), identity);
  for (const std::uint64_t factor : {3U, 5U, 17U, 257U, 65537U})
    EXPECT_NE(power(step, period / factor), identity);
  for (const std::uint64_t bits : {4U, 8U, 16U}) EXPECT_EQ(std::gcd(bits, period), 1U);
  std::mt19937 random(1);
  for (int i = 0; i < 1000; ++i) {
    const auto state = static_cast<std::uint32_t>(random());
    ASSERT_EQ(rtl_models::lfsr_steps(state, rtl_models::lfsr32, 16), times(power(step, 16), state));
  }
  EXPECT_EQ(rtl_models::lfsr_seed(0x9E3779B9U, 0), 1U) << "never zero";
}

/// Round a register of 16 bits every draw comes 2^(16-r) times, but 0 once less. So an element goes up in as
/// many states as its place in the gap says, up to half a draw and one state.
TEST(Lfsr, LuqIsUnbiasedOverAPeriod) {
  for (const unsigned bits : {4U, 8U}) {
    std::vector<unsigned> seen(std::size_t{1} << bits);
    std::uint32_t state = 1;
    unsigned states = 0;
    do {
      state = rtl_models::lfsr_steps(state, lfsr16, bits);
      ++seen.at(rtl_models::lfsr_draw(state, bits));
      ++states;
    } while (state != 1);
    EXPECT_EQ(states, 65'535U);
    for (std::size_t draw = 0; draw < seen.size(); ++draw)
      EXPECT_EQ(seen[draw], (65'536U >> bits) - (draw == 0 ? 1U : 0U)) << draw;
    for (int percent = 0; percent < 100; ++percent) {  // between levels 4 and 8
      const float y = 4 + 0.04F * static_cast<float>(percent);
      double sum = 0;
      for (std::uint32_t draw = 0; draw < seen.size(); ++draw) {
        const unsigned level =
            rtl_models::luq_level(std::bit_cast<std::uint32_t>(y), rtl_models::luq_threshold(draw, bits));
        sum += seen[draw] * std::exp2(static_cast<int>(level) - 1);
      }
      EXPECT_NEAR(sum / 65'535, y, 4 * (std::exp2(-static_cast<int>(bits) - 1) + 2.0 / 65'535)) << percent;
    }
  }
}

/// Bits 1 (the newest) to 32, one step at a time.
class ListOfBits {
 public:
  explicit ListOfBits(std::uint32_t seed) {
    for (int bit = 0; bit < 32; ++bit) bits_.push_back(seed >> bit & 1);
  }
  std::uint32_t draw(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      bits_.push_front((bits_[31] + bits_[21] + bits_[1] + bits_[0]) % 2);
      bits_.pop_back();
    }
    std::uint32_t value = 0;
    for (unsigned i = 0; i < count; ++i) value += bits_[i] << i;
    return value;
  }

 private:
  std::deque<unsigned> bits_;
};

/// Section 3, step 6, in real numbers; y of at most 24 bits.
int level_by_text(double y, std::uint32_t draw, unsigned bits) {
  const double threshold = (2.0 * draw + 1) / std::exp2(bits + 1);
  if (y >= 64) return 7;
  if (y < 1) return y >= threshold ? 1 : 0;
  const int exponent = std::ilogb(y);
  return exponent + (y / std::exp2(exponent) - 1 >= threshold ? 2 : 1);
}

/// A unit of 5 lanes and its code lanes, word after word; the last has 3 elements.
TEST(LfsrUnit, LanesMakeTheCodesOfItsBits) {
  constexpr unsigned lanes = 5, words = 40;
  sc_core::sc_signal<bool> clock, ready;
  sc_core::sc_signal<rtl_models::QuantizerSettings> settings;
  sc_core::sc_signal<rtl_models::ElementWord> elements;
  sc_core::sc_signal<rtl_models::Scaling> scaling;
  sc_core::sc_signal<rtl_models::DrawWord> draws;
  sc_core::sc_signal<rtl_models::CodeWord> codes;
  rtl_models::LfsrUnit unit("lfsr", lanes);
  rtl_models::CodeLanes code_lanes("lanes", lanes, 0);
  unit.clock(clock), unit.settings(settings), unit.elements(elements), unit.ready(ready), unit.draws(draws);
  code_lanes.clock(clock), code_lanes.settings(settings), code_lanes.elements(elements);
  code_lanes.scaling(scaling), code_lanes.draws(draws), code_lanes.codes(codes);
  const auto edge = [&] {
    sc_core::sc_start(1.0, sc_core::SC_NS);
    clock.write(true);
    sc_core::sc_start(1.0, sc_core::SC_NS);
    clock.write(false);
  };
  for (const unsigned bits : {4U, 8U, 16U}) {
    rtl_models::QuantizerSettings now;
    now.rule = traces::Rule::luq_fp4;
    now.random_bits = bits;
    now.key.seed = 77 + bits;
    now.begin = true;
    settings.write(now);
    scaling.write({.scale = 0, .inverse = std::bit_cast<std::uint32_t>(1.0F)});
    elements.write(rtl_models::ElementWord());
    edge();
    EXPECT_TRUE(ready.read());
    now.begin = false;
    settings.write(now);
    std::vector<ListOfBits> registers;
    for (unsigned lane = 0; lane < lanes; ++lane)
      registers.emplace_back((77 + bits) ^
                             static_cast<std::uint32_t>((lane + 1) * std::uint64_t{0x9E3779B9}));
    std::mt19937 random(bits);
    std::uniform_real_distribution<float> exponent(-5, 7);
    std::vector<unsigned> expected, found;
    const auto take = [&] {
      for (unsigned lane = 0; lane < codes.read().used; ++lane)
        found.push_back(codes.read().codes.words[lane]);
    };
    for (unsigned sent = 0; sent < words; ++sent) {
      rtl_models::ElementWord word;
      word.elements = rtl_models::Lanes<std::uint32_t>(lanes);
      word.code = true;
      word.used = sent + 1 == words ? 3 : lanes;
      for (unsigned lane = 0; lane < word.used; ++lane) {
        const float x = std::exp2(exponent(random)) * (random() % 2 == 0 ? 1.0F : -1.0F);
        word.elements.words[lane] = std::bit_cast<std::uint32_t>(x);
        const int level = level_by_text(std::fabs(x), registers[lane].draw(bits), bits);
        expected.push_back(static_cast<unsigned>(level == 0 ? 0 : level + (x < 0 ? 8 : 0)));
      }
      elements.write(word);
      edge();
      take();
    }
    elements.write(rtl_models::ElementWord());
    for (int stage = 0; stage < 3; ++stage) edge(), take();
    EXPECT_EQ(found, expected) << bits;
    expected.at(17) ^= 1;  // one code in another level
    EXPECT_NE(found, expected);
  }
}

}  // namespace
}  // namespace quatrain::tests
