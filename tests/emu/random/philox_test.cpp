#include "emu/random/philox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace quatrain::tests {
namespace {

using emu::DrawSource;
using emu::SimdPath;
using emu::Stream;
using Words = std::array<std::uint32_t, 4>;

constexpr std::uint32_t top = 0xFFFFFFFF;
constexpr emu::PhiloxCounter pi_counter = {0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344};
constexpr emu::PhiloxKey pi_key = {0xA4093822, 0x299F31D0};

TEST(Philox, PublishedVectorsOfTenRounds) {  // Random123 v1.14.0, tests/kat_vectors
  EXPECT_EQ(emu::philox4x32_10({0, 0, 0, 0}, {0, 0}),
            (Words{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}));
  EXPECT_EQ(emu::philox4x32_10({top, top, top, top}, {top, top}),
            (Words{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}));
  EXPECT_EQ(emu::philox4x32_10(pi_counter, pi_key), (Words{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}));
}

TEST(Philox, SevenRoundsGiveTheirOwnPublishedVectors) {
  // The same file. The round function is right at another count: a wrong count shows in the test above.
  EXPECT_EQ(emu::philox4x32<7>({0, 0, 0, 0}, {0, 0}),
            (Words{0x5F6FB709, 0x0D893F64, 0x4F121F81, 0x4F730A48}));
  EXPECT_EQ(emu::philox4x32<7>({top, top, top, top}, {top, top}),
            (Words{0x5207DDC2, 0x45165E59, 0x4D8EE751, 0x8C52F662}));
  EXPECT_EQ(emu::philox4x32<7>(pi_counter, pi_key), (Words{0x4DFCCABA, 0x190A87F0, 0xC47362BA, 0xB6B5242A}));
}

struct FrozenDraws {
  std::uint32_t seed, stream, c1, c2, c3;
  unsigned bits;
  Words draws;  ///< of elements 0, 128/bits - 1, 128/bits and 2^31 - 1
};

/// From twenty lines of Python that follow numerics.md section 2 (integers of any size, one 128-bit string a
/// block), themselves held to the published vectors.
constexpr FrozenDraws frozen[] = {
    {7, 0, 5, 3, 1, 4, {0x6, 0xC, 0x8, 0x5}},
    {7, 0, 5, 3, 1, 8, {0xC6, 0xC6, 0xD8, 0x55}},
    {7, 0, 5, 3, 1, 16, {0xB4C6, 0xC688, 0xD1D8, 0xD1DD}},
    {7, 0, 5, 3, 1, 32, {0xD3E3B4C6, 0xC6885C8C, 0xC836D1D8, 0xE442AB53}},
    {7, 1, 0, 3, 0, 4, {0x2, 0x6, 0xF, 0xF}},
    {7, 1, 0, 3, 0, 8, {0x72, 0x6A, 0x3F, 0x3C}},
    {7, 1, 0, 3, 0, 16, {0x2072, 0x6ACE, 0x973F, 0xAA6B}},
    {7, 1, 0, 3, 0, 32, {0xE7A62072, 0x6ACE54F9, 0x8F8A973F, 0xAA8646F3}},
    {7, 2, 2, 0, 0, 4, {0x7, 0x4, 0x5, 0xE}},
    {7, 2, 2, 0, 0, 8, {0x57, 0x40, 0x15, 0xAB}},
    {7, 2, 2, 0, 0, 16, {0x1557, 0x4014, 0x6A15, 0xD7B9}},
    {7, 2, 2, 0, 0, 32, {0xEA851557, 0x4014F04A, 0xFA7C6A15, 0xE36A66AA}},
    {7, 3, 2, 0, 4, 4, {0xA, 0x0, 0x2, 0x7}},
    {7, 3, 2, 0, 4, 8, {0xCA, 0xB, 0x2, 0xB8}},
    {7, 3, 2, 0, 4, 16, {0xE6CA, 0xB45, 0xF702, 0x3B55}},
    {7, 3, 2, 0, 4, 32, {0x36B9E6CA, 0xB45081A, 0xC3C6F702, 0xF07BAA}},
    {7, 4, 5, 3, 0, 4, {0xA, 0xB, 0xB, 0x2}},
    {7, 4, 5, 3, 0, 8, {0x9A, 0xB1, 0x6B, 0xA0}},
    {7, 4, 5, 3, 0, 16, {0xC09A, 0xB153, 0x5B6B, 0x2D8E}},
    {7, 4, 5, 3, 0, 32, {0x903DC09A, 0xB153F12E, 0x24775B6B, 0xBC429F5C}},
    {top, 0, top, top, top, 4, {0x7, 0xB, 0xF, 0xB}},
    {top, 0, top, top, top, 8, {0x87, 0xB3, 0xDF, 0xB2}},
    {top, 0, top, top, top, 16, {0x2987, 0xB3F7, 0x6CDF, 0xF7E2}},
    {top, 0, top, top, top, 32, {0x35B02987, 0xB3F79C67, 0x38696CDF, 0x4D55177E}}};

TEST(Draws, FrozenVectorsOfEveryStreamAndWidth) {
  for (const FrozenDraws& f : frozen) {
    const DrawSource source{f.seed, static_cast<Stream>(f.stream), f.c1, f.c2, f.c3};
    const std::uint64_t elements[] = {0, 128 / f.bits - 1, 128 / f.bits, 0x7FFFFFFF};
    for (std::size_t i = 0; i < 4; ++i)
      EXPECT_EQ(source.draw(elements[i], f.bits), f.draws[i])
          << "stream " << f.stream << " bits " << f.bits << " element " << elements[i];
  }
}

class EveryPath : public testing::TestWithParam<SimdPath> {};

TEST_P(EveryPath, FillEqualsSingleBlocks) {
  const DrawSource source{3, Stream::luq, 1, 2, top};
  for (const std::uint32_t first : {0U, 5U, top - 3})  // the block number wraps, and changes no other word
    for (const std::size_t blocks : {0U, 1U, 7U, 8U, 9U, 16U, 29U, 33U}) {
      std::vector<std::uint32_t> words(4 * blocks);
      source.fill(first, words, GetParam());
      for (std::size_t block = 0; block < blocks; ++block) {
        const auto expected =
            emu::philox4x32_10({first + static_cast<std::uint32_t>(block), 1, 2, top}, {3, 0});
        for (std::size_t word = 0; word < 4; ++word)
          ASSERT_EQ(words[4 * block + word], expected[word]) << "first " << first << " block " << block;
      }
    }
}

INSTANTIATE_TEST_SUITE_P(Draws, EveryPath, testing::ValuesIn(emu::supported_paths()),
                         [](const auto& which) { return std::string(emu::name_of(which.param)); });

}  // namespace
}  // namespace quatrain::tests
