#pragma once
/// Files that are embedded in the program, so that it runs from anywhere: configs/, what the report page is
/// made of, and Chart.js.

#include <optional>
#include <string_view>
#include <vector>

namespace quatrain::sim {

/// `path` as in the repository, "configs/technology/7nm.json", or "chart.js"; nothing for a file that is not
/// embedded.
std::optional<std::string_view> embedded_resource(std::string_view path);
std::vector<std::string_view> embedded_paths();

}  // namespace quatrain::sim
