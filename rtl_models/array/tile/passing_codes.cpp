#include "rtl_models/array/tile/passing_codes.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace quatrain::rtl_models {
namespace {

unsigned bits_between(unsigned a, unsigned b) { return static_cast<unsigned>(std::popcount(a ^ b)); }

/// Bits that differ between each byte and the one `stride` behind it.
[[gnu::always_inline]] inline std::uint64_t differing_bits(const std::uint8_t* codes, std::size_t stride,
                                                           std::size_t count) {
  std::uint64_t bits = 0, now = 0, next = 0;
  std::size_t at = 0;
  for (; at + sizeof now <= count; at += sizeof now) {
    std::memcpy(&now, codes + at, sizeof now);
    std::memcpy(&next, codes + at + stride, sizeof next);
    bits += static_cast<std::uint64_t>(std::popcount(now ^ next));
  }
  for (; at < count; ++at) bits += bits_between(codes[at], codes[at + stride]);
  return bits;
}

}  // namespace

/// The lane's edge shows another code from this cycle on (and its own delay later).
void PassingCodes::change(std::size_t lane, std::uint64_t cycle, unsigned bits) {
  const std::uint64_t enters = cycle + lane;
  if (enters < end_) toggles_ += bits * std::min<std::uint64_t>(depth_, end_ - enters);
}

/// Nothing follows the lane's last code.
void PassingCodes::leave(std::size_t lane) {
  change(lane, lanes_[lane].behind, bits_between(lanes_[lane].code, 0));
  lanes_[lane].code = 0;
}

void PassingCodes::stream(const std::uint8_t* codes, std::size_t stride, std::uint32_t lanes,
                          std::uint64_t length, std::uint64_t cycle) {
  const std::uint8_t* last = codes + (length - 1) * stride;
  for (std::uint32_t i = 0; i < lanes; ++i) {
    if (lanes_[i].behind != cycle) leave(i);
    change(i, cycle, bits_between(lanes_[i].code, codes[i]));
    lanes_[i] = {last[i], cycle + length};
  }
  // Changes that reach every register in time are counted together, the others one by one.
  const std::uint64_t late = cycle + lanes + depth_;
  std::uint64_t k = std::min(length - 1, end_ > late ? end_ - late : 0);
  on_path(
      path_, [&]<SimdPath>() __attribute__((always_inline)) {
        if (stride == lanes)
          toggles_ += depth_ * differing_bits(codes, stride, k * stride);
        else
          for (std::uint64_t at = 0; at < k; ++at)
            toggles_ += depth_ * differing_bits(codes + at * stride, stride, lanes);
      });
  for (; k + 1 < length; ++k)
    for (std::uint32_t i = 0; i < lanes; ++i)
      change(i, cycle + k + 1, bits_between(codes[k * stride + i], codes[(k + 1) * stride + i]));
}

std::uint64_t PassingCodes::toggles() {
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane) leave(lane);
  return toggles_;
}

void PassingOperands::stream(const std::uint8_t* codes, std::size_t stride, std::uint32_t lanes,
                             std::uint64_t length, std::uint64_t cycle) {
  if (table_.bits_are_codes) return low_.stream(codes, stride, lanes, length, cycle);
  bytes_.resize(length * lanes);
  for (const bool is_high : {false, true}) {
    for (std::uint64_t k = 0; k < length; ++k)
      for (std::uint32_t i = 0; i < lanes; ++i)
        bytes_[k * lanes + i] =
            static_cast<std::uint8_t>(table_.bits[codes[k * stride + i]] >> (is_high ? 8 : 0));
    (is_high ? high_ : low_).stream(bytes_.data(), lanes, lanes, length, cycle);
  }
}

}  // namespace quatrain::rtl_models
