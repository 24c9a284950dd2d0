#pragma once
/// The rules that quantize a tensor (numerics.md sections 3 to 5), as data.

#include "traces/encoding/codes.hpp"
#include "traces/geometry.hpp"

#include <cstdint>
#include <string_view>
#include <variant>

namespace quatrain::traces {

enum class Rule : std::uint8_t { sawb_int4, sawb_uint4, luq_fp4, nearest_fp4 };

/// What a quantizer found out on its way to codes, beside max |x| and scale (numerics.md section 4).
struct SawbFacts {
  std::int32_t exponent = 0;                    ///< p
  std::uint64_t count = 0, sum1 = 0, sum2 = 0;  ///< elements counted, S1, S2
  float clip = 0;
  friend constexpr bool operator==(const SawbFacts&, const SawbFacts&) = default;
};
/// Section 3.
struct Fp4Facts {
  float max_used = 0;  ///< M before pow2
  friend constexpr bool operator==(const Fp4Facts&, const Fp4Facts&) = default;
};
/// By rule; see RuleInfo.
using QuantizerFacts = std::variant<SawbFacts, Fp4Facts>;

struct RuleInfo {
  std::string_view word;
  Encoding encoding = Encoding::int4;  ///< of the codes that it makes
  QuantizerFacts facts = SawbFacts{};  ///< the kind that it finds, all 0
  bool serves_input = false, serves_weight = false, serves_gradient = false;
  bool draws = false;  ///< takes 4, 8 or 16 random bits an element, and so N samples of a tensor
};

constexpr RuleInfo info_of(Rule rule) {
  switch (rule) {
    case Rule::sawb_int4:
      return {.word = "sawb_int4",
              .encoding = Encoding::int4,
              .facts = SawbFacts{},
              .serves_input = true,
              .serves_weight = true};
    case Rule::sawb_uint4:
      return {.word = "sawb_uint4", .encoding = Encoding::uint4, .facts = SawbFacts{}, .serves_input = true};
    case Rule::luq_fp4:
      return {.word = "luq_fp4",
              .encoding = Encoding::fp4_e3m0,
              .facts = Fp4Facts{},
              .serves_gradient = true,
              .draws = true};
    case Rule::nearest_fp4:
      return {.word = "nearest_fp4",
              .encoding = Encoding::fp4_e3m0,
              .facts = Fp4Facts{},
              .serves_gradient = true};
  }
  return {};
}

constexpr std::string_view name_of(Rule rule) { return info_of(rule).word; }
constexpr Encoding encoding_of(Rule rule) { return info_of(rule).encoding; }
/// Else an element below zero is refused.
constexpr bool takes_negative(Rule rule) { return info_of(encoding_of(rule)).is_signed; }

constexpr bool serves(Rule rule, Role role) {
  const RuleInfo info = info_of(rule);
  switch (role) {
    case Role::input:
      return info.serves_input;
    case Role::weight:
      return info.serves_weight;
    case Role::gradient:
      return info.serves_gradient;
  }
  return false;
}

/// Of random bits and of samples, whatever the rule.
inline constexpr std::int64_t most_samples = 16;
constexpr bool is_random_bit_count(std::int64_t bits) { return bits == 4 || bits == 8 || bits == 16; }
constexpr bool is_sample_count(std::int64_t samples) { return samples >= 1 && samples <= most_samples; }

/// How FP4's alpha follows from the maximum (numerics.md section 4).
enum class Alpha : std::uint8_t { exact, pow2 };

constexpr std::string_view name_of(Alpha alpha) {
  switch (alpha) {
    case Alpha::exact:
      return "exact";
    case Alpha::pow2:
      return "pow2";
  }
  return {};
}

}  // namespace quatrain::traces
