#pragma once
/// How much more an access costs in an SRAM that is larger than those of a technology table (docs/energy.md,
/// "Memory").

#include "sim/accelerator/technology.hpp"

namespace quatrain::sim {

inline constexpr unsigned largest_table_kib = 256;   ///< of every table
inline constexpr unsigned largest_grown_kib = 4096;  ///< CACTI rows end here; what is larger is extrapolated
inline constexpr unsigned largest_sram_kib = 65'536;

/// Factor upon the energy of the same word at 256 KiB. `kib`: 256 to 65,536.
Bounds sram_growth(unsigned width_bits, Access access, double kib);

}  // namespace quatrain::sim
