#pragma once
/// What the 512-bit paths multiply blocks with, one class for each kind of product. An object lives as long
/// as a task, in its thread. Needs SimdPath::avx512 or, where the name says so, amx.

#include "emu/gemm/inner_loops.hpp"
#include "emu/gemm/wide_inner_loops.hpp"

namespace quatrain::emu {

using IntegerBlock = BlockProduct<std::uint32_t, std::int32_t>;
using Fp32Block = BlockProduct<float, float>;

/// Words are 4 codes: left unsigned bytes, panel signed bytes. Sums wrap modulo 2^32; the true result fits.
struct VnniLoops {
  static constexpr bool reads_in_place = true;  ///< the left operand, where its rows' vectors stand whole
  void add(const IntegerBlock& product) const;
};

/// The same in tiles of 16 x 16 sums. Steps come in blocks of 16, those past the product's with panel words
/// 0; width is 16; where rows follow, the panel's blocks are transposed: [n][step].
class AmxLoops {
 public:
  static constexpr bool reads_in_place = false;
  AmxLoops();
  ~AmxLoops();
  AmxLoops(const AmxLoops&) = delete;
  AmxLoops& operator=(const AmxLoops&) = delete;

  void add(const IntegerBlock& product) const;
};

/// sum = fma(left, panel, sum), one after the other.
template <BorderTerms border>
struct WideFp32Loops {
  static constexpr bool reads_in_place = true;
  void add(const Fp32Block& product) const;
};

}  // namespace quatrain::emu
