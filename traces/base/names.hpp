#pragma once
/// Names that users choose and files take: models, layers, designs, data files of a trace.

#include "traces/base/strict_json.hpp"

#include <string>
#include <string_view>

namespace quatrain::base {

/// 1 to 100 characters of A-Z a-z 0-9 _ . -
bool is_name(std::string_view text);

/// A name that is also a file's: no dot in front. The Error stands at `node`.
std::string read_file_name(const JsonNode& node);

}  // namespace quatrain::base
