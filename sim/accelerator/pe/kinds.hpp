#pragma once
/// The entries of this folder. Each stands in a file of its own.

#include "sim/accelerator/pe/pe_kind.hpp"

namespace quatrain::sim {

const PeKind& dual_int4_fp4_kind();
const PeKind& int4_kind();
const PeKind& fp7_kind();
const PeKind& int8_kind();
const PeKind& bf16_kind();
const PeKind& fp8_e4m3_kind();
const PeKind& fp8_e5m2_kind();

}  // namespace quatrain::sim
