#pragma once
/// Every planted fault of every machine against `quatrain verify`: a trace of the one case that shows it, the
/// faulty machine beside all healthy ones that can run here.

#include "tests/support/planted_fault.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace quatrain::tests {

struct MatrixRow {
  std::string machine, fault, site, kind;
  std::string shown_by;  ///< "forward, m 5, n 3, k 6"
  std::string reported;  ///< what and where; empty when verify found nothing
  std::string
      sharp_case;  ///< the first case of sharp_gemms() or sharp_quantizers() that shows it too; may be empty
  std::string
      complaint;  ///< why the row fails: not caught, another place, a healthy machine differs; else empty
};

/// All faults that this build has. `directory` takes the traces.
std::vector<MatrixRow> run_fault_matrix(const std::filesystem::path& directory);

/// docs/results/fault-matrix.md.
std::string fault_matrix_page(const std::vector<MatrixRow>& rows);

}  // namespace quatrain::tests
