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
                                             "systemc.tile   (yes|no )       .+\n"
                                             "simt.literal   yes        .+\n"
                                             "simt.naive     yes        .+\n"
                                             "simt.tiled     yes        .+\n"
                                             "simt.octets    yes        .+\n"
                                             "simt.mma       yes        .+\n"
                                             "simt.async     yes        .+\n"
                                             "cuda.literal   (yes|no )       .+\n"
                                             "cuda.naive     (yes|no )       .+\n"
                                             "cuda.tiled     (yes|no )       .+\n"
                                             "cuda.octets    (yes|no )       .+\n"
                                             "cuda.mma       (yes|no )       .+\n"
                                             "cuda.async     (yes|no )       .+\n"
                                             "\nONNX models as workloads: (yes|no, .+)\n"
                                             "sweeps under mpirun: (yes|no, .+)\n"));
}

}  // namespace
}  // namespace quatrain::tests
