#include "simt/source_line.hpp"

#include <fmt/format.h>

#include <string_view>

#if defined(SIMT_HAS_BACKTRACE)
#include <backtrace.h>
#endif

namespace simt {
namespace {

std::string_view without_folder(std::string_view file) { return file.substr(file.rfind('/') + 1); }

#if defined(SIMT_HAS_BACKTRACE)
/// The line of the innermost function at that address, inlined ones included.
std::string line_of(const void* return_address) {
  static backtrace_state* const state = backtrace_create_state(
      nullptr, /*threaded=*/1, [](void*, const char*, int) {}, nullptr);
  std::string found;
  const auto keep_first = [](void* data, std::uintptr_t, const char* file, int line, const char*) {
    if (file != nullptr) *static_cast<std::string*>(data) = fmt::format("{}:{}", without_folder(file), line);
    return file != nullptr ? 1 : 0;
  };
  backtrace_pcinfo(
      state, reinterpret_cast<std::uintptr_t>(return_address) - 1, keep_first, [](void*, const char*, int) {},
      &found);
  return found;
}
#else
std::string line_of(const void*) { return {}; }
#endif

}  // namespace

std::string name_of(const Site& site) {
  if (site.code == nullptr)
    return fmt::format("{}:{}:{}", without_folder(site.place.file_name()), site.place.line(),
                       site.place.column());
  const std::string line = line_of(site.code);
  return line.empty() ? "an unknown line: the kernel has no debug information" : line;
}

}  // namespace simt
