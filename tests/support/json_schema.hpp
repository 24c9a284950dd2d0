#pragma once
/// What a stock JSON Schema validator says of a document, to hold against our own strict readers.

#include <filesystem>
#include <string>
#include <string_view>

namespace quatrain::tests {

/// A schema of configs/schemas/.
class JsonSchema {
 public:
  /// "accelerator" reads configs/schemas/accelerator.schema.json.
  explicit JsonSchema(std::string_view kind);
  /// "" when `document` (JSON text) fits, else what the validator found first. Text that is no JSON is
  /// "no JSON".
  std::string complaint(std::string_view document) const;

 private:
  std::filesystem::path file_;
};

}  // namespace quatrain::tests
