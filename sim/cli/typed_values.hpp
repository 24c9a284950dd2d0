#pragma once
/// What a user may type behind an option; CLI11 puts the option's name in front of a complaint.

#include <CLI/CLI.hpp>

#include <cstdint>
#include <filesystem>

namespace quatrain::sim {

/// Decimal digits without a sign or a leading zero (CLI11 alone would take 010 for eight), in this range.
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most);

CLI::Validator not_empty();

/// Throws Error when `file` is one of those that `quatrain report` reads in `run`, or lies in a folder of it.
void require_no_input_of_report(const std::filesystem::path& file, const std::filesystem::path& run);

}  // namespace quatrain::sim
