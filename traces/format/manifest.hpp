#pragma once
/// manifest.json as text: keys, types and ranges of every record (docs/trace-format.md, "manifest.json").
/// What one record says of another is records_check.hpp's business.

#include "traces/base/strict_json.hpp"
#include "traces/format/record.hpp"

#include <string>
#include <string_view>

namespace quatrain::traces {

inline constexpr base::JsonLimits manifest_limits = {.bytes = 64ULL << 20, .depth = 64};

/// Throws Error with file and JSON pointer.
Manifest read_manifest(const base::JsonNode& root);
/// One record a line. Throws Error when a string is not UTF-8.
std::string write_manifest(const Manifest& manifest);

// Rules that data files share.
/// 1 to 8 sizes, each at least 1, fewer than 2^31 elements.
Shape read_shape(const base::JsonNode& node);
/// 1 to 200 printable ASCII characters, not beginning with x_ or __; the Error stands at `node`.
void require_tensor_id(const base::JsonNode& node, std::string_view id);
/// A name of the form ....safetensors that does not begin with a dot.
bool is_data_file_name(std::string_view text);
/// In quotes, escaped.
std::string json_string(std::string_view text);

}  // namespace quatrain::traces
