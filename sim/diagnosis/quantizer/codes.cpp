/// Codes that are right until they are clamped, signed or packed.
#include "sim/diagnosis/quantizer/hypotheses.hpp"
#include "sim/diagnosis/quantizer/model.hpp"

namespace quatrain::sim::diagnosis {
namespace {

using Case = DifferingQuantizer;

QuantizerClaim swapped() {
  return {"nibble_order.codes", "are the codes with the two nibbles of every byte swapped",
          [](const Case& c) { return c.scale; },
          [](const Case& c, std::int64_t element) -> std::optional<std::uint8_t> {
            const auto other = static_cast<std::size_t>(element ^ 1);
            return other < c.expected.size() ? c.expected[other] : std::uint8_t{0};
          }};
}

}  // namespace

std::vector<QuantizerClaim> clamp() {
  return {claim_of("clamp.missing", "are the codes without a clamp: whole numbers cut to 4 bits",
                   {.clamp = Clamp::missing}),
          claim_of("clamp.minus_eight", "are the codes clamped to -8 in place of -7",
                   {.clamp = Clamp::to_minus_eight})};
}

std::vector<QuantizerClaim> packing() {
  return {
      swapped(),
      claim_of("sign.zero_code", "are 0x8: zero with the sign of its element", {.keeps_sign_of_zero = true}),
      claim_of("sign.lost", "are the codes of |x|", {.loses_sign = true})};
}

}  // namespace quatrain::sim::diagnosis
