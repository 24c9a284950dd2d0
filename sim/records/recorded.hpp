#pragma once
/// Records of a trace as tasks for a machine, with what the trace says the result is. Everything that a
/// machine may rely on is checked first: a record that no machine may compute is an Error of the trace.

#include "traces/base/error.hpp"
#include "traces/format/reader.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::sim {

/// "0/train/conv2/forward": a GEMM record has no id of its own.
std::string name_of(const traces::Manifest& manifest, const traces::GemmRecord& record);

/// Why a sum could leave int32, by the encodings' largest magnitudes (numerics.md section 6). Nothing where
/// no sum can.
traces::Refusal inexact_sum(const traces::Manifest& manifest, const traces::GemmRecord& record);

/// A result takes more memory than the caller allows.
class ResultAboveLimit : public base::Error {
 public:
  using base::Error::Error;
};

/// Throws Error for a record that no machine may compute: a sum that could leave int32 (numerics.md section
/// 6), or a scale that is infinite. Throws ResultAboveLimit for a result (accumulators and output, 8 bytes
/// per element) above `result_limit_mib`.
void require_computable(const traces::TraceReader& trace, const traces::GemmRecord& record,
                        std::uint64_t result_limit_mib);

/// What the trace says of one tensor of a result: its elements, or their checksum alone.
template <typename Element>
struct Recorded {
  std::optional<std::vector<Element>> elements;
  std::uint32_t crc32c = 0;
};

/// These, and all that reads a trace's tensors below, throw Error when its bytes do not fit its manifest.
/// One of GemmResult::accumulators, for messages: an integer, or a number with its bits.
std::string accumulator_text(const traces::Accumulator& accumulator, std::int32_t element);

Recorded<std::int32_t> recorded_accumulators(const traces::TraceReader& trace,
                                             const traces::GemmRecord& record);

/// What goes into a GEMM; `left` and `right` are views of codes held here.
class RecordedOperands {
 public:
  RecordedOperands(const traces::TraceReader& trace, const traces::GemmRecord& record);
  RecordedOperands(const RecordedOperands&) = delete;
  RecordedOperands& operator=(const RecordedOperands&) = delete;

  traces::Operand left;
  std::vector<traces::Operand> right;  ///< one, or the samples of backward_weight

 private:
  std::vector<std::uint8_t> left_codes_;
  std::vector<std::vector<std::uint8_t>> right_codes_;
};

/// And what comes out of it.
struct RecordedGemm : RecordedOperands {
  RecordedGemm(const traces::TraceReader& trace, const traces::GemmRecord& record);

  std::string name;
  traces::Gemm gemm;
  traces::GemmSize size;
  float scale = 0;
  Recorded<std::int32_t> accumulators;
  Recorded<float> output;
};

/// `task.source` is a view of `source`.
struct RecordedQuantizer {
  /// The record has a source. Throws Error too when the source or the given maximum is one that the rule
  /// refuses (numerics.md sections 3 and 4).
  RecordedQuantizer(const traces::TraceReader& trace, const traces::QuantizerRecord& quantizer);
  RecordedQuantizer(const RecordedQuantizer&) = delete;
  RecordedQuantizer& operator=(const RecordedQuantizer&) = delete;

  const traces::QuantizerRecord& record;
  std::vector<float> source;
  traces::QuantizerTask task;
  std::vector<std::uint8_t> codes;  ///< packed, as the trace has them
};

/// The first code that is not zero although the record says that all are (its M is below 2^-100). Nothing
/// where all are zero as it says.
std::optional<std::int64_t> code_of_zero_record(const traces::TraceReader& trace,
                                                const traces::QuantizerRecord& record);

}  // namespace quatrain::sim
