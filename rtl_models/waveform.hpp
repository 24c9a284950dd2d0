#pragma once
/// The wires of an array at fidelity `pe` while it computes one tile, as a VCD file (value change dump, IEEE
/// 1364), for GTKWave and other viewers.

#include "rtl_models/array_model.hpp"

#include <memory>
#include <span>
#include <string>

namespace quatrain::rtl_models {

class WaveformModel {
 public:
  virtual ~WaveformModel() = default;
  /// One tile; once, and before other models replay. The text has no date: the same tile gives the same
  /// bytes. Operand links are those of pe/link.hpp: the operand in the low 16 bits, the control bits above.
  virtual std::string waveform(const traces::Gemm& gemm, const traces::Operand& left,
                               std::span<const traces::Operand> right, const TileSchedule& schedule) = 0;
};

/// An array of its own, elaborated now, for products with that accumulator. Throws base::Error without
/// SystemC.
std::unique_ptr<WaveformModel> make_waveform_model(ArrayShape shape, const Dataflow& dataflow,
                                                   const PeModel& pe, const traces::Accumulator& accumulator);

}  // namespace quatrain::rtl_models
