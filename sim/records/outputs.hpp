#pragma once
/// An output of a command never replaces an input of any command, nor another result. One rule gives both: a
/// file that exists is replaced only when it is an older result of the same kind.

#include <filesystem>
#include <span>
#include <string>

namespace quatrain::sim {

struct Output {
  std::filesystem::path file;
  /// Stands in the first 4096 bytes of every file of this kind (a CSV's header, a JSON file's "format"); an
  /// older result is known by it.
  std::string mark;
};

/// The mark of a JSON result file: its `"format": "quatrain-..."`.
std::string json_mark(std::string_view format);

/// Throws Error, naming the file, unless every output is new, or empty, or a stream (a device, a pipe,
/// /dev/stdout), or an older result of its kind. Throws too when two outputs are the same file. Call it
/// before long work.
void require_free(std::span<const Output> outputs);

/// Throws Error when `file`, links followed, lies in `directory` or is it: what was read there must stay.
void require_outside(const std::filesystem::path& file, const std::filesystem::path& directory);

/// Writes all outputs together (write_whole_files), after another require_free(). texts: one for each output.
/// False where the file system cannot flush folders: the caller warns the user.
bool write_outputs(std::span<const Output> outputs, std::span<const std::string> texts);

}  // namespace quatrain::sim
