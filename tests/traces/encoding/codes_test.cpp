/// Every code of every encoding against typed tables; every nibble pair; odd and even counts.
#include "traces/encoding/codes.hpp"

#include "traces/base/enumeration.hpp"
#include "traces/encoding/nibbles.hpp"
#include "traces/format/codes_check.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace quatrain::traces;
using testing::ElementsAre;

constexpr Encoding four_bit[] = {Encoding::int4, Encoding::uint4, Encoding::fp4_e3m0};

/// numerics.md section 1, computed from its words rather than looked up.
int specified_value(Encoding encoding, int code) {
  if (encoding == Encoding::uint4) return code;
  if (encoding == Encoding::int4) return code < 8 ? code : code - 16;
  const int e = code & 7;
  return e == 0 ? 0 : (code & 8 ? -1 : 1) * (1 << (e - 1));
}

TEST(Codes, EveryValue) {
  for (const Encoding encoding : four_bit) {
    int largest = 0;
    for (int code = 0; code < 16; ++code) {
      const int value = code_values(encoding)[static_cast<std::size_t>(code)];
      EXPECT_EQ(value, specified_value(encoding, code)) << name_of(encoding) << ' ' << code;
      if (is_legal_code(encoding, static_cast<std::uint8_t>(code)))
        largest = std::max(largest, std::abs(value));
    }
    EXPECT_EQ(largest_magnitude(encoding), largest);
  }
}

TEST(Codes, IllegalOnesAreMinusEightAndMinusZero) {
  for (int code = 0; code < 256; ++code) {
    const auto byte = static_cast<std::uint8_t>(code);
    EXPECT_EQ(is_legal_code(Encoding::uint4, byte), code < 16);
    EXPECT_EQ(is_legal_code(Encoding::int4, byte), code < 16 && code != 8);
    EXPECT_EQ(is_legal_code(Encoding::fp4_e3m0, byte), code < 16 && code != 8);
  }
}

TEST(Codes, Names) {
  for (const Encoding encoding :
       {Encoding::fp32, Encoding::int32, Encoding::int4, Encoding::uint4, Encoding::fp4_e3m0}) {
    EXPECT_EQ(quatrain::base::named<Encoding>(name_of(encoding)), encoding);
    EXPECT_EQ(is_four_bit(encoding), encoding != Encoding::fp32 && encoding != Encoding::int32);
  }
  EXPECT_EQ(name_of(Encoding::fp4_e3m0), "fp4_e3m0");
  EXPECT_EQ(quatrain::base::named<Encoding>("int8"), std::nullopt);
}

TEST(Nibbles, LowFirst) {
  const std::vector<std::uint8_t> codes = {0x1, 0x2, 0x3, 0x4, 0xf};
  const std::vector<std::uint8_t> packed = pack_nibbles(codes);
  EXPECT_THAT(packed, ElementsAre(0x21, 0x43, 0x0f));
  EXPECT_EQ(unpack_nibbles(packed, 5), codes);
  EXPECT_EQ(packed_size(0), 0U);
  EXPECT_TRUE(pack_nibbles({}).empty());
}

TEST(Nibbles, EveryPair) {
  for (int low = 0; low < 16; ++low)
    for (int high = 0; high < 16; ++high) {
      const std::vector<std::uint8_t> codes = {static_cast<std::uint8_t>(low),
                                               static_cast<std::uint8_t>(high)};
      const auto packed = pack_nibbles(codes);
      ASSERT_THAT(packed, ElementsAre(low + 16 * high));
      ASSERT_EQ(unpack_nibbles(packed, 2), codes);
    }
}

/// Every byte of every encoding: the low nibble is named before the high one.
TEST(CodesCheck, EveryByte) {
  for (const Encoding encoding : four_bit)
    for (int byte = 0; byte < 256; ++byte) {
      const std::vector<std::uint8_t> packed = {0, static_cast<std::uint8_t>(byte)};
      const auto fault = find_illegal_code(encoding, packed, 100);
      const bool low = !is_legal_code(encoding, static_cast<std::uint8_t>(byte & 15));
      const bool high = !is_legal_code(encoding, static_cast<std::uint8_t>(byte >> 4));
      ASSERT_EQ(fault.has_value(), low || high);
      if (!fault) continue;
      EXPECT_EQ(fault->byte, 101U);
      EXPECT_EQ(fault->what,
                fmt::format("element {} has the code 8, illegal in {}", low ? 202 : 203, name_of(encoding)));
    }
}

TEST(CodesCheck, UnusedNibble) {
  const std::vector<std::uint8_t> packed = {0x11, 0x21};
  EXPECT_FALSE(find_used_padding(4, packed));
  const auto fault = find_used_padding(3, packed);
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->byte, 1U);
  EXPECT_EQ(fault->what, "the unused last nibble is 2; expected 0");
}

}  // namespace
