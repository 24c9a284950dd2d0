#pragma once
/// Python programs in tests.

#include "tests/support/program.hpp"

#include <string>

namespace quatrain::tests {

/// The first python3 here that has numpy: the one on the path, or the system's, for which Debian has
/// python3-numpy. "" where there is none.
inline std::string python_with_numpy(const Folder& folder) {
  for (const std::string program : {"python3", "/usr/bin/python3"})
    if (run_program(program, "-c 'import numpy'", folder).exit_code == 0) return program;
  return "";
}

}  // namespace quatrain::tests
