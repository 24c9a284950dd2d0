#pragma once
/// One change of a JSON document, for tests of what its strict reader says then.

#include <nlohmann/json.hpp>

#include <string>

namespace quatrain::tests {

struct JsonChange {
  std::string pointer;           ///< RFC 6901
  nlohmann::ordered_json value;  ///< what stands there afterwards, or `removed`
  std::string message;           ///< what the reader must say; "" where it must accept
};

/// As a value: the key goes.
inline const auto removed = nlohmann::ordered_json(nlohmann::ordered_json::value_t::discarded);

/// The document's text after the change.
inline std::string changed(nlohmann::ordered_json json, const JsonChange& change) {
  const nlohmann::ordered_json::json_pointer pointer(change.pointer);
  if (change.value.is_discarded())
    json.at(pointer.parent_pointer()).erase(pointer.back());
  else
    json[pointer] = change.value;
  return json.dump();
}

}  // namespace quatrain::tests
