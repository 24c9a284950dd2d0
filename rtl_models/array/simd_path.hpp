#pragma once
/// The instructions that the fast arrays are compiled for: chosen from what the processor has, or forced by
/// the environment variable QUATRAIN_SIMD=portable|avx2|avx512|amx. One text each, the same bits and counts
/// on every path. (AMX has nothing for an array: amx is avx512 here.)

#include <string_view>
#include <vector>

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

#if defined(__x86_64__)
template <SimdPath path, typename Loops>
[[gnu::target("avx2,popcnt"), gnu::noinline, gnu::flatten]] void run_with_avx2(const Loops& loops) {
  loops.template operator()<path>();
}
template <SimdPath path, typename Loops>
[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq,avx512bitalg,avx512vnni,popcnt,"
              "prefer-vector-width=512"),
  gnu::noinline, gnu::flatten]] void
run_with_avx512(const Loops& loops) {
  loops.template operator()<path>();
}
#endif

/// Runs plain loops as compiled for `path`. `loops` is a lambda []<SimdPath path>() with
/// __attribute__((always_inline)), else it keeps the portable instructions.
template <SimdPath path, typename Loops>
void run_on(const Loops& loops) {
#if defined(__x86_64__)
  if constexpr (path == SimdPath::avx512) return run_with_avx512<path>(loops);
  if constexpr (path == SimdPath::avx2) return run_with_avx2<path>(loops);
#endif
  if constexpr (path == SimdPath::portable) loops.template operator()<path>();
}
/// The same for a path that is chosen at run time.
template <typename Loops>
void on_path(SimdPath path, const Loops& loops) {
  switch (path) {
    case SimdPath::portable:
      return run_on<SimdPath::portable>(loops);
    case SimdPath::avx2:
      return run_on<SimdPath::avx2>(loops);
    case SimdPath::avx512:
      return run_on<SimdPath::avx512>(loops);
  }
}

}  // namespace quatrain::rtl_models
