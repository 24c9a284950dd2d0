#pragma once
/// Reads a trace directory. Opening checks names, the manifest's syntax and the data files' headers against
/// it; a tensor's bytes are read, and their CRC32C checked, when asked for. check.hpp does everything.

#include "traces/format/record.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace quatrain::traces {

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
  std::vector<std::uint8_t> read_codes(const std::string& id) const;  ///< packed nibbles

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace quatrain::traces
