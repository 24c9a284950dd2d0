#include "emu/quant/sawb.hpp"

#include "emu/quant/avx2_quantizer_loops.hpp"
#include "emu/quant/wide_quantizer_loops.hpp"

#include <cassert>

namespace quatrain::emu {

SawbSums sawb_sums(std::span<const float> x, float largest, float to_units, SimdPath path) {
  assert(x.size() <= piece_elements && "the sum of a piece's magnitudes must fit 32 bits");
  if (has_avx512(path)) return sawb_sums_wide(x.data(), x.size(), to_units);
  if (has_avx2(path) && largest * to_units < 65535.5F) return sawb_sums_avx2(x.data(), x.size(), to_units);
  SawbSums sums;
  on_path(
      path, [&]() __attribute__((always_inline)) {
        constexpr float magic = 0x1p23F;  // adding it to 0..65536 rounds half to even
        std::uint32_t sum1 = 0, above_zero = 0;
        std::uint64_t sum2 = 0;
        for (const float element : x) {
          // A power of two times a float: the one rounding here is the one to an integer.
          const float units = (std::fabs(element) * to_units + magic) - magic;
          const auto m = static_cast<std::uint32_t>(static_cast<std::int32_t>(units));
          sum1 += m;
          sum2 += std::uint64_t{m} * m;
          above_zero += m != 0 ? 1U : 0U;
        }
        sums = {sum1, sum2, above_zero};
      });
  return sums;
}

}  // namespace quatrain::emu
