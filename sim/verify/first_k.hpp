#pragma once
/// The k at which two machines' prefixes of one accumulator part.

#include "sim/records/recorded.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace quatrain::sim {

struct FirstK {
  std::optional<std::int64_t> k;
  unsigned sample = 0;
  std::string why_not;  ///< set when k is absent
};

/// Runs both machines with the right operand zeroed from a term on (term = sample * K + k) and bisects
/// between no terms and all of them.
FirstK find_first_k(const RecordedGemm& recorded, std::int64_t element, traces::Machine& differing,
                    traces::Machine& agreeing);

}  // namespace quatrain::sim
