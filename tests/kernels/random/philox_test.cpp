#include "kernels/random/philox.cuh"

#include "tests/support/exact_oracle.hpp"

#include <gtest/gtest.h>

namespace quatrain::kernels::simt {
namespace {

using Words = std::array<std::uint32_t, 4>;

Words words_of(const Words& counter, std::uint32_t key0, std::uint32_t key1) {
  const PhiloxWords out = philox({{counter[0], counter[1], counter[2], counter[3]}}, key0, key1);
  return {out.word[0], out.word[1], out.word[2], out.word[3]};
}

/// Random123 v1.14.0, tests/kat_vectors, philox4x32 10.
TEST(KernelPhilox, GivesThePublishedWords) {
  EXPECT_EQ(words_of({0, 0, 0, 0}, 0, 0), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(words_of({ones, ones, ones, ones}, ones, ones),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(words_of({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

template <unsigned bits>
std::uint32_t draw(const DrawStream& stream, std::uint64_t element) {
  constexpr unsigned draws = 128 / bits;
  return draw_of_block<bits>(philox_block(stream, static_cast<std::uint32_t>(element / draws)),
                             static_cast<unsigned>(element % draws));
}

TEST(KernelPhilox, DrawsAreTheElementsOwn) {
  for (const std::uint32_t step : {0U, 7U, 0xffffffffU})
    for (const std::uint32_t sample : {0U, 15U, 0xffffffffU})
      for (const std::uint64_t element :
           {0ULL, 1ULL, 7ULL, 8ULL, 15ULL, 16ULL, 31ULL, 32ULL, 33ULL, 0x7fffffffULL}) {
        const traces::DrawKey key{0xfedcba98, step, 5, sample};
        const DrawStream stream{key.seed, 0, step, key.layer, sample};
        EXPECT_EQ(draw<4>(stream, element), tests::exact::draw(key, element, 4));
        EXPECT_EQ(draw<8>(stream, element), tests::exact::draw(key, element, 8));
        EXPECT_EQ(draw<16>(stream, element), tests::exact::draw(key, element, 16));
      }
}

}  // namespace
}  // namespace quatrain::kernels::simt
