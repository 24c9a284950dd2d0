/// Prints docs/results/fault-matrix.md; exit code 1 when a fault is not caught where it is.
#include "tests/sim/verify/fault_matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

int main() {
  std::string folder = (std::filesystem::temp_directory_path() / "fault_matrix_XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 3;
  const auto rows = quatrain::tests::run_fault_matrix(folder);
  std::filesystem::remove_all(folder);
  fmt::print("{}", quatrain::tests::fault_matrix_page(rows));
  return std::ranges::all_of(rows, [](const auto& row) { return row.complaint.empty(); }) ? 0 : 1;
}
