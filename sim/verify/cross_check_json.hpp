#pragma once
/// crosscheck.json: what `quatrain verify` found, by machine (configs/schemas/crosscheck.schema.json).

#include "sim/verify/cross_check.hpp"

#include <filesystem>
#include <string>

namespace quatrain::sim {

/// `file`: where it will stand; the trace is named relative to its folder when it lies in it or below.
std::string cross_check_json(const CrossCheck& check, const std::filesystem::path& file);

}  // namespace quatrain::sim
