#pragma once
/// What the program tells itself of repeated steps, from one process to another: FILE, JSON, and FILE.values,
/// the bytes of the tensor that was wanted. No format for users.

#include "emu/nn/repeated_step.hpp"

#include <filesystem>

namespace quatrain::sim::bisect {

void write_repeated(const std::filesystem::path& file, const emu::RepeatedStep& step);
/// Throws Error when it is not as written here.
emu::RepeatedStep read_repeated(const std::filesystem::path& file);

}  // namespace quatrain::sim::bisect
