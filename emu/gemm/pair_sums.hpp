#pragma once
/// The multiplications of the AVX2 integer loops: twelve vectors of sums of 16 bits gain the terms of some
/// steps. One asm for all steps: from intrinsics g++ 12 keeps most of the sums in memory, at half the speed.

#include <cstddef>
#include <cstdint>
#include <immintrin.h>

namespace quatrain::emu {

/// Which words a step repeats in all lanes of a vector; the others are a vector of different ones.
enum class Repeated : unsigned char {
  left,  ///< 6 words; the panel's are 2 vectors of 8 columns
  panel  ///< 2 words; the left ones are 6 vectors of 8 rows
};

/// sum[6][2] of left (unsigned bytes) times panel (signed ones): two neighbouring bytes share 16 bits.
using PairSums = __m256i[6][2];

// clang-format off
#define QUATRAIN_ZERO(SUM) "vpxor %[" SUM "], %[" SUM "], %[" SUM "]\n\t"
// The panel's words stand in ymm12 and ymm13.
#define QUATRAIN_ADD_PAIRS(LOAD_LEFT, ROW, FIRST, SECOND)      \
  LOAD_LEFT " (%[" ROW "],%[place],4), %%ymm14\n\t"            \
  "vpmaddubsw %%ymm12, %%ymm14, %%ymm15\n\t"                   \
  "vpaddw %%ymm15, %[" FIRST "], %[" FIRST "]\n\t"             \
  "vpmaddubsw %%ymm13, %%ymm14, %%ymm14\n\t"                   \
  "vpaddw %%ymm14, %[" SECOND "], %[" SECOND "]\n\t"
#define QUATRAIN_SUM_PAIRS(LOAD_LEFT, LOAD_PANEL, SECOND_PANEL)                                          \
  asm(QUATRAIN_ZERO("s0") QUATRAIN_ZERO("s1") QUATRAIN_ZERO("s2") QUATRAIN_ZERO("s3")                    \
      QUATRAIN_ZERO("s4") QUATRAIN_ZERO("s5") QUATRAIN_ZERO("s6") QUATRAIN_ZERO("s7")                    \
      QUATRAIN_ZERO("s8") QUATRAIN_ZERO("s9") QUATRAIN_ZERO("sa") QUATRAIN_ZERO("sb")                    \
      ".p2align 4\n"                                                                                     \
      "1:\n\t"                                                                                           \
      "movslq (%[offset]), %[place]\n\t"                                                                 \
      "add $4, %[offset]\n\t"                                                                            \
      LOAD_PANEL " (%[panel]), %%ymm12\n\t"                                                              \
      LOAD_PANEL " " SECOND_PANEL "(%[panel]), %%ymm13\n\t"                                              \
      "add %[pitch], %[panel]\n\t"                                                                       \
      QUATRAIN_ADD_PAIRS(LOAD_LEFT, "r0", "s0", "s1")                                                    \
      QUATRAIN_ADD_PAIRS(LOAD_LEFT, "r1", "s2", "s3")                                                    \
      QUATRAIN_ADD_PAIRS(LOAD_LEFT, "r2", "s4", "s5")                                                    \
      QUATRAIN_ADD_PAIRS(LOAD_LEFT, "r3", "s6", "s7")                                                    \
      QUATRAIN_ADD_PAIRS(LOAD_LEFT, "r4", "s8", "s9")                                                    \
      QUATRAIN_ADD_PAIRS(LOAD_LEFT, "r5", "sa", "sb")                                                    \
      "cmp %[end], %[offset]\n\t"                                                                        \
      "jb 1b"                                                                                            \
      : [s0] "=&x"(sum[0][0]), [s1] "=&x"(sum[0][1]), [s2] "=&x"(sum[1][0]), [s3] "=&x"(sum[1][1]),      \
        [s4] "=&x"(sum[2][0]), [s5] "=&x"(sum[2][1]), [s6] "=&x"(sum[3][0]), [s7] "=&x"(sum[3][1]),      \
        [s8] "=&x"(sum[4][0]), [s9] "=&x"(sum[4][1]), [sa] "=&x"(sum[5][0]), [sb] "=&x"(sum[5][1]),      \
        [offset] "+r"(offset), [panel] "+r"(panel), [place] "=&r"(place)                                 \
      : [r0] "r"(rows[0]), [r1] "r"(rows[1]), [r2] "r"(rows[2]), [r3] "r"(rows[3]), [r4] "r"(rows[4]),   \
        [r5] "r"(rows[5]), [end] "r"(end), [pitch] "r"(pitch)                                            \
      : "xmm12", "xmm13", "xmm14", "xmm15", "cc", "memory")
// clang-format on

/// Over the steps offset .. end, at least one; rows[r] + *offset is where a step's words stand. pitch: bytes
/// of the panel between two steps.
template <Repeated which>
[[gnu::target("avx2"), gnu::always_inline]] inline void sum_pairs(const std::uint32_t* const* rows,
                                                                  const std::int32_t* offset,
                                                                  const std::int32_t* end,
                                                                  const std::uint32_t* panel,
                                                                  std::size_t pitch, PairSums& sum) {
  std::int64_t place = 0;
  if constexpr (which == Repeated::left)
    QUATRAIN_SUM_PAIRS("vpbroadcastd", "vmovdqu", "32");
  else
    QUATRAIN_SUM_PAIRS("vmovdqu", "vpbroadcastd", "4");
}

#undef QUATRAIN_SUM_PAIRS
#undef QUATRAIN_ADD_PAIRS
#undef QUATRAIN_ZERO

}  // namespace quatrain::emu
