#pragma once
/// An elaborated array with its sequencer and clock behind the ArrayModel interface; the fidelity and a
/// planted fault are chosen when it is built. Tests also bring an array module of their own.

#include "rtl_models/array/fast_array.hpp"
#include "rtl_models/array/pe_array.hpp"
#include "rtl_models/feeder/feeder.hpp"
#include "rtl_models/replay.hpp"
#include "rtl_models/systemc_kernel.hpp"
#include "rtl_models/wired_array.hpp"

#include <fmt/format.h>

#include <memory>

namespace quatrain::rtl_models {

/// Throws traces::Error for operands that do not fit the GEMM; asserts, for that is a mistake of the caller,
/// that schedule and array do.
void check_job(const traces::Gemm& gemm, const traces::Operand& left, std::span<const traces::Operand> right,
               const TileSchedule& schedule, ArrayShape shape);

template <Fault fault>
std::unique_ptr<ArrayModule> make_array_module(ArrayShape shape, Fidelity fidelity) {
  check_elaboration(shape);
  if (fidelity == Fidelity::pe)
    return std::make_unique<PeArray<fault>>(sc_core::sc_gen_unique_name("pe_array"), shape);
  return std::make_unique<FastArray<fault>>(sc_core::sc_gen_unique_name("array"), shape);
}

template <Fault fault>
class ReplayModel final : public ArrayModel {
 public:
  ReplayModel(ArrayShape shape, Fidelity fidelity)
      : ReplayModel(shape, fidelity, make_array_module<fault>(shape, fidelity)) {}
  /// `array` is of that shape and fidelity.
  ReplayModel(ArrayShape shape, Fidelity fidelity, std::unique_ptr<ArrayModule> array)
      : shape_(shape), fidelity_(fidelity), wired_(std::make_unique<WiredArray>(std::move(array), shape)) {}
  /// Before the first replay the kernel holds on to the processes of what was built: it keeps the array then.
  ~ReplayModel() override {
    if (sc_core::sc_get_status() == sc_core::SC_ELABORATION) static_cast<void>(wired_.release());
  }

  ArrayShape shape() const override { return shape_; }
  Fidelity fidelity() const override { return fidelity_; }

  traces::Refusal refuses(const traces::Gemm&, traces::Encoding left, traces::Encoding right) const override {
    if (pe_mode(left, right)) return std::nullopt;
    return fmt::format("the PE has no mode for {} x {}", traces::name_of(left), traces::name_of(right));
  }

  ReplayResult replay(const traces::Gemm& gemm, const traces::Operand& left,
                      std::span<const traces::Operand> right, const TileSchedule& schedule) override {
    check_job(gemm, left, right, schedule, shape_);
    ReplayResult result;
    result.accumulators.resize(static_cast<std::size_t>(traces::result_elements(gemm.phase, gemm.geometry)));
    if (schedule.tiles.empty()) return result;
    Feeder<fault> feeder(gemm, left, right);
    const ResultAddress address(gemm);
    SequencerJob job;
    job.mode = *pe_mode(left.encoding, right[0].encoding);
    job.tiles = &schedule.tiles;
    job.load = [&](const Tile& tile) { feeder.load(tile); };
    job.left = &feeder.left();
    job.right = &feeder.right();
    job.store = [&](const Tile& tile, std::uint32_t row, std::uint32_t column, std::int32_t accumulator) {
      const auto m = static_cast<std::int64_t>(tile.first_row + row);
      const auto n = static_cast<std::int64_t>(tile.first_column + column);
      result.accumulators[static_cast<std::size_t>(address.row(m) + address.column(tile.group, n))] =
          accumulator;
    };
    wired_->run(job);
    result.cycles = wired_->cycles();
    result.activity = wired_->activity();
    return result;
  }

 private:
  ArrayShape shape_;
  Fidelity fidelity_;
  std::unique_ptr<WiredArray> wired_;
};

}  // namespace quatrain::rtl_models
