#include "traces/format/codes_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace quatrain::traces {
namespace {

constexpr std::array<bool, 256> legal_bytes(Encoding encoding) {
  std::array<bool, 256> legal{};
  for (std::size_t byte = 0; byte < legal.size(); ++byte)
    legal[byte] = is_legal_code(encoding, static_cast<std::uint8_t>(byte & 0xF)) &&
                  is_legal_code(encoding, static_cast<std::uint8_t>(byte >> 4));
  return legal;
}

}  // namespace

std::optional<CodeFault> find_illegal_code(Encoding encoding, std::span<const std::uint8_t> piece,
                                           std::uint64_t begin) {
  const std::array<bool, 256> legal = legal_bytes(encoding);
  const auto bad = std::find_if(piece.begin(), piece.end(), [&](std::uint8_t byte) { return !legal[byte]; });
  if (bad == piece.end()) return std::nullopt;
  const std::uint64_t byte = begin + static_cast<std::uint64_t>(bad - piece.begin());
  const bool is_low = !is_legal_code(encoding, *bad & 0xF);
  return CodeFault{byte,
                   fmt::format("element {} has the code {:x}, illegal in {}", 2 * byte + (is_low ? 0 : 1),
                               is_low ? *bad & 0xF : *bad >> 4, name_of(encoding))};
}

std::optional<CodeFault> find_used_padding(std::int64_t elements, std::span<const std::uint8_t> piece) {
  const int high = piece.back() >> 4;
  if (elements % 2 == 0 || high == 0) return std::nullopt;
  return CodeFault{static_cast<std::uint64_t>(elements / 2),
                   fmt::format("the unused last nibble is {:x}; expected 0", high)};
}

}  // namespace quatrain::traces
