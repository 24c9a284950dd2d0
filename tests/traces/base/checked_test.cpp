#include "traces/base/checked.hpp"

#include "tests/support/message_of.hpp"
#include "traces/format/record.hpp"

#include <gtest/gtest.h>

namespace {

using quatrain::base::checked_product;
using quatrain::base::checked_sum;
using quatrain::tests::message_of;

TEST(Checked, UpToTheLastBit) {
  constexpr std::uint64_t most = UINT64_MAX;
  EXPECT_EQ(checked_product(most), most);
  EXPECT_EQ(checked_product(std::uint64_t{3}, std::uint64_t{0}, most), 0U);
  EXPECT_EQ(checked_product(std::uint64_t{3 * 5 * 17}, std::uint64_t{257}, std::uint64_t{641 * 65537},
                            std::uint64_t{6700417}),
            most);
  EXPECT_EQ(
      message_of([] { checked_product(std::uint64_t{1} << 32, std::uint64_t{1} << 31, std::uint64_t{2}); }),
      "a count leaves 64 bits: 9223372036854775808 x 2; expected less than 2^64");
  EXPECT_EQ(checked_sum(most - 5, 5), most);
  EXPECT_EQ(message_of([] { checked_sum(most - 5, 6); }),
            "a count leaves 64 bits: 18446744073709551610 + 6; expected less than 2^64 in all");
}

TEST(Checked, MacsOfARecordCountSamplesAndGroups) {
  quatrain::traces::GemmRecord gemm;
  gemm.size = {3, 5, 7, 11};
  gemm.samples = 4;
  EXPECT_EQ(mac_count(gemm), 3U * 5 * 7 * 11 * 4);
  gemm.size = {1LL << 30, 1, 1LL << 31, 1};
  gemm.samples = 4;
  EXPECT_EQ(mac_count(gemm), std::uint64_t{1} << 63);
  gemm.samples = 8;
  EXPECT_EQ(message_of([&] { mac_count(gemm); }),
            "a count leaves 64 bits: 2305843009213693952 x 8; expected less than 2^64");
}

}  // namespace
