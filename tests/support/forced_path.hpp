#pragma once
/// QUATRAIN_SIMD while it lives.

#include "emu/simd/dispatch.hpp"

#include <cstdlib>
#include <string>

namespace quatrain::tests {

class ForcedPath {
 public:
  explicit ForcedPath(std::string_view path) { setenv("QUATRAIN_SIMD", std::string(path).c_str(), 1); }
  ~ForcedPath() { unsetenv("QUATRAIN_SIMD"); }
  ForcedPath(const ForcedPath&) = delete;
  ForcedPath& operator=(const ForcedPath&) = delete;
};

}  // namespace quatrain::tests
