#pragma once
/// The register that sums the terms of a product (numerics.md sections 6 and 7), as data.

#include <cstdint>
#include <string>
#include <string_view>

namespace quatrain::traces {

/// What becomes of a sum that an accumulator cannot hold. An integer wraps or saturates; fp16 becomes
/// infinite or saturates.
enum class Overflow : std::uint8_t { wrap, saturate, infinity };

constexpr std::string_view name_of(Overflow overflow) {
  switch (overflow) {
    case Overflow::wrap:
      return "wrap";
    case Overflow::saturate:
      return "saturate";
    case Overflow::infinity:
      return "infinity";
  }
  return {};
}

/// How a sum is written down: two's complement, or IEEE 754 (16 bits: binary16, 32 bits: binary32).
enum class SumFormat : std::uint8_t { integer, floating };

inline constexpr unsigned narrowest_accumulator = 8, widest_accumulator = 32;
inline constexpr unsigned half_accumulator = 16;  ///< bits of the narrower floating-point one
inline constexpr unsigned largest_chunk = 65536;

/// An integer of 32 bits holds every sum that is allowed, so that nothing overflows or is rounded; every
/// other one depends on the order of the terms.
struct Accumulator {
  unsigned bits = widest_accumulator;
  Overflow overflow = Overflow::wrap;  ///< of fewer than 32 bits; else without effect
  SumFormat format = SumFormat::integer;
  unsigned chunk =
      0;  ///< so many terms have a sum of their own, which 32 bits of the format add; 0: all of them

  constexpr bool is_narrow() const { return bits < widest_accumulator; }
  constexpr bool is_float() const { return format == SumFormat::floating; }
  constexpr bool is_exact() const { return !is_narrow() && !is_float(); }
  /// Of the register whose value leaves the PE: with chunks the one that adds their sums.
  constexpr unsigned result_bits() const { return chunk == 0 ? bits : widest_accumulator; }
  friend constexpr bool operator==(const Accumulator& a, const Accumulator& b) {
    return a.bits == b.bits && a.format == b.format && a.chunk == b.chunk &&
           (!a.is_narrow() || a.overflow == b.overflow);
  }
};

/// "int32", "int16 wrap", "fp16 infinity chunk 64": for messages.
std::string text_of(const Accumulator& accumulator);

}  // namespace quatrain::traces
