#pragma once
/// Brings planes of the left tensor into the layout of a lowered product.

#include "emu/gemm/lowering.hpp"
#include "emu/simd/dispatch.hpp"

namespace quatrain::emu {

/// A plane of words of the tensor, line by line, into the phases of the layout: layout.plane_words() of them;
/// `border` where a place is outside the tensor. Word: 4 bytes.
template <typename Word>
void lay_out_plane(const LeftLayout& layout, const Word* plane, Word border, Word* target, SimdPath path);

}  // namespace quatrain::emu
