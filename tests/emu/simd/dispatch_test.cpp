#include "emu/simd/dispatch.hpp"

#include "emu/machine.hpp"
#include "tests/support/cpu_flags.hpp"
#include "tests/support/forced_path.hpp"
#include "tests/support/message_of.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

using emu::SimdPath;

/// AVX2 and FMA, as the system sees them.
TEST(Dispatch, TheWidestPathIsTheOneThatTheSystemNames) {
  const bool is_wide = cpu_has("avx2") && cpu_has("fma");
  unsetenv("QUATRAIN_SIMD");
  EXPECT_EQ(emu::chosen_path(), is_wide ? SimdPath::avx2 : SimdPath::portable);
  EXPECT_EQ(emu::is_supported(SimdPath::avx2), is_wide);
  EXPECT_EQ(emu::supported_paths().size(), is_wide ? 2U : 1U);
  base::ThreadPool pool(1);
  EXPECT_EQ(emu::make_blocked_machine(pool)->ran_on(), is_wide ? "AVX2" : "portable C++");
}

TEST(Dispatch, TheForcedPathRuns) {
  const ForcedPath forced("portable");
  EXPECT_EQ(emu::chosen_path(), SimdPath::portable);
  base::ThreadPool pool(1);
  EXPECT_EQ(emu::make_blocked_machine(pool)->ran_on(), "portable C++");
}

TEST(Dispatch, AnUnknownPathIsAnError) {
  const ForcedPath forced("avx512");
  EXPECT_EQ(message_of([] { emu::chosen_path(); }), "QUATRAIN_SIMD is 'avx512'; expected portable or avx2");
}

TEST(Dispatch, LoopsRunOnce) {
  for (const SimdPath path : emu::supported_paths()) {
    int runs = 0;
    emu::on_path(
        path, [&]() __attribute__((always_inline)) { ++runs; });
    EXPECT_EQ(runs, 1);
  }
}

}  // namespace
}  // namespace quatrain::tests
