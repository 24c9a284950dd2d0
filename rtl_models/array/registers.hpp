#pragma once
/// Registers of an array as plain arrays. A row is padded to whole words of 16 columns; the lanes of the
/// padding stay zero. What is one bit per PE stands in masks, [word][row].

#include "rtl_models/array/sum_lanes.hpp"
#include "rtl_models/pe/pe_table.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

namespace quatrain::rtl_models {

template <typename Value>
struct LineAllocator {
  using value_type = Value;
  static constexpr std::align_val_t line{64};
  LineAllocator() = default;
  template <typename Other>
  explicit LineAllocator(const LineAllocator<Other>&) {}
  Value* allocate(std::size_t count) {
    return static_cast<Value*>(::operator new(count * sizeof(Value), line));
  }
  void deallocate(Value* values, std::size_t) { ::operator delete(values, line); }
  friend bool operator==(const LineAllocator&, const LineAllocator&) { return true; }
};

using Registers = std::vector<std::int32_t, LineAllocator<std::int32_t>>;
using Mask = std::uint16_t;
using Masks = std::vector<Mask, LineAllocator<Mask>>;

/// The masks of so many rows side by side; of a word, rows are padded to whole vectors.
inline constexpr std::size_t mask_lanes = 32;
using MaskLanes [[gnu::vector_size(64), gnu::aligned(2), gnu::may_alias]] = Mask;
using LinkLanes [[gnu::vector_size(32), gnu::aligned(1), gnu::may_alias]] = Link;
using CountLanes [[gnu::vector_size(64)]] = std::uint64_t;

[[gnu::always_inline]] inline MaskLanes& masks_at(Mask* masks) {
  return *reinterpret_cast<MaskLanes*>(masks);
}
[[gnu::always_inline]] inline const MaskLanes& masks_at(const Mask* masks) {
  return *reinterpret_cast<const MaskLanes*>(masks);
}

inline std::uint32_t words_of(std::uint32_t columns) {
  return static_cast<std::uint32_t>((columns + sum_lanes - 1) / sum_lanes);
}
inline std::size_t padded_rows(std::uint32_t rows) {
  return (rows + mask_lanes - 1) / mask_lanes * mask_lanes;
}

template <SimdPath path>
[[gnu::always_inline]] inline std::uint64_t bits_of(std::uint64_t x) {
  if constexpr (path != SimdPath::portable) return static_cast<std::uint64_t>(__builtin_popcountll(x));
  x = x - ((x >> 1) & 0x5555555555555555U);
  x = (x & 0x3333333333333333U) + ((x >> 2) & 0x3333333333333333U);
  return (((x + (x >> 4)) & 0x0F0F0F0F0F0F0F0FU) * 0x0101010101010101U) >> 56;
}
/// Adds the bits that are set to the lanes of `counts`.
template <SimdPath path>
[[gnu::always_inline]] inline void count_bits(const MaskLanes& masks, CountLanes& counts) {
  CountLanes x = reinterpret_cast<CountLanes>(masks);
  if constexpr (path == SimdPath::avx512) {
    CountLanes bits;
    for (std::size_t lane = 0; lane < 8; ++lane)
      bits[lane] = static_cast<std::uint64_t>(__builtin_popcountll(x[lane]));
    counts += bits;
  } else {
    x = x - ((x >> 1) & 0x5555555555555555U);
    x = (x & 0x3333333333333333U) + ((x >> 2) & 0x3333333333333333U);
    x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0FU;
    x = x + (x >> 8);
    x = x + (x >> 16);
    counts += (x + (x >> 32)) & 0x7FU;
  }
}
[[gnu::always_inline]] inline std::uint64_t sum_of(const CountLanes& counts) {
  std::uint64_t sum = 0;
  for (std::size_t lane = 0; lane < 8; ++lane) sum += counts[lane];
  return sum;
}

/// values[lane] = table[code], 0 where the link is not valid.
template <SimdPath path>
[[gnu::always_inline]] inline void enter_values(const std::array<std::int32_t, all_codes>& table,
                                                const Link* links, std::size_t lanes, std::int32_t* values) {
  std::size_t lane = 0;
#if !defined(__clang__)  // has no such shuffle
  if constexpr (path == SimdPath::avx512) {
    const SumLanes of_code = lanes_at(table.data());
    for (; lane + sum_lanes <= lanes; lane += sum_lanes) {
      SumLanes wide;
      for (std::size_t at = 0; at < sum_lanes; ++at) wide[at] = links[lane + at];
      lanes_at(values + lane) = __builtin_shuffle(of_code, wide) & -((wide >> valid_at) & 1);
    }
  }
#endif
  for (; lane < lanes; ++lane)
    values[lane] = table[links[lane] & code_bits] & -((links[lane] >> valid_at) & 1);
}

/// Bit `at` of eight bytes, side by side.
[[gnu::always_inline]] inline std::uint64_t bits_of_bytes(std::uint64_t bytes, int at) {
  return (((bytes >> at) & 0x0101010101010101U) * 0x0102040810204080U) >> 56;
}
/// The bit of up to 16 links.
[[gnu::always_inline]] inline Mask mask_of_lanes(const Link* links, int bit) {
  std::uint64_t low, high;
  std::memcpy(&low, links, sizeof low);
  std::memcpy(&high, links + sizeof low, sizeof high);
  return static_cast<Mask>(bits_of_bytes(low, bit) | bits_of_bytes(high, bit) << 8);
}

}  // namespace quatrain::rtl_models
