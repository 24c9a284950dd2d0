#pragma once
/// A tile of a trace as a waveform.

#include "rtl_models/waveform.hpp"
#include "sim/accelerator/config.hpp"
#include "traces/format/reader.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace quatrain::sim {

/// In the first line of every such file, by which an older one is known.
inline constexpr std::string_view waveform_mark = "$comment quatrain waveform";

/// For arrays of up to 64 x 64 PEs: each is a module. Throws Error for a larger one.
std::unique_ptr<rtl_models::WaveformModel> make_waveform_model(const AcceleratorConfig& config);

struct TileWaveform {
  std::string text;   ///< of a VCD file
  std::string place;  ///< "layer conv2, step 0, forward, group 0, rows 0 to 7, columns 0 to 5"
};

struct TileChoice {
  std::string gemm;  ///< as name_of(manifest, record) has it; empty: the first that the design can multiply
  std::uint64_t tile = 0;  ///< in the order of computation
};

/// One tile (one fold of a stationary array) of a GEMM that is not cut into the blocks of its mapping. Throws
/// Error for what simulate() refuses too, when there is no such GEMM or tile, and when the file would become
/// too large.
TileWaveform waveform_of(const TileChoice& choice, rtl_models::WaveformModel& model,
                         const AcceleratorConfig& config, const traces::TraceReader& reader);

}  // namespace quatrain::sim
