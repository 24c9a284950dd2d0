#include "rtl_models/quantizer/scale_unit.hpp"

#include <array>

namespace quatrain::rtl_models {
namespace {

// The constants of numerics.md as bits.
constexpr std::uint32_t fp32_7 = 0x40E00000, fp32_15 = 0x41700000, fp32_64 = 0x42800000;
constexpr std::uint64_t fp64_3 = 0x4008000000000000;

/// c1 and c2.
struct Coefficients {
  std::uint64_t first, second;
};
constexpr Coefficients int4_coefficients{0x402811EB851EB852, 0x40280F5C28F5C28F};   // 12.035, 12.03
constexpr Coefficients uint4_coefficients{0x4027000000000000, 0x4024800000000000};  // 11.5, 10.25

/// M 2^-6 of a normal M above 2^-100.
constexpr std::uint32_t divided_by_64(std::uint32_t maximum) {
  return maximum - (std::uint32_t{6} << Fp32::fraction_bits);
}

/// The smallest power of two that is not below a normal maximum; infinity where there is none.
constexpr std::uint32_t rounded_up(std::uint32_t maximum) {
  return fraction<Fp32>(maximum) == 0 ? maximum : hidden_bit<Fp32> + (maximum & infinity_bits<Fp32>);
}

/// Of numbers that are not negative: twice one, exactly.
constexpr std::uint64_t doubled(std::uint64_t a) {
  const Number exact = number<Fp64>(a);
  return rounded<Fp64>({exact.negative, exact.significand, exact.exponent + 1});
}

}  // namespace

ScaleUnit::ScaleUnit(const sc_core::sc_module_name& name) : sc_module(name) {
  SC_METHOD(on_edge);
  sensitive << clock.pos();
  dont_initialize();
}

bool ScaleUnit::is_integer() const {
  switch (settings.read().rule) {
    case traces::Rule::sawb_int4:
    case traces::Rule::sawb_uint4:
      return true;
    case traces::Rule::luq_fp4:
    case traces::Rule::nearest_fp4:
      return false;
  }
  __builtin_unreachable();
}

void ScaleUnit::on_edge() {
  if (start.read()) begin();
  if (left_.empty()) {
    if (!state_.done) return;
    state_.done = false;
    scaling.write(state_);
    return;
  }
  const Operation operation = left_.front();
  if (!loaded_ && !load(operation)) {
    loaded_ = true;
    return;
  }
  if (loaded_) {
    if (!short_.finished()) return short_.step();
    if (!long_.finished()) return long_.step();
    store(operation);
  }
  loaded_ = false;
  left_ = left_.subspan(1);
  if (left_.empty()) finish();
}

void ScaleUnit::begin() {
  using enum Operation;
  static constexpr std::array of_integers = {mean_square, mean,        root, first_product, second_product,
                                             difference,  three_means, clip, scale,         inverse};
  static constexpr std::array of_levels = {inverse};
  const QuantizerSettings& now = settings.read();
  state_ = {};
  maximum_ = now.has_maximum ? now.maximum : measured.read().maximum;
  if (is_integer()) {
    left_ = of_integers;
    return;
  }
  left_ = of_levels;
  state_.out_of_range = maximum_ >= infinity_bits<Fp32>;
  if (now.alpha == traces::Alpha::pow2 && maximum_ >= smallest_maximum) {
    maximum_ = rounded_up(maximum_);
    state_.out_of_range = maximum_ >= infinity_bits<Fp32>;
  }
  state_.scale = divided_by_64(maximum_);
}

bool ScaleUnit::load(Operation operation) {
  const Coefficients& c = is_signed() ? int4_coefficients : uint4_coefficients;
  const std::uint32_t largest = is_signed() ? fp32_7 : fp32_15;
  const MeasuredSums& s = sums.read();
  switch (operation) {
    case Operation::mean_square:
      long_ = DigitUnit<Fp64>::quotient(fp64_of(s.sum2), fp64_of(s.count));
      return false;
    case Operation::mean:
      long_ = DigitUnit<Fp64>::quotient(fp64_of(s.sum1), fp64_of(s.count));
      return false;
    case Operation::root:
      long_ = DigitUnit<Fp64>::root(mean_square_);
      return false;
    case Operation::first_product:
      long_ = DigitUnit<Fp64>::product(c.first, root_);
      return false;
    case Operation::second_product:
      long_ = DigitUnit<Fp64>::product(c.second, mean_);
      return false;
    case Operation::difference:
      c_ = difference<Fp64>(first_, second_);
      return true;
    case Operation::three_means:
      long_ = DigitUnit<Fp64>::product(fp64_3, mean_);
      return false;
    case Operation::clip:
      choose_clip();
      return true;
    case Operation::scale:
      short_ = DigitUnit<Fp32>::quotient(state_.clip, largest);
      return false;
    case Operation::inverse:
      short_ = is_integer() ? DigitUnit<Fp32>::quotient(largest, state_.clip)
                            : DigitUnit<Fp32>::quotient(fp32_64, maximum_);
      return false;
  }
  __builtin_unreachable();
}

void ScaleUnit::store(Operation operation) {
  switch (operation) {
    case Operation::mean_square:
      mean_square_ = long_.result();
      return;
    case Operation::mean:
      mean_ = long_.result();
      return;
    case Operation::root:
      root_ = long_.result();
      return;
    case Operation::first_product:
      first_ = long_.result();
      return;
    case Operation::second_product:
      second_ = long_.result();
      return;
    case Operation::three_means:
      three_means_ = long_.result();
      return;
    case Operation::scale:
      state_.scale = short_.result();
      return;
    case Operation::inverse:
      state_.inverse = short_.result();
      return;
    case Operation::difference:
    case Operation::clip:
      return;  // done when they were loaded
  }
}

/// As unsigned numbers, bits of a negative clip or of an infinite one lie above those of every maximum.
void ScaleUnit::choose_clip() {
  state_.clip = narrowed(c_, exponent_above(maximum_) - 16);
  const bool applies = state_.clip >= smallest_maximum && state_.clip <= maximum_;
  const bool is_negative_c = (c_ & sign_bit<Fp64>) != 0;
  const bool is_nearly_constant = is_signed() && (is_negative_c || doubled(c_) < three_means_);
  if (!applies || is_nearly_constant) state_.clip = maximum_;
}

void ScaleUnit::finish() {
  if (maximum_ < smallest_maximum) state_ = {.out_of_range = state_.out_of_range};
  state_.done = true;
  scaling.write(state_);
}

}  // namespace quatrain::rtl_models
