#pragma once
/// Which instructions the blocked products use. Chosen from what the CPU has, or forced by the environment
/// variable QUATRAIN_SIMD=portable|avx2 (an unknown or unsupported word is an Error). Every path gives the
/// same bits.

#include <string_view>
#include <vector>

namespace quatrain::emu {

enum class SimdPath : unsigned char { portable, avx2 };

std::string_view name_of(SimdPath path);
bool is_supported(SimdPath path);
std::vector<SimdPath> supported_paths();
/// The best supported path, or the forced one.
SimdPath chosen_path();

}  // namespace quatrain::emu
