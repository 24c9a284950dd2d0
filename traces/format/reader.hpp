#pragma once
/// Reads a trace directory. Opening checks names, the manifest, the data files' headers against it and the
/// records against each other, so that what it says may be relied on; a tensor's bytes are read, and their
/// CRC32C and codes checked, when asked for. Only SHA256SUMS and the tensors nobody asks for are left to
/// check.hpp.

#include "traces/base/progress.hpp"
#include "traces/format/record.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace quatrain::traces {

struct OpenTrace;

class TraceReader {
 public:
  explicit TraceReader(const std::filesystem::path& directory);
  ~TraceReader();
  TraceReader(TraceReader&&) noexcept;

  const std::filesystem::path& directory() const;
  const Manifest& manifest() const;
  std::string manifest_sha256() const;

  /// Throw Error (file, tensor, byte, what was expected) when the bytes do not fit the manifest.
  std::vector<float> read_fp32(const std::string& id) const;
  std::vector<std::int32_t> read_int32(const std::string& id) const;
  /// As GemmResult holds them: int32, or the bits of fp32 sums.
  std::vector<std::int32_t> read_accumulators(const std::string& id, const Accumulator& accumulator) const;
  std::vector<std::uint8_t> read_codes(const std::string& id) const;  ///< packed nibbles

 private:
  friend TraceReader check_trace(const std::filesystem::path& directory, base::Progress& progress);
  explicit TraceReader(OpenTrace trace);  ///< checks the records

  std::unique_ptr<const OpenTrace> trace_;
};

}  // namespace quatrain::traces
