#pragma once
/// Small traces around one case: what `quatrain verify` is given in tests. Results are the exact oracle's.

#include "tests/support/planted_fault.hpp"
#include "traces/format/record.hpp"

#include <filesystem>
#include <span>

namespace quatrain::tests {

/// What a GEMM's result is in the trace: the tensors, or their checksums alone.
enum class Stored : std::uint8_t { tensors, checksums };

/// One layer "layer" (id 3) and a GEMM a step (0, 1, ...). All cases have one geometry and one phase.
/// Operands have no source.
void write_gemm_trace(const std::filesystem::path& directory, std::span<const GemmCase> steps,
                      Stored stored = Stored::tensors);

/// One quantizer record with its source, and for a later sample of a gradient the samples before it. No GEMM.
void write_quantizer_trace(const std::filesystem::path& directory, const QuantizerCase& c);

}  // namespace quatrain::tests
