#include "rtl_models/array_model.hpp"
#include "traces/base/error.hpp"

#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

constexpr const char* reason = "built without SystemC (Debian package libsystemc-dev)";

TEST(WithoutSystemc, SaysWhyNothingRuns) { EXPECT_EQ(rtl_models::systemc_missing(), reason); }

TEST(WithoutSystemc, MakingAModelThrowsTheReason) {
  try {
    rtl_models::make_array_model({8, 8}, rtl_models::Fidelity::array);
    FAIL() << "a model was made";
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(), reason);
  }
}

TEST(WithoutSystemc, SchedulesAreStillMade) {
  EXPECT_EQ(rtl_models::whole_gemm_schedule({9, 5, 3, 2}, 1, {8, 8}).tiles.size(), 4U);
}

}  // namespace
}  // namespace quatrain::tests
