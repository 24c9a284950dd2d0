#pragma once
/// Which instructions the fast paths use. Chosen from what the CPU has, or forced by the environment variable
/// QUATRAIN_SIMD=portable|avx2|avx512|amx (an unknown or unsupported word is an Error). Every path gives the
/// same bits.

#include <string_view>
#include <vector>

/// Instructions of the path avx2.
#define QUATRAIN_AVX2 [[gnu::target("avx2,fma")]]
/// Instructions of the paths avx512 and amx.
#define QUATRAIN_AVX512 [[gnu::target("avx2,fma,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]]

namespace quatrain::emu {

/// Each has what stands before it, too.
enum class SimdPath : unsigned char {
  portable,
  avx2,    ///< with FMA
  avx512,  ///< F, BW, DQ, VL, VNNI
  amx      ///< as avx512; integer products in the tiles of AMX-INT8
};

constexpr std::string_view name_of(SimdPath path) {
  switch (path) {
    case SimdPath::portable:
      return "portable";
    case SimdPath::avx2:
      return "avx2";
    case SimdPath::avx512:
      return "avx512";
    case SimdPath::amx:
      return "amx";
  }
  return {};
}
/// The same for people.
std::string_view title_of(SimdPath path);

bool is_supported(SimdPath path);
std::vector<SimdPath> supported_paths();
/// The best supported path, or the forced one.
SimdPath chosen_path();

constexpr bool has_avx2(SimdPath path) { return path >= SimdPath::avx2; }
constexpr bool has_avx512(SimdPath path) { return path >= SimdPath::avx512; }

template <typename Loops>
[[gnu::target("avx2"), gnu::noinline]] void run_with_avx2(const Loops& loops) {
  loops();
}
template <typename Loops>
QUATRAIN_AVX512 [[gnu::noinline]] void run_with_avx512(const Loops& loops) {
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
    case SimdPath::avx512:
    case SimdPath::amx:
      run_with_avx512(loops);
      break;
  }
}

}  // namespace quatrain::emu
