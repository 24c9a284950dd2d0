#pragma once
/// What is wrong with a kernel or its launch: one line that names kernel, block, threads and source lines.

#include <stdexcept>

namespace simt {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace simt
