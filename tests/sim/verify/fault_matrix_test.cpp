#include "tests/sim/verify/fault_matrix.hpp"

#include "tests/support/folder.hpp"
#include "traces/base/files.hpp"

#include <gtest/gtest.h>

#include <set>

namespace quatrain::tests {
namespace {

TEST(FaultMatrix, EveryFaultIsReportedAtItsPlaceAndThePageSaysSo) {
  const Folder folder;
  const std::vector<MatrixRow> rows = run_fault_matrix(folder.path());
  std::set<std::string> machines;
  for (const MatrixRow& row : rows) {
    EXPECT_EQ(row.complaint, "") << row.machine << "/" << row.fault;
    EXPECT_NE(row.reported, "") << row.machine << "/" << row.fault;
    machines.insert(row.machine);
  }
  EXPECT_EQ(machines, (std::set<std::string>{"emu.blocked", "emu.naive", "simt.literal", "simt.naive",
                                             "simt.tiled", "systemc.array", "systemc.pe", "systemc.tile"}));
  EXPECT_EQ(fault_matrix_page(rows),
            base::read_whole_file(QUATRAIN_SOURCE_DIR "/docs/results/fault-matrix.md"))
      << "build/release/tests/sim/verify/fault_matrix > docs/results/fault-matrix.md";
}

}  // namespace
}  // namespace quatrain::tests
