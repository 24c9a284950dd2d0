#pragma once
/// Keeps fmt out of what nvcc compiles.

#include <string>

namespace quatrain::kernels::cuda {

/// Throws base::Error "WHAT: REASON".
[[noreturn]] void throw_error(const std::string& what, const std::string& reason);

}  // namespace quatrain::kernels::cuda
