#include "emu/simd/dispatch.hpp"

#include "traces/base/error.hpp"

#include <cstdlib>

namespace quatrain::emu {

std::string_view name_of(SimdPath path) { return path == SimdPath::avx2 ? "avx2" : "portable"; }

bool is_supported(SimdPath path) {
  return path == SimdPath::portable ||
         (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0);
}

std::vector<SimdPath> supported_paths() {
  std::vector<SimdPath> paths = {SimdPath::portable};
  if (is_supported(SimdPath::avx2)) paths.push_back(SimdPath::avx2);
  return paths;
}

SimdPath chosen_path() {
  const std::vector<SimdPath> paths = supported_paths();
  const char* forced = std::getenv("QUATRAIN_SIMD");
  if (forced == nullptr || *forced == '\0') return paths.back();
  for (const SimdPath path : paths)
    if (name_of(path) == forced) return path;
  if (name_of(SimdPath::avx2) == forced)
    throw traces::Error("QUATRAIN_SIMD is avx2, which this CPU does not have");
  throw traces::Error("QUATRAIN_SIMD is '{}': portable or avx2 expected", forced);
}

}  // namespace quatrain::emu
