#pragma once
/// The key `accumulator` of manifests and configs (numerics.md section 7).

#include "traces/accumulator.hpp"
#include "traces/base/strict_json.hpp"

#include <string>

namespace quatrain::traces {

/// {"int": 8 to 31, "overflow": "wrap" or "saturate"}, {"float": 16, "overflow": "infinity" or "saturate"},
/// {"float": 32}; each may have "chunk". `may_be_exact`: or {"int": 32}. Other keys stay unread. Throws
/// Error.
Accumulator read_accumulator(const base::JsonNode& node, bool may_be_exact);

/// Such an object in one line.
std::string json_text(const Accumulator& accumulator);

}  // namespace quatrain::traces
