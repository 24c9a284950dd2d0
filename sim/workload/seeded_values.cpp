#include "sim/workload/seeded_values.hpp"

#include "traces/encoding/nibbles.hpp"
#include "traces/format/checksum.hpp"

#include <fmt/format.h>

#include <charconv>
#include <numeric>
#include <span>

namespace quatrain::sim {
namespace {

constexpr std::uint64_t whole = std::uint64_t{1} << 32;

/// Of the magnitudes above zero, in ascending order, for either sign.
constexpr std::array<std::uint32_t, 7> int4_shares = {558'854'467, 466'842'658, 345'904'010, 227'327'516,
                                                      132'512'579, 68'512'136,  50'834'527};
constexpr std::array<std::uint32_t, 15> uint4_shares = {
    369'526'155, 343'423'506, 303'951'791, 256'194'144, 205'647'494, 157'205'335, 114'446'011, 79'345'707,
    52'388'436,  32'940'979,  19'725'428,  11'248'769,  6'109'026,   3'159'564,   2'840'952};
constexpr std::array<std::uint32_t, 7> fp4_shares = {341'045'732, 152'060'850, 99'644'760, 53'131'079,
                                                     23'050'579,  8'136'228,   1'552'497};

std::span<const std::uint32_t> shares_above_zero(traces::Encoding encoding) {
  switch (encoding) {
    case traces::Encoding::int4:
      return int4_shares;
    case traces::Encoding::uint4:
      return uint4_shares;
    case traces::Encoding::fp4_e3m0:
      return fp4_shares;
    case traces::Encoding::fp32:
    case traces::Encoding::int32:
      break;  // they have no codes
  }
  return {};
}

/// Code of the n-th magnitude below zero: two's complement, or sign and exponent.
std::size_t negative_code(traces::Encoding encoding, std::size_t n) {
  return encoding == traces::Encoding::int4 ? 16 - n : 8 + n;
}

std::uint64_t first_state(const SeededTensor& tensor) {
  const std::string digest = traces::sha256_hex(
      fmt::format("{}/{}/{}/{}", tensor.seed, tensor.layer, name_of(tensor.role), tensor.sample));
  std::uint64_t state = 0;
  std::from_chars(digest.data(), digest.data() + 16, state, 16);
  return state;
}

/// The n-th output of SplitMix64, n from 1 on: no output needs another one.
std::uint64_t split_mix(std::uint64_t first_state, std::uint64_t n) {
  std::uint64_t z = first_state + n * 0x9E37'79B9'7F4A'7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58'476D'1CE4'E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D0'49BB'1331'11EBU;
  return z ^ (z >> 31U);
}

}  // namespace

std::array<std::uint64_t, 16> drawn_shares(traces::Encoding encoding) {
  std::array<std::uint64_t, 16> shares = {};
  const std::span<const std::uint32_t> above = shares_above_zero(encoding);
  for (std::size_t n = 1; n <= above.size(); ++n) {
    shares[n] = above[n - 1];
    if (info_of(encoding).is_signed) shares[negative_code(encoding, n)] = above[n - 1];
  }
  shares[0] = whole - std::accumulate(shares.begin() + 1, shares.end(), std::uint64_t{0});
  return shares;
}

std::vector<std::uint8_t> drawn_codes(const SeededTensor& tensor, traces::Encoding encoding,
                                      std::uint64_t elements) {
  std::array<std::uint64_t, 16> below = drawn_shares(encoding);  // draws that give a code up to this one
  std::partial_sum(below.begin(), below.end(), below.begin());
  const auto code_of = [&](std::uint64_t draw) {
    unsigned code = 0;
    for (std::size_t i = 0; i < 15; ++i) code += draw >= below[i] ? 1 : 0;
    return code;
  };
  const std::uint64_t state = first_state(tensor);
  std::vector<std::uint8_t> packed(traces::packed_size(elements));
  for (std::size_t i = 0; i < packed.size(); ++i) {
    const std::uint64_t draws = split_mix(state, i + 1);
    packed[i] = static_cast<std::uint8_t>(code_of(draws % whole) | code_of(draws / whole) << 4U);
  }
  if (elements % 2 == 1) packed.back() &= 0xFU;
  return packed;
}

}  // namespace quatrain::sim
