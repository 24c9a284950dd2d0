#include "traces/format/codes_check.hpp"

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

std::optional<std::size_t> first_illegal_byte(Encoding encoding, std::span<const std::uint8_t> packed) {
  const std::array<bool, 256> legal = legal_bytes(encoding);
  const auto bad =
      std::find_if(packed.begin(), packed.end(), [&](std::uint8_t byte) { return !legal[byte]; });
  if (bad == packed.end()) return std::nullopt;
  return static_cast<std::size_t>(bad - packed.begin());
}

}  // namespace quatrain::traces
