#pragma once
/// Equal or not, and where a machine parts from the trace. Knows records, machines and results; nothing of
/// how a machine computes or can fail.

#include "sim/records/recorded.hpp"
#include "sim/verify/difference.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace quatrain::sim {

/// Every accumulator has the recorded bits, and where the machine gives outputs the scale and every output
/// too (by checksum where the trace holds no more).
bool agrees(const RecordedGemm& recorded, const traces::GemmResult& result);

/// Accumulators, and outputs where the machine gives them, are as many as the record says.
bool has_recorded_size(const RecordedGemm& recorded, const traces::GemmResult& result);

/// All fields, codes, accumulators and outputs that both machines give.
bool same_bits(const traces::QuantizerResult& one, const traces::QuantizerResult& other);
bool same_bits(const traces::GemmResult& one, const traces::GemmResult& other);

/// A machine whose whole result agrees with the trace, and that result.
struct Witness {
  traces::Machine& machine;
  const traces::GemmResult& result;
};

/// How many accumulators and outputs do not have the recorded bits; where the trace holds a checksum alone,
/// the witness's (null: no machine agrees). Nothing where nobody knows, or for a result of another size.
std::optional<std::uint64_t> different_elements(const RecordedGemm& recorded,
                                                const traces::GemmResult& result, const Witness* witness);

/// Of packed codes, of equal size.
std::uint64_t different_codes(std::span<const std::uint8_t> expected, std::span<const std::uint8_t> got);

/// For a result that does not agree. `differing`: null where it cannot compute again; then there is no k.
/// `witness`: null where no machine agrees. To find k, the differing
/// machine and the witness are both run again with the right operand zeroed from k on, over the samples in
/// order; bisection leads to a k at which the two prefixes of the first wrong accumulator part: log2(k
/// samples) runs of both.
Difference first_difference(const traces::Manifest& manifest, const traces::GemmRecord& record,
                            const RecordedGemm& recorded, traces::Machine* differing,
                            const traces::GemmResult& result, const Witness* witness);

/// Nothing when all is equal; else the first unequal field in the order maximum, maximum_used, exponent,
/// count, sum1, sum2, clip, scale, code, and the first wrong code's element whatever the field.
std::optional<Difference> first_difference(const traces::Manifest& manifest,
                                           const RecordedQuantizer& recorded,
                                           const traces::QuantizerResult& result);

/// Where a machine gave no result: `what` it did instead ("result" for an error), and `got`, its words.
Difference no_result(const traces::Manifest& manifest, const traces::GemmRecord& record,
                     std::string_view what, const std::string& got);
Difference no_result(const traces::Manifest& manifest, const traces::QuantizerRecord& record,
                     std::string_view what, const std::string& got);

}  // namespace quatrain::sim
