#include "tests/support/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

TEST(MachinesCommand, ListsEveryMachineWithWhatItRunsOnOrWhyNot) {
  const Folder folder;
  const ProgramRun run = run_program(QUATRAIN_PROGRAM, "machines", folder);
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.err, "");
  EXPECT_THAT(run.out, testing::MatchesRegex("machine        runs here  on, or why not\n"
                                             "emu.naive      yes        .+\n"
                                             "emu.blocked    yes        .+\n"
                                             "systemc.pe     (yes|no )       .+\n"
                                             "systemc.array  (yes|no )       .+\n"
                                             "simt.naive     yes        .+\n"
                                             "simt.tiled     yes        .+\n"
                                             "cuda.naive     (yes|no )       .+\n"
                                             "cuda.tiled     (yes|no )       .+\n"));
}

}  // namespace
}  // namespace quatrain::tests
