#include "emu/data/idx.hpp"

#include "emu/data/gzip_input.hpp"
#include "traces/base/error.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace quatrain::emu {
namespace {

using base::Error;

std::uint32_t big_endian(std::span<const std::uint8_t, 4> bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 |
         bytes[3];
}

}  // namespace

IdxFile read_idx(const std::filesystem::path& file, unsigned dimensions) {
  GzipInput input(file);
  std::array<std::uint8_t, 4> word{};
  const std::uint64_t header = 4 + 4 * std::uint64_t{dimensions};
  input.read_all(word, header);
  const std::uint32_t expected = 0x0800U + dimensions;
  if (big_endian(word) != expected)
    throw Error("{}: byte 0: magic number {:08x}; expected {:08x}, unsigned bytes in {} dimension{}",
                file.string(), big_endian(word), expected, dimensions, dimensions == 1 ? "" : "s");
  IdxFile idx;
  std::uint64_t elements = 1;
  for (unsigned dimension = 0; dimension < dimensions; ++dimension) {
    input.read_all(word, header);
    idx.sizes.push_back(big_endian(word));
    elements *= idx.sizes.back();
    if (elements == 0 || elements > 1ULL << 31)
      throw Error("{}: byte {}: size {}; expected at least 1, and at most 2^31 bytes in all", file.string(),
                  4 + 4 * dimension, idx.sizes.back());
  }
  // Grows with what is really there: a header alone must not make us ask for gigabytes.
  constexpr std::uint64_t piece = 1U << 24;
  while (idx.bytes.size() < elements) {
    const std::size_t before = idx.bytes.size();
    idx.bytes.resize(std::min(elements, before + piece));
    input.read_all(std::span(idx.bytes).subspan(before), header + elements);
  }
  if (input.read(std::span(word).first(1)) != 0)
    throw Error("{}: byte {}: more data; expected the end of the file", file.string(), header + elements);
  input.refuse_damage();
  idx.sha256 = input.sha256();
  return idx;
}

}  // namespace quatrain::emu
