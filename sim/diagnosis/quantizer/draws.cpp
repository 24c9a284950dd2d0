#include "sim/diagnosis/quantizer/draws.hpp"

namespace quatrain::sim::diagnosis {

std::array<std::uint32_t, 4> draw_words(const traces::DrawKey& key, std::uint32_t block,
                                        std::uint32_t stream) {
  std::array<std::uint32_t, 4> c = {block, key.step, key.layer, key.sample};
  std::uint32_t k0 = key.seed, k1 = stream;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0], p1 = std::uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<std::uint32_t>(p0)};
    k0 += 0x9E3779B9U;
    k1 += 0xBB67AE85U;
  }
  return c;
}

std::uint32_t draw_at(const traces::DrawKey& key, unsigned bits, std::int64_t element) {
  const std::int64_t a_block = 128 / bits, a_word = 32 / bits;
  const auto words = draw_words(key, static_cast<std::uint32_t>(element / a_block));
  const std::int64_t j = element % a_block;
  return words[static_cast<std::size_t>(j / a_word)] >> (j % a_word * bits) & ((1U << bits) - 1);
}

}  // namespace quatrain::sim::diagnosis
