#pragma once
/// The random draws of numerics.md section 2, by the text, for hypotheses about wrong ones.

#include "traces/machine.hpp"

#include <array>
#include <cstdint>

namespace quatrain::sim::diagnosis {

/// The four words of block `block`, stream 0.
std::array<std::uint32_t, 4> draw_words(const traces::DrawKey& key, std::uint32_t block,
                                        std::uint32_t stream = 0);

/// u of the element of a flat index.
std::uint32_t draw_at(const traces::DrawKey& key, unsigned bits, std::int64_t element);

}  // namespace quatrain::sim::diagnosis
