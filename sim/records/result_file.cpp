#include "sim/records/result_file.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <limits>

namespace quatrain::sim {

using base::JsonNode;

JsonNode open_result_file(const std::filesystem::path& file, std::string_view format) {
  const JsonNode root = JsonNode::read(file);
  const std::array<std::string_view, 1> formats = {format};
  root.at("format").one_of(formats);
  root.at("version").integer(1, 1);
  return root;
}

void require_same_trace(const JsonNode& trace, const std::string& manifest_sha256) {
  const JsonNode found = trace.at("manifest_sha256");
  if (!manifest_sha256.empty() && found.string() != manifest_sha256)
    throw found.error("'{}'; expected '{}', the trace beside it: run the command again",
                      base::printable(found.string()), manifest_sha256);
}

std::uint64_t count_at(const JsonNode& node, std::string_view key) {
  return static_cast<std::uint64_t>(node.at(key).integer(0, std::numeric_limits<std::int64_t>::max()));
}

double number_at(const JsonNode& node, std::string_view key) {
  constexpr double largest = std::numeric_limits<double>::max();
  return node.at(key).number(-largest, largest);
}

std::string text_or_none_at(const JsonNode& node, std::string_view key) {
  const JsonNode value = node.at(key);
  return value.is_null() ? "" : value.string();
}

nlohmann::ordered_json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(text);
}

std::string json_text(const nlohmann::ordered_json& json, int indent) {
  return json.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace quatrain::sim
