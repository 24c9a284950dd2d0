#include "sim/records/outputs.hpp"

#include "traces/base/error.hpp"
#include "traces/base/files.hpp"

#include <array>
#include <cassert>
#include <cstdio>
#include <vector>

namespace quatrain::sim {
namespace {

namespace fs = std::filesystem;
using base::Error;

fs::path real(const fs::path& path) { return fs::weakly_canonical(fs::absolute(path)); }

/// What a file begins with, "" for an empty one.
std::string beginning_of(const fs::path& file) {
  const base::InputFile input(file);
  std::vector<std::uint8_t> bytes(std::min<std::uint64_t>(input.size(), 4096));
  input.read(0, bytes);
  return {bytes.begin(), bytes.end()};
}

void require_free(const Output& output) {
  if (base::is_stream(output.file) || !fs::exists(output.file)) return;
  if (fs::is_directory(output.file))
    throw Error("{}: is a folder; expected the name of a file", output.file.string());
  const std::string found = beginning_of(output.file);
  if (!found.empty() && found.find(output.mark) == std::string::npos)
    throw Error("{}: exists and is not an older result of this kind; expected another name, so that it stays",
                output.file.string());
}

}  // namespace

std::string json_mark(std::string_view format) { return fmt::format("\"format\": \"{}\"", format); }

void require_free(std::span<const Output> outputs) {
  for (const Output& output : outputs) require_free(output);
  for (std::size_t i = 0; i < outputs.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (!base::is_stream(outputs[i].file) && real(outputs[i].file) == real(outputs[j].file))
        throw Error("{}: two results would go into this file; expected two names", outputs[i].file.string());
}

void require_outside(const fs::path& file, const fs::path& directory) {
  if (base::is_stream(file)) return;
  const fs::path way = real(file).lexically_relative(real(directory));
  if (!way.empty() && *way.begin() != "..")
    throw Error("{}: lies in the trace {}; expected a place outside of it", file.string(),
                directory.string());
}

bool write_outputs(std::span<const Output> outputs, std::span<const std::string> texts) {
  assert(outputs.size() == texts.size());
  std::vector<base::FileText> files;
  for (std::size_t i = 0; i < outputs.size(); ++i) files.push_back({outputs[i].file, texts[i]});
  std::fflush(stdout);  // an output may be the same stream: what was printed stands before it
  return base::write_whole_files(files, [&] { require_free(outputs); });
}

}  // namespace quatrain::sim
