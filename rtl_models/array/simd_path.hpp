#pragma once
/// The instructions that the fast arrays are compiled for: chosen from what the processor has, or forced by
/// the environment variable QUATRAIN_SIMD=portable|avx2|avx512. One text each, the same bits and counts on
/// every path.

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
[[gnu::target("avx2,popcnt"), gnu::noinline]] void run_with_avx2(const Loops& loops) {
  loops.template operator()<path>();
}
template <SimdPath path, typename Loops>
[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq,avx512bitalg,avx512vnni,popcnt,"
              "prefer-vector-width=512"),
  gnu::noinline]] void
run_with_avx512(const Loops& loops) {
  loops.template operator()<path>();
}
#endif

/// Runs plain loops as compiled for `path`. `loops` is a lambda []<SimdPath path>() with
/// __attribute__((always_inline)), else it keeps the portable instructions.
template <typename Loops>
void on_path(SimdPath path, const Loops& loops) {
  switch (path) {
    case SimdPath::portable:
      return loops.template operator()<SimdPath::portable>();
#if defined(__x86_64__)
    case SimdPath::avx2:
      return run_with_avx2<SimdPath::avx2>(loops);
    case SimdPath::avx512:
      return run_with_avx512<SimdPath::avx512>(loops);
#else
    case SimdPath::avx2:
    case SimdPath::avx512:
      return;  // never chosen
#endif
  }
}

}  // namespace quatrain::rtl_models
