#include "traces/base/checked.hpp"

#include "tests/support/message_of.hpp"
#include "traces/format/record.hpp"

#include <gtest/gtest.h>

namespace {

using quatrain::base::checked_product;
using quatrain::base::checked_sum;
using quatrain::tests::message_of;

const std::string too_many = "MACs: more than 9223372036854775807; expected a count that fits 63 bits";

TEST(Checked, UpToTheLastBit) {
  EXPECT_EQ(checked_product("MACs", {}), 1);
  EXPECT_EQ(checked_product("MACs", {3, 0, INT64_MAX}), 0);
  EXPECT_EQ(checked_product("MACs", {7, 7, 73, 127, 337, 92737, 649657}), INT64_MAX);
  EXPECT_EQ(message_of([] { checked_product("MACs", {1LL << 31, 1LL << 31, 2}); }), too_many);
  EXPECT_EQ(checked_sum("MACs", INT64_MAX - 5, 5), INT64_MAX);
  EXPECT_EQ(message_of([] { checked_sum("MACs", INT64_MAX - 5, 6); }), too_many);
}

TEST(Checked, MacsOfARecordCountSamplesAndGroups) {
  quatrain::traces::GemmRecord gemm;
  gemm.size = {3, 5, 7, 11};
  gemm.samples = 4;
  EXPECT_EQ(mac_count(gemm), 3 * 5 * 7 * 11 * 4);
  gemm.size = {1LL << 30, 1, 1LL << 31, 1};
  gemm.samples = 2;
  EXPECT_EQ(mac_count(gemm), 1LL << 62);
  gemm.samples = 4;
  EXPECT_EQ(message_of([&] { mac_count(gemm); }), too_many);
}

}  // namespace
