#include "rtl_models/array/simd_path.hpp"

#include "tests/support/cpu_flags.hpp"
#include "tests/support/forced_path.hpp"
#include "tests/support/message_of.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace quatrain::tests {
namespace {

using rtl_models::chosen_path;
using rtl_models::SimdPath;
using rtl_models::supported_paths;

bool runs(SimdPath path) { return std::ranges::count(supported_paths(), path) == 1; }

TEST(RtlSimdPath, WhatTheSystemSaysOfTheProcessorRuns) {
  EXPECT_TRUE(runs(SimdPath::portable));
  EXPECT_EQ(runs(SimdPath::avx2), cpu_has("avx2") && cpu_has("popcnt"));
  bool has_avx512 = cpu_has("avx2");
  for (const char* flag :
       {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vpopcntdq", "avx512_bitalg", "avx512_vnni"})
    has_avx512 = has_avx512 && cpu_has(flag);
  EXPECT_EQ(runs(SimdPath::avx512), has_avx512);
}

TEST(RtlSimdPath, TheWidestRunsUnlessOneIsForced) {
  EXPECT_EQ(chosen_path(), supported_paths().back());
  for (const SimdPath path : supported_paths()) {
    const ForcedPath forced(name_of(path));
    EXPECT_EQ(chosen_path(), path);
  }
  if (runs(SimdPath::avx512)) {
    const ForcedPath amx("amx");
    EXPECT_EQ(chosen_path(), SimdPath::avx512) << "AMX has nothing for an array";
  }
  const ForcedPath empty("");
  EXPECT_EQ(chosen_path(), supported_paths().back());
}

TEST(RtlSimdPath, AWordThatIsNoneIsAnError) {
  const ForcedPath forced("sse9");
  EXPECT_EQ(message_of([] { chosen_path(); }),
            "QUATRAIN_SIMD is 'sse9'; expected portable, avx2, avx512 or amx");
}

TEST(RtlSimdPath, APathThatTheProcessorLacksIsAnError) {
  if (runs(SimdPath::avx512)) GTEST_SKIP() << "this processor has all of them";
  const ForcedPath forced("avx512");
  EXPECT_EQ(message_of([] { chosen_path(); }), "QUATRAIN_SIMD is avx512, which this CPU does not have");
}

TEST(RtlSimdPath, LoopsRunOnThePathThatIsAskedFor) {
  for (const SimdPath path : supported_paths()) {
    std::string found;
    rtl_models::on_path(
        path, [&]<SimdPath which>() __attribute__((always_inline)) { found = name_of(which); });
    EXPECT_EQ(found, name_of(path));
  }
}

}  // namespace
}  // namespace quatrain::tests
