#pragma once
/// The instructions that the fast arrays are compiled for: chosen from what the processor has, or forced by
/// the environment variable QUATRAIN_SIMD=portable|avx2|avx512. One text each, the same bits and counts on
/// every path.

#include <string_view>
#include <vector>

#if defined(__x86_64__)
#define QUATRAIN_AVX2 [[gnu::target("avx2")]]
#define QUATRAIN_AVX512 \
  [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq,avx512bitalg,prefer-vector-width=512")]]
#endif

namespace quatrain::rtl_models {

enum class SimdPath : unsigned char { portable, avx2, avx512 };

constexpr std::string_view name_of(SimdPath path) {
  switch (path) {
    case SimdPath::portable:
      return "portable";
    case SimdPath::avx2:
      return "avx2";
    case SimdPath::avx512:
      return "avx512";
  }
  return {};
}

/// Those that run here, the widest last.
std::vector<SimdPath> supported_paths();
/// The widest, or the forced one. Throws base::Error for a word that is none or that this processor lacks.
SimdPath chosen_path();

}  // namespace quatrain::rtl_models
