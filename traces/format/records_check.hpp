#pragma once
/// What the records of a trace say of each other (docs/trace-format.md, "quantizers", "gemms"): ids, roles,
/// shapes, m n k, samples, zero records, checksums of stored results. No arithmetic of a quantizer or a
/// product.

#include "traces/format/record.hpp"

#include <string>

namespace quatrain::traces {

/// Throws Error at the first record that does not fit. `name` stands for the manifest in messages.
void check_records(const Manifest& manifest, const std::string& name);

}  // namespace quatrain::traces
