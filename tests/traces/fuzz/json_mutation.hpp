#pragma once
/// Changes of JSON that keep it JSON: what bytes changed at random hardly ever do.

#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace quatrain::tests {

/// `json` with one value replaced, changed in place, or with one member or item removed, doubled or exchanged
/// with its neighbour; a doubled key is a duplicate. nullopt for what is no JSON or nested too deeply.
std::optional<std::string> with_changed_json(std::string_view json, std::mt19937& random);

}  // namespace quatrain::tests
