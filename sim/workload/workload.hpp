#pragma once
/// What an accelerator is asked to do: one list of GEMMs, with the quantizers that have to run before each.
/// Where the list comes from - a trace, a training config, a list of shapes - is a file each in this folder;
/// open_workload.hpp finds out which.

#include "traces/format/record.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim {

/// One quantizer record as work: a pass over all elements of a tensor.
struct QuantizerWork {
  traces::Rule rule = traces::Rule::sawb_int4;
  std::uint64_t elements = 0;
  unsigned random_bits = 0;                    ///< luq_fp4
  traces::Alpha alpha = traces::Alpha::exact;  ///< luq_fp4, nearest_fp4
  bool measures_maximum = true;   ///< the further samples of a gradient use the first one's maximum
  bool maximum_is_known = false;  ///< hindsight: codes can be made while the maximum is measured
  const traces::QuantizerRecord* record = nullptr;  ///< in a trace's manifest; null without values
  std::uint64_t tensor = 0;  ///< in a workload, the same number says the same quantization
  unsigned samples = 1;      ///< made of each element that is read; a design decides
  std::vector<const traces::QuantizerRecord*> further = {};  ///< of the samples behind the first
  unsigned second_copies = 0;  ///< of these samples, those that are written a second time, transposed
};

struct WorkloadGemm {
  std::string layer;
  std::uint32_t step = 0;
  traces::Gemm gemm;
  unsigned samples = 1;
  std::uint64_t count = 1;  ///< how often it occurs, quantizers included; 1 with values
  traces::Encoding left = traces::Encoding::int4, right = traces::Encoding::int4;
  /// Of its operands: one of the left, then all of the right. What another GEMM has quantized is here too.
  std::vector<QuantizerWork> quantizers;
  const traces::GemmRecord* record = nullptr;  ///< in a trace's manifest; null without values

  traces::GemmSize size() const { return traces::gemm_size(gemm.phase, gemm.geometry); }
};

/// "layer conv2, step 0, forward": names a GEMM in messages.
std::string place_of(const WorkloadGemm& work);

enum class WorkloadKind : std::uint8_t {
  trace,
  training_config,
  gemm_list,
  convolution_list,
  scalesim_topology,
  onnx
};
inline constexpr std::array<std::string_view, 6> workload_kind_words = {
    "trace", "training_config", "gemm_list", "convolution_list", "scalesim_topology", "onnx"};
constexpr std::string_view name_of(WorkloadKind kind) {
  return workload_kind_words[static_cast<std::size_t>(kind)];
}

/// Which GEMMs of a layer are computed: its forward product alone, or all three of a training step.
enum class Phases : std::uint8_t { forward, training };
inline constexpr std::array<std::string_view, 2> phases_words = {"forward", "training"};
constexpr std::string_view name_of(Phases phases) { return phases_words[static_cast<std::size_t>(phases)]; }

/// What a user may ask of a workload of shapes. Nothing: what the kind of workload has by itself.
struct WorkloadOptions {
  std::optional<Phases> phases = {};
  std::optional<std::int64_t> batch = {};
  std::map<std::string, std::vector<std::int64_t>> shapes = {};  ///< of an ONNX model's inputs, by name
};

/// Where a workload comes from, as a result says it.
struct WorkloadSource {
  WorkloadKind kind = WorkloadKind::trace;
  std::string name;    ///< of the model
  std::string place;   ///< the trace's directory; the file as it was named
  std::string sha256;  ///< of the trace's manifest, or of the file
  Phases phases = Phases::training;
  std::int64_t batch = 0;                  ///< 0 for a trace: its records have theirs
  std::vector<std::string> notes;          ///< what is not in it and how it was read, one sentence each
  std::optional<std::uint32_t> seed = {};  ///< of values that were drawn (seeded_values.hpp)

  bool is_trace() const { return kind == WorkloadKind::trace; }
  bool has_values() const { return is_trace() || seed; }
};

/// "seeded generator, seed 7, not from a training run": what results say of drawn values.
std::string values_text(std::uint32_t seed);

/// "trace", "seed=7" or "none": the same as a field of a table.
std::string values_field(const WorkloadSource& source);

struct Workload {
  WorkloadSource source;
  std::vector<WorkloadGemm> gemms;  ///< in the order of computation; at least one
};

}  // namespace quatrain::sim
