#pragma once
/// The table behind resources.hpp; its source is written by CMake.

#include <span>
#include <string_view>

namespace quatrain::sim {

struct EmbeddedFile {
  std::string_view path;
  const char *begin, *end;
};

std::span<const EmbeddedFile> embedded_files();

}  // namespace quatrain::sim
