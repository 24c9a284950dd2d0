#include "rtl_models/array/simd_path.hpp"

#include "traces/base/enumeration.hpp"
#include "traces/base/error.hpp"

#include <cstdlib>

namespace quatrain::rtl_models {
namespace {

bool is_supported(SimdPath path) {
  switch (path) {
    case SimdPath::portable:
      return true;
#if defined(__x86_64__)
    case SimdPath::avx2:
      return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("popcnt") != 0;
    case SimdPath::avx512:  // what run_with_avx512 names
      return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
             __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
             __builtin_cpu_supports("avx512vpopcntdq") != 0 && __builtin_cpu_supports("avx512bitalg") != 0 &&
             __builtin_cpu_supports("avx512vnni") != 0;
#else
    case SimdPath::avx2:
    case SimdPath::avx512:
      return false;
#endif
  }
  return false;
}

}  // namespace

std::vector<SimdPath> supported_paths() {
  std::vector<SimdPath> paths;
  for (const SimdPath path : base::all_of<SimdPath>)
    if (is_supported(path)) paths.push_back(path);
  return paths;
}

SimdPath chosen_path() {
  const std::vector<SimdPath> paths = supported_paths();
  const char* forced = std::getenv("QUATRAIN_SIMD");
  if (forced == nullptr || *forced == '\0') return paths.back();
  const std::string_view word = std::string_view(forced) == "amx" ? name_of(SimdPath::avx512) : forced;
  for (const SimdPath path : base::all_of<SimdPath>) {
    if (name_of(path) != word) continue;
    if (is_supported(path)) return path;
    throw base::Error("QUATRAIN_SIMD is {}, which this CPU does not have", forced);
  }
  throw base::Error("QUATRAIN_SIMD is '{}'; expected portable, avx2, avx512 or amx", forced);
}

}  // namespace quatrain::rtl_models
