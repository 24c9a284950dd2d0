#pragma once
/// What the JSON files have in common that commands leave beside a trace: format, version, and the trace that
/// they belong to.

#include "traces/base/strict_json.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace quatrain::sim {

/// Version 1 of a format, as it stands in the file. Throws Error with file and JSON pointer.
traces::JsonNode open_result_file(const std::filesystem::path& file, std::string_view format);

/// `trace`: the file's object of that name. Throws Error when it is of another trace than the one with this
/// manifest; "" fits all.
void require_same_trace(const traces::JsonNode& trace, const std::string& manifest_sha256);

std::uint64_t count_at(const traces::JsonNode& node, std::string_view key);
double number_at(const traces::JsonNode& node, std::string_view key);
std::string text_or_none_at(const traces::JsonNode& node, std::string_view key);  ///< null is ""

}  // namespace quatrain::sim
