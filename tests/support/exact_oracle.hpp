#pragma once
/// The rules of docs/numerics.md in exact rational arithmetic: slow, written from that text alone, sharing
/// nothing with a machine but the encodings' tables and the sizes. Every rounding is made by hand from the
/// definition of IEEE 754 (exact value, then nearest, ties to even), so neither a compiler's flags nor the
/// processor's rounding mode can change a bit here.
///
/// Inputs are taken to be legal: errors are for the machines to raise.

#include "tests/support/planted_fault.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace quatrain::tests::exact {

/// Philox4x32-10 (numerics.md section 2): counter words c0..c3, key words k0, k1.
std::array<std::uint32_t, 4> random_words(const std::array<std::uint32_t, 4>& counter,
                                          const std::array<std::uint32_t, 2>& key);

/// The draw of `bits` (4, 8, 16 or 32) bits that a flat index gets from `stream` of `key`.
std::uint32_t draw(const traces::DrawKey& key, std::uint64_t element, unsigned bits,
                   std::uint32_t stream = 0);

/// f32(a b), f32(a / b): one rounding each.
float product(float a, float b);
float quotient(float a, float b);

/// M, or the smallest power of two >= M.
float maximum_used(float maximum, traces::Alpha alpha);

/// How many of the 2^random_bits draws take |x| one level up (section 3, step 6), found by trying all of
/// them.
std::uint32_t draws_upward(float x, float maximum, traces::Alpha alpha, unsigned random_bits);

/// Smallest |x| that the draw takes up from level e to e + 1, e in 0..6 (section 3, step 6).
float smallest_taken_up(unsigned e, std::uint32_t draw, float maximum, traces::Alpha alpha,
                        unsigned random_bits);

/// m_t of section 3.1 from m_(t-1) and the maximum measured at step t-1 (not the fallback to max |x_t|).
float next_estimate(float estimate, float measured);

/// Sections 3 and 4.
traces::QuantizerResult quantize(const traces::QuantizerTask& task);

/// The sums alone.
std::vector<std::int32_t> accumulators(const GemmCase& c);

/// Section 6 by its index formulas: for each result element the sum over k, then the two (or three)
/// roundings.
traces::GemmResult multiply(const GemmCase& c);

}  // namespace quatrain::tests::exact
