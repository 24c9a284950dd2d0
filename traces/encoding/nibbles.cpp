#include "traces/encoding/nibbles.hpp"

namespace quatrain::traces {

std::vector<std::uint8_t> pack_nibbles(std::span<const std::uint8_t> codes) {
  std::vector<std::uint8_t> packed(packed_size(codes.size()));
  for (std::size_t i = 0; i < codes.size(); ++i)
    packed[i / 2] = static_cast<std::uint8_t>(packed[i / 2] | codes[i] << (4 * (i % 2)));
  return packed;
}

std::vector<std::uint8_t> unpack_nibbles(std::span<const std::uint8_t> packed, std::size_t elements) {
  std::vector<std::uint8_t> codes(elements);
  const std::size_t pairs = elements / 2;
  for (std::size_t i = 0; i < pairs; ++i) {
    codes[2 * i] = packed[i] & 0xF;
    codes[2 * i + 1] = static_cast<std::uint8_t>(packed[i] >> 4);
  }
  if (elements % 2 != 0) codes[elements - 1] = nibble_at(packed, elements - 1);
  return codes;
}

}  // namespace quatrain::traces
