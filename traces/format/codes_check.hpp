#pragma once
/// Packed codes as a file holds them: an unused last nibble is 0, every code is one that a quantizer makes.
/// Both look at a piece of a tensor, so that it need not be in memory as a whole.

#include "traces/encoding/codes.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace quatrain::traces {

struct CodeFault {
  std::uint64_t byte = 0;  ///< of the tensor
  std::string what;
};

/// The first illegal code (FP4 0x8, INT4 -8). `begin`: the byte of the tensor that the piece begins at.
std::optional<CodeFault> find_illegal_code(Encoding encoding, std::span<const std::uint8_t> piece,
                                           std::uint64_t begin = 0);

/// `piece`: the end of a tensor of this many elements.
std::optional<CodeFault> find_used_padding(std::int64_t elements, std::span<const std::uint8_t> piece);

}  // namespace quatrain::traces
