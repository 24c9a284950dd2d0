#pragma once
/// The counts of an accelerator say so when they leave 64 bits.

#include "traces/base/checked.hpp"

namespace quatrain::sim {

using base::checked_product;
using base::checked_sum;

}  // namespace quatrain::sim
