#include "rtl_models/array/tile/panel.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace quatrain::rtl_models {
namespace {

/// values[at] = table[codes[at]].
template <SimdPath path>
[[gnu::always_inline]] inline void look_up(const std::array<std::int32_t, 16>& table,
                                           const std::vector<std::uint8_t>& codes,
                                           std::vector<std::int32_t>& values) {
  std::size_t at = 0;
#if !defined(__clang__)  // has no such shuffle
  if constexpr (path == SimdPath::avx512) {
    using Words [[gnu::vector_size(64)]] = std::int32_t;
    Words of_code, found;
    std::memcpy(&of_code, table.data(), sizeof of_code);
    constexpr std::size_t lanes = 16;
    for (; at + lanes <= codes.size(); at += lanes) {
      for (std::size_t lane = 0; lane < lanes; ++lane) found[lane] = codes[at + lane];
      found = __builtin_shuffle(of_code, found);
      std::memcpy(values.data() + at, &found, sizeof found);
    }
  }
#endif
  for (; at < codes.size(); ++at) values[at] = table[codes[at]];
}

/// How many of the codes have a bit of the mask.
[[gnu::always_inline]] inline std::uint16_t count_non_zero(const std::uint8_t* codes, std::size_t count,
                                                           std::uint8_t mask) {
  constexpr std::uint64_t ones = 0x0101010101010101, codes_of_four_bits = 0x0F * ones;
  const std::uint64_t masks = mask * ones;
  int non_zero = 0;
  std::size_t at = 0;
  for (; at + sizeof masks <= count; at += sizeof masks) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, codes + at, sizeof eight);
    non_zero += std::popcount(((eight & masks) + codes_of_four_bits) & (ones << 4));  // the carry says so
  }
  for (; at < count; ++at) non_zero += (codes[at] & mask) != 0;
  return static_cast<std::uint16_t>(non_zero);
}
/// For every step. Most panels have one or two vectors of lanes: their loops are unrolled.
[[gnu::always_inline]] inline void count_non_zero(const std::vector<std::uint8_t>& codes, std::size_t stride,
                                                  std::uint8_t mask, std::vector<std::uint16_t>& non_zero) {
  const std::uint8_t* from = codes.data();
  const auto count = [&](std::size_t lanes) __attribute__((always_inline)) {
    for (std::uint16_t& of_step : non_zero) {
      of_step = count_non_zero(from, lanes, mask);
      from += lanes;
    }
  };
  switch (stride) {
    case 16:
      return count(16);
    case 32:
      return count(32);
    default:
      return count(stride);
  }
}

}  // namespace

CodeTable code_table(traces::Encoding encoding) {
  return {&traces::code_values(encoding),
          encoding == traces::Encoding::fp4_e3m0 ? std::uint8_t{0x7} : std::uint8_t{0xF}};
}

void CodePanel::reshape(std::uint32_t lane_count, std::uint64_t steps, std::size_t padded_to) {
  const std::size_t padded = (lane_count + padded_to - 1) / padded_to * padded_to;
  if (padded != stride || lane_count != lanes) codes.assign(codes.size(), 0);  // nothing stays behind lanes
  lanes = lane_count;
  stride = padded;
  length = steps;
  codes.resize(steps * stride);
  values.resize(steps * stride);
  non_zero.resize(steps);
}

void CodePanel::decode(const CodeTable& table) {
  std::array<std::int32_t, 16> of_code;
  std::ranges::copy(*table.values, of_code.begin());
  on_path(
      path_, [&]<SimdPath which>() __attribute__((always_inline)) {
        look_up<which>(of_code, codes, values);
        count_non_zero(codes, stride, table.zero_mask, non_zero);
      });
}

void CodePanel::load_by_k(const OperandCodes& operand, const CodeTable& table, const Lines& lines, KRange k,
                          std::size_t padded_to) {
  const std::tuple wanted(&operand, lines, k);
  if (held_ == wanted) return;
  held_ = wanted;
  reshape(lines.lanes, k.count(), padded_to);
  operand.put_by_k(lines, k, codes.data(), stride);
  decode(table);
}

void CodePanel::load_by_line(const OperandCodes& operand, const CodeTable& table, const Lines& lines,
                             KRange k) {
  held_.reset();
  reshape(static_cast<std::uint32_t>(k.count()), lines.lanes, 1);
  operand.put_by_line(lines, k, codes.data(), stride);
  decode(table);
}

}  // namespace quatrain::rtl_models
