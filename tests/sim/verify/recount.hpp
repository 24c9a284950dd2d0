#pragma once
/// What `quatrain verify` must say of a trace, counted again: manifest.json and the safetensors files are
/// read here, each GEMM is computed term by term from docs/numerics.md section 6, each quantizer by the exact
/// oracle. Shares no function with traces/format or sim/.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace quatrain::tests {

/// A record that an exact machine does not find as the trace has it.
struct RecountedDifference {
  std::string record, layer, pass, part;  ///< part: phase or role
  std::uint32_t step = 0;
  std::string what;                                ///< accumulator, output or code
  std::optional<std::int64_t> group, row, column;  ///< of a GEMM's first wrong element
  std::optional<std::int64_t> element;             ///< nothing where only checksums can be compared
  std::optional<unsigned> sample;                  ///< of a gradient
  std::optional<std::uint64_t> elements;           ///< how many differ, where the trace holds them
  std::string expected, got;
};

struct Recount {
  explicit Recount(const std::filesystem::path& trace);

  std::string model;
  std::set<std::uint32_t> steps;
  std::uint64_t gemms = 0, quantizers = 0, accumulators = 0, codes = 0;
  std::uint64_t macs = 0, in_range_macs = 0, non_zero_macs = 0;
  std::uint64_t quantizers_with_source = 0, codes_with_source = 0;
  std::vector<RecountedDifference> quantizer_differences, gemm_differences;  ///< in the manifest's order
};

}  // namespace quatrain::tests
