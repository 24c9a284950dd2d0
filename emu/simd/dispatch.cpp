#include "emu/simd/dispatch.hpp"

#include "traces/base/enumeration.hpp"
#include "traces/base/error.hpp"

#include <cstdlib>

namespace quatrain::emu {

bool is_supported(SimdPath path) {
  switch (path) {
    case SimdPath::portable:
      return true;
    case SimdPath::avx2:
      return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
  }
  return false;
}

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
  for (const SimdPath path : paths)
    if (name_of(path) == forced) return path;
  if (name_of(SimdPath::avx2) == forced)
    throw base::Error("QUATRAIN_SIMD is avx2, which this CPU does not have");
  throw base::Error("QUATRAIN_SIMD is '{}'; expected portable or avx2", forced);
}

}  // namespace quatrain::emu
