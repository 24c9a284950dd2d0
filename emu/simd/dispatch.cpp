#include "emu/simd/dispatch.hpp"

#include "traces/base/enumeration.hpp"
#include "traces/base/error.hpp"

#include <cpuid.h>
#include <cstdlib>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

namespace quatrain::emu {
namespace {

/// Asked once: a virtual machine makes CPUID a matter of microseconds.
bool has_amx_int8() {
  static const bool has = [] {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
    constexpr unsigned amx_tile = 1U << 24, amx_int8 = 1U << 25;
    return (edx & amx_tile) != 0 && (edx & amx_int8) != 0;
  }();
  return has;
}

/// Linux keeps the tiles' registers for those who ask, for a process and all its threads.
bool may_use_tiles() {
  constexpr long request_permission = 0x1023, tile_data = 18;
  static const bool granted = syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
  return granted;
}

}  // namespace

std::string_view title_of(SimdPath path) {
  switch (path) {
    case SimdPath::portable:
      return "portable C++";
    case SimdPath::avx2:
      return "AVX2";
    case SimdPath::avx512:
      return "AVX-512 VNNI";
    case SimdPath::amx:
      return "AMX-INT8";
  }
  return {};
}

bool is_supported(SimdPath path) {
  switch (path) {
    case SimdPath::portable:
      return true;
    case SimdPath::avx2:
      return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
    case SimdPath::avx512:
      return is_supported(SimdPath::avx2) && __builtin_cpu_supports("avx512f") != 0 &&
             __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
             __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512vnni") != 0;
    case SimdPath::amx:
      return is_supported(SimdPath::avx512) && has_amx_int8() && may_use_tiles();
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
  const auto path = base::named<SimdPath>(forced);
  if (!path) {
    std::string words;
    for (const std::string_view word : base::words_of<SimdPath>)
      words += (words.empty() ? "" : ", ") + std::string(word);
    throw base::Error("QUATRAIN_SIMD is '{}'; expected {}", forced, words);
  }
  if (!is_supported(*path)) throw base::Error("QUATRAIN_SIMD is {}, which this CPU does not have", forced);
  return *path;
}

}  // namespace quatrain::emu
