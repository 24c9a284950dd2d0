#pragma once
/// Which instructions the fast paths use. Chosen from what the CPU has, or forced by the environment variable
/// QUATRAIN_SIMD=portable|avx2 (an unknown or unsupported word is an Error). Every path gives the same bits.

#include <string_view>
#include <vector>

namespace quatrain::emu {

enum class SimdPath : unsigned char { portable, avx2 };

constexpr std::string_view name_of(SimdPath path) {
  switch (path) {
    case SimdPath::portable:
      return "portable";
    case SimdPath::avx2:
      return "avx2";
  }
  return {};
}
bool is_supported(SimdPath path);
std::vector<SimdPath> supported_paths();
/// The best supported path, or the forced one.
SimdPath chosen_path();

template <typename Loops>
[[gnu::target("avx2"), gnu::noinline]] void run_with_avx2(const Loops& loops) {
  loops();
}

/// Runs plain loops as compiled for `path`: one text, vectorised by the compiler for each. `loops` is a
/// lambda with __attribute__((always_inline)), else it keeps the portable instructions.
template <typename Loops>
void on_path(SimdPath path, const Loops& loops) {
  switch (path) {
    case SimdPath::portable:
      loops();
      break;
    case SimdPath::avx2:
      run_with_avx2(loops);
      break;
  }
}

}  // namespace quatrain::emu
