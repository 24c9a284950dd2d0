/// An array that is larger than its jobs: rows and columns that no tile uses are counted, not stepped.
#include "rtl_models/array_model.hpp"
#include "tests/support/exact_oracle.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/sharp_gemms.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace quatrain::tests {
namespace {

using rtl_models::ArrayShape;
using rtl_models::Fidelity;

struct Job {
  Mode mode;
  std::int64_t m, n, k;
  unsigned samples;
};
/// Smaller than the array in both directions, in one, in none; after a large job a small one and back.
const std::vector<Job> jobs = {{uint4_int4, 3, 2, 9, 1}, {int4_int4, 40, 70, 4, 1}, {int4_int4, 1, 1, 1, 1},
                               {fp4_int4, 9, 60, 5, 1},  {uint4_fp4, 50, 3, 6, 2},  {uint4_int4, 3, 2, 60, 1},
                               {int4_fp4, 33, 33, 2, 4}, {int4_int4, 5, 31, 3, 1}};

/// The same on all fidelities; `pe` knows nothing of what is used.
void expect_same(const rtl_models::Dataflow& dataflow) {
  constexpr ArrayShape shape{13, 37};
  const auto pe = rtl_models::make_array_model(shape, Fidelity::pe, dataflow),
             array = rtl_models::make_array_model(shape, Fidelity::array, dataflow);
  unsigned seed = 1;
  for (const Job& job : jobs) {
    SCOPED_TRACE(testing::Message() << job.m << " x " << job.n << " x " << job.k);
    const GemmCase c = random_case({job.mode.phase, linear_geometry(job.mode.phase, job.m, job.n, job.k)},
                                   job.mode.left, job.mode.right, job.samples, seed++);
    const auto right = right_operands(c);
    const auto schedule = rtl_models::whole_gemm_schedule(traces::gemm_size(c.gemm.phase, c.gemm.geometry),
                                                          job.samples, shape, dataflow);
    const auto found = array->replay(c.gemm, left_operand(c), right, schedule),
               golden = pe->replay(c.gemm, left_operand(c), right, schedule);
    EXPECT_EQ(found.accumulators, exact::accumulators(c));
    EXPECT_EQ(found.accumulators, golden.accumulators);
    EXPECT_EQ(found.cycles, golden.cycles);
    EXPECT_EQ(found.activity.macs, golden.activity.macs);
    EXPECT_EQ(found.activity.left_toggles, golden.activity.left_toggles);
    EXPECT_EQ(found.activity.right_toggles, golden.activity.right_toggles);
    EXPECT_EQ(found.activity, golden.activity);
  }
}

using namespace rtl_models;
TEST(UsedPart, OutputStationarySerial) { expect_same(OutputStationary{}); }
TEST(UsedPart, OutputStationaryShadow) { expect_same(OutputStationary{Drain::shadow}); }
TEST(UsedPart, WeightStationaryHidden) { expect_same(WeightStationary{}); }
TEST(UsedPart, InputStationaryExposed) { expect_same(InputStationary{Preload::exposed}); }

}  // namespace
}  // namespace quatrain::tests
