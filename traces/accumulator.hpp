#pragma once
/// The register that sums the terms of a product (numerics.md sections 6 and 7), as data.

#include <cstdint>
#include <string>
#include <string_view>

namespace quatrain::traces {

/// What becomes of a sum that an accumulator cannot hold.
enum class Overflow : std::uint8_t { wrap, saturate };

constexpr std::string_view name_of(Overflow overflow) {
  switch (overflow) {
    case Overflow::wrap:
      return "wrap";
    case Overflow::saturate:
      return "saturate";
  }
  return {};
}

inline constexpr unsigned narrowest_accumulator = 8, widest_accumulator = 32;

/// An integer. One of 32 bits holds every sum that is allowed, so that nothing overflows; a narrower one
/// depends on the order of the terms.
struct Accumulator {
  unsigned bits = widest_accumulator;
  Overflow overflow = Overflow::wrap;  ///< of fewer than 32 bits; else without effect

  constexpr bool is_narrow() const { return bits < widest_accumulator; }
  friend constexpr bool operator==(const Accumulator& a, const Accumulator& b) {
    return a.bits == b.bits && (!a.is_narrow() || a.overflow == b.overflow);
  }
};

/// "int32", "int16 wrap": for messages.
std::string text_of(const Accumulator& accumulator);

}  // namespace quatrain::traces
