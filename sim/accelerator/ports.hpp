#pragma once
/// What the array takes from its buffers in a cycle, in words.

#include "sim/accelerator/config.hpp"

#include <cstdint>

namespace quatrain::sim {

struct PortWords {
  unsigned width_bits;
  std::uint64_t words;  ///< a cycle
};

// One word of just the bits that are needed, or several where they are wider than any; words of the config's
// width where it names one, of which the last may be used in part.
PortWords row_port(const AcceleratorConfig& config);     ///< an operand for each row
PortWords column_port(const AcceleratorConfig& config);  ///< an operand for each column
PortWords sum_port(const AcceleratorConfig& config);     ///< a sum for each column

/// Throws Error where the banks of a buffer give fewer words in a cycle than the array takes. `buffers`: of
/// the config. With one bank and no width there are as many as the array needs.
void require_ports(const base::JsonNode& buffers, const AcceleratorConfig& config);

}  // namespace quatrain::sim
