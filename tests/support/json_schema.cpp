#include "tests/support/json_schema.hpp"

#ifndef __clang__
#pragma GCC diagnostic ignored \
    "-Wrestrict"  // g++ 12 mistakes operator+ of strings in valijson for an overlap
#endif

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <fstream>

namespace quatrain::tests {

JsonSchema::JsonSchema(std::string_view kind)
    : file_(std::filesystem::path(QUATRAIN_SOURCE_DIR) / "configs" / "schemas" / kind) {
  file_ += ".schema.json";
}

std::string JsonSchema::complaint(std::string_view document) const {
  std::ifstream stream(file_);
  const nlohmann::json schema_json = nlohmann::json::parse(stream);
  const nlohmann::json json = nlohmann::json::parse(document, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return "no JSON";
  valijson::Schema schema;
  valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_json), schema);
  valijson::ValidationResults results;
  const valijson::adapters::NlohmannJsonAdapter target(json);
  if (valijson::Validator().validate(schema, target, &results)) return "";
  valijson::ValidationResults::Error first;
  results.popError(first);
  std::string text;
  for (const std::string& part : first.context) text.append(part);
  return text.append(": ").append(first.description);
}

}  // namespace quatrain::tests
