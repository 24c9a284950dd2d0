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

bool system_names(SimdPath path) {
  const std::vector<std::string> wide = {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni"};
  switch (path) {
    case SimdPath::portable:
      return true;
    case SimdPath::avx2:
      return cpu_has("avx2") && cpu_has("fma");
    case SimdPath::avx512:
      return system_names(SimdPath::avx2) && std::all_of(wide.begin(), wide.end(), cpu_has);
    case SimdPath::amx:
      return system_names(SimdPath::avx512) && cpu_has("amx_tile") && cpu_has("amx_int8");
  }
  return false;
}

TEST(Dispatch, TheWidestPathIsTheOneThatTheSystemNames) {
  std::vector<SimdPath> expected;
  for (const SimdPath path : {SimdPath::portable, SimdPath::avx2, SimdPath::avx512, SimdPath::amx}) {
    EXPECT_EQ(emu::is_supported(path), system_names(path)) << emu::name_of(path);
    if (system_names(path)) expected.push_back(path);
  }
  EXPECT_EQ(emu::supported_paths(), expected);
  unsetenv("QUATRAIN_SIMD");
  EXPECT_EQ(emu::chosen_path(), expected.back());
  base::ThreadPool pool(1);
  EXPECT_EQ(emu::make_blocked_machine(pool)->ran_on(), emu::title_of(expected.back()));
}

TEST(Dispatch, TheForcedPathRuns) {
  const ForcedPath forced("portable");
  EXPECT_EQ(emu::chosen_path(), SimdPath::portable);
  base::ThreadPool pool(1);
  EXPECT_EQ(emu::make_blocked_machine(pool)->ran_on(), "portable C++");
}

TEST(Dispatch, AnUnknownPathIsAnError) {
  const ForcedPath forced("neon");
  EXPECT_EQ(message_of([] { emu::chosen_path(); }),
            "QUATRAIN_SIMD is 'neon'; expected portable, avx2, avx512, amx");
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
