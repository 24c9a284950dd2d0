#pragma once
/// Shuffles, votes and the barrier of a warp. All lanes of `mask` that have not exited call the same one;
/// what they bring is exchanged when the last has come.

#include "simt/runtime.hpp"
#include <type_traits>

namespace simt {

template <typename T>
T value_from_lane(unsigned mask, const T& value, unsigned source, const Place& place) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);
  const WarpValues& values = meet_warp(mask, &value, sizeof value, nullptr, place);
  if (!values.has(source))
    fail("reads from lane " + std::to_string(source) + ", which takes no part in the shuffle", place);
  return values.get<T>(source);
}

/// `width` (a power of two) cuts the warp into segments of so many lanes that do not look beyond.
template <typename T>
T __shfl_sync(unsigned mask, T value, unsigned lane, int width = warpSize,
              const Place& place = Place::current()) {
  const unsigned segment = static_cast<unsigned>(width) - 1;
  return value_from_lane(mask, value, (lane_index() & ~segment) | (lane & segment), place);
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = warpSize,
                 const Place& place = Place::current()) {
  const unsigned lane = lane_index(), within = lane & (static_cast<unsigned>(width) - 1);
  return value_from_lane(mask, value, within >= delta ? lane - delta : lane, place);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = warpSize,
                   const Place& place = Place::current()) {
  const unsigned lane = lane_index(), size = static_cast<unsigned>(width), within = lane & (size - 1);
  return value_from_lane(mask, value, delta < size - within ? lane + delta : lane, place);
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, unsigned lanes, int width = warpSize,
                  const Place& place = Place::current()) {
  const unsigned lane = lane_index(), other = lane ^ lanes;
  const unsigned last = lane | (static_cast<unsigned>(width) - 1);
  return value_from_lane(mask, value, other <= last ? other : lane, place);
}

/// A bit for each lane of the mask whose predicate is not 0.
inline unsigned __ballot_sync(unsigned mask, int predicate, const Place& place = Place::current()) {
  const WarpValues& values = meet_warp(
      mask, &predicate, sizeof predicate,
      [](WarpValues& all) {
        unsigned ballot = 0;
        for (unsigned lane = 0; lane < warp_size; ++lane)
          if (all.has(lane) && all.get<int>(lane) != 0) ballot |= 1U << lane;
        for (unsigned lane = 0; lane < warp_size; ++lane) all.set(lane, ballot);
      },
      place);
  return values.get<unsigned>(lane_index());
}
inline int __any_sync(unsigned mask, int predicate, const Place& place = Place::current()) {
  return __ballot_sync(mask, predicate, place) != 0;
}
inline int __all_sync(unsigned mask, int predicate, const Place& place = Place::current()) {
  return __ballot_sync(mask, predicate == 0, place) == 0;
}

/// What its lanes wrote before, they all see after it.
void __syncwarp(unsigned mask = ~0U, const Place& place = Place::current());

}  // namespace simt
