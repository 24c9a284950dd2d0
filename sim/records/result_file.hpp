#pragma once
/// What the JSON files have in common that commands leave beside a trace: format, version, and the trace that
/// they belong to.

#include "traces/base/strict_json.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace quatrain::sim {

/// Version 1 of a format, as it stands in the file. Throws Error with file and JSON pointer.
base::JsonNode open_result_file(const std::filesystem::path& file, std::string_view format);

/// `trace`: the file's object of that name. Throws Error when it names another trace than the one with this
/// manifest. "" fits every trace.
void require_same_trace(const base::JsonNode& trace, const std::string& manifest_sha256);

std::uint64_t count_at(const base::JsonNode& node, std::string_view key);
double number_at(const base::JsonNode& node, std::string_view key);
std::string text_or_none_at(const base::JsonNode& node, std::string_view key);  ///< null is ""

nlohmann::ordered_json text_or_null(const std::string& text);  ///< "" is null
/// The text of such a file. JSON is UTF-8; bytes of a path that are not UTF-8 are replaced.
std::string json_text(const nlohmann::ordered_json& json, int indent);

}  // namespace quatrain::sim
