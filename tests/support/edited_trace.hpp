#pragma once
/// A trace in memory: read whole, changed by a test, written again with checksums that fit.

#include "traces/format/record.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace quatrain::tests {

struct EditedTrace {
  traces::Manifest manifest;
  std::map<std::string, std::vector<float>> fp32;
  std::map<std::string, std::vector<std::int32_t>> int32;
  std::map<std::string, std::vector<std::uint8_t>> codes;  ///< packed

  explicit EditedTrace(const std::filesystem::path& directory);

  traces::GemmRecord& gemm(const std::string& name);  ///< "0/train/conv_a/forward"
  traces::QuantizerRecord& quantizer(const std::string& id);
  /// Checksums of tensors and of stored results are those of what stands here now.
  void write(const std::filesystem::path& directory) const;
};

}  // namespace quatrain::tests
