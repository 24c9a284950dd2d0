/// Codes are decoded by another table: without their sign, as sign and magnitude, as unsigned, as another
/// encoding.
#include "sim/diagnosis/gemm/hypotheses.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace quatrain::sim::diagnosis {
namespace {

using traces::Encoding;
using Table = std::function<int(Encoding, unsigned code)>;

struct Reading {
  std::string_view word, text;
  Table table;
};

int right_value(Encoding encoding, unsigned code) { return traces::code_values(encoding)[code]; }
int in_steps_of(Encoding meant, Encoding encoding, Encoding read_as, unsigned code) {
  return right_value(encoding == meant ? read_as : encoding, code);
}

const std::vector<Reading>& readings() {
  static const std::vector<Reading> all = {
      {"lost", "without their signs",
       [](Encoding e, unsigned code) { return std::abs(right_value(e, code)); }},
      {"fp4_lost", "(fp4_e3m0) without their signs",
       [](Encoding e, unsigned code) {
         return e == Encoding::fp4_e3m0 ? std::abs(right_value(e, code)) : right_value(e, code);
       }},
      {"magnitude", "read as sign and magnitude",
       [](Encoding e, unsigned code) {
         if (e != Encoding::int4) return right_value(e, code);
         return (code & 8U) != 0 ? -static_cast<int>(code & 7U) : static_cast<int>(code);
       }},
      {"unsigned", "(int4) read as 0 to 15",
       [](Encoding e, unsigned code) { return in_steps_of(Encoding::int4, e, Encoding::uint4, code); }},
      {"signed", "(uint4) read as -8 to 7",
       [](Encoding e, unsigned code) { return in_steps_of(Encoding::uint4, e, Encoding::int4, code); }},
      {"inverted", "with the opposite sign", [](Encoding e, unsigned code) { return -right_value(e, code); }},
      {"twos_complement", "(fp4_e3m0) read as int4",
       [](Encoding e, unsigned code) { return in_steps_of(Encoding::fp4_e3m0, e, Encoding::int4, code); }},
      {"exponent_high", "(fp4_e3m0) with an exponent one too large",
       [](Encoding e, unsigned code) { return right_value(e, code) * (e == Encoding::fp4_e3m0 ? 2 : 1); }},
      {"exponent_low", "(fp4_e3m0) with an exponent one too small",
       [](Encoding e, unsigned code) { return right_value(e, code) / (e == Encoding::fp4_e3m0 ? 2 : 1); }}};
  return all;
}

GemmClaim claim(std::string_view side, const Reading& reading, bool left_wrong, bool right_wrong) {
  return {fmt::format("sign.{}_{}", side, reading.word),
          [side, &reading](const DifferingGemm&) {
            return fmt::format("equal the sum with the codes of {} {} {}",
                               side == "both" ? "both" : "the " + std::string(side),
                               side == "both" ? "operands" : "operand", reading.text);
          },
          [=, &reading](const DifferingGemm& gemm, const Sum& sum) {
            return sum_of_pairs(sum, [&](unsigned a, unsigned b) {
              const Encoding left = gemm.left.encoding, right = gemm.right[0].encoding;
              return (left_wrong ? reading.table(left, a) : right_value(left, a)) *
                     (right_wrong ? reading.table(right, b) : right_value(right, b));
            });
          }};
}

}  // namespace

std::vector<GemmClaim> sign(const DifferingGemm&, const Sum&) {
  std::vector<GemmClaim> claims;
  for (const Reading& reading : readings()) {
    claims.push_back(claim("left", reading, true, false));
    claims.push_back(claim("right", reading, false, true));
    claims.push_back(claim("both", reading, true, true));
  }
  return claims;
}

}  // namespace quatrain::sim::diagnosis
