#include "sim/embedded/resources.hpp"

#include "sim/embedded/embedded_files.hpp"

namespace quatrain::sim {

std::optional<std::string_view> embedded_resource(std::string_view path) {
  for (const EmbeddedFile& file : embedded_files())
    if (file.path == path)
      return std::string_view(file.begin, static_cast<std::size_t>(file.end - file.begin));
  return std::nullopt;
}

std::vector<std::string_view> embedded_paths() {
  std::vector<std::string_view> paths;
  for (const EmbeddedFile& file : embedded_files()) paths.push_back(file.path);
  return paths;
}

}  // namespace quatrain::sim
