#pragma once
/// Scratch memory of the fast products (blocked.hpp, fp32.hpp), reused from call to call.

#include <cstdint>
#include <vector>

namespace quatrain::emu {

struct GemmWorkspace {
  std::vector<std::uint32_t> left, right;  ///< words of 4 codes
  std::vector<float> left_fp32, right_fp32;
};

}  // namespace quatrain::emu
