#pragma once
/// Writes chosen steps of a run as a trace (docs/trace-format.md): the sources and codes of every quantizer,
/// and of every 4-bit product its accumulators; a tensor that several records share is stored once. Outputs
/// are their accumulators times the scale, so large ones are left out with only their checksum.
///
/// An operand that a layer of precision `quantized` leaves in fp32 is recorded too, so that a trace can be
/// studied (docs/guides/gradients.md): its codes are what the paper's rules would make of the source (sawb,
/// luq with one sample), no product takes them, and the trace's note says so.

#include "emu/nn/observer.hpp"
#include "emu/nn/training_config.hpp"
#include "traces/format/writer.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::emu {

/// Throws Error when no layer has precision `quantized`.
void require_traceable(const TrainingConfig& config);

class TraceRecorder final : public StepObserver {
 public:
  /// Throws Error when `directory` exists. The config is traceable.
  /// `data_sha256`: of the data trained on. `resumed_at`: the updates done of a run that goes on; what its
  /// trace has of the steps before stays, and `directory` may exist.
  TraceRecorder(const std::filesystem::path& directory, const TrainingConfig& config,
                const std::string& data_sha256, std::optional<std::uint32_t> resumed_at = std::nullopt);

  /// Fills a file of its own until end_step().
  void begin_step(std::uint32_t step, traces::Pass pass) override;
  void end_step() override;
  void finish() { writer_.finish(); }
  /// The run ends before its last step, because of `reason`, which becomes the trace's note. What was
  /// recorded up to the last end_step() becomes a trace. False, and no trace, when nothing was.
  bool finish_early(const std::string& reason);

  /// Without a source (an empty one) the record has none either.
  void quantized(const QuantizerEvent& event) override;
  void left_in_fp32(const SourceEvent& event) override;
  void multiplied(const ProductEvent& event) override;

 private:
  std::string store_source(const QuantizerEvent& event, const std::string& place, const traces::Shape& shape);

  TrainingConfig config_;
  base::ThreadPool pool_{1};
  traces::TraceWriter writer_;
  std::uint32_t step_ = 0;
  traces::Pass pass_ = traces::Pass::train;
  bool has_recorded_ = false;  ///< a step or an evaluation that ended
};

}  // namespace quatrain::emu
