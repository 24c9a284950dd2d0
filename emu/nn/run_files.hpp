#pragma once
/// Files of a run directory, written so that each is whole or as it was before: under a temporary name,
/// flushed to disk, renamed. A write that fails is an Error naming file and cause and leaves nothing behind.

#include <filesystem>
#include <string>
#include <string_view>

namespace quatrain::emu {

void write_whole_file(const std::filesystem::path& file, std::string_view bytes);

/// Adds a line (a newline is put behind it); a failing write takes back what it wrote of it.
void append_line(const std::filesystem::path& file, std::string_view line);

/// Throws Error when it cannot be read.
std::string read_whole_file(const std::filesystem::path& file);

/// "PARENT/NAME-001", or the first number that is free.
std::filesystem::path first_free_run_directory(const std::filesystem::path& parent, std::string_view name);

}  // namespace quatrain::emu
