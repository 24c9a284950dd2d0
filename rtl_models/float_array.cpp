#include "rtl_models/float_array.hpp"

#include "rtl_models/array/clocked_floats.hpp"
#include "rtl_models/array/pe_array.hpp"
#include "rtl_models/array/tile/float_tiles.hpp"
#include "rtl_models/array/tile/tile_array.hpp"
#include "rtl_models/feeder/float_feeder.hpp"
#include "rtl_models/schedule/sum_order.hpp"
#include "rtl_models/schedule/tile_work.hpp"
#include "rtl_models/systemc_kernel.hpp"
#include "rtl_models/wired_array.hpp"
#include "traces/base/error.hpp"

#include <bit>
#include <cassert>

namespace quatrain::rtl_models {
namespace {

std::uint64_t k_of(const traces::Gemm& gemm) {
  return static_cast<std::uint64_t>(traces::gemm_size(gemm.phase, gemm.geometry).k);
}

constexpr traces::Accumulator fp32_sums{32, traces::Overflow::infinity, traces::SumFormat::floating};

/// A replay without cycles yet, its sums zero. Throws Error for a schedule that adds the terms in another
/// order.
FloatRun begun(const traces::Gemm& gemm, [[maybe_unused]] ArrayShape shape, const OutputStationary& dataflow,
               const TileSchedule& schedule) {
  assert(schedule.array == shape && "the schedule is for another array");
  if (const auto reason = sums_out_of_order(fp32_sums, dataflow, schedule, k_of(gemm)))
    throw base::Error("an accumulator fp32 meets {}", *reason);
  const auto elements = static_cast<std::size_t>(traces::result_elements(gemm.phase, gemm.geometry));
  return {std::vector<float>(elements), 0, {}};
}

class ElaboratedFloatTiles final : public FloatArrayModel {
 public:
  ElaboratedFloatTiles(ArrayShape shape, traces::FloatFormat format, const OutputStationary& dataflow)
      : shape_(shape), format_(format), dataflow_(dataflow), path_(chosen_path()) {
    array_ = std::make_unique<TileArray>(sc_core::sc_gen_unique_name("float_tiles"));
  }
  /// Before the first replay the kernel holds on to the process of the array: it keeps it then.
  ~ElaboratedFloatTiles() override {
    if (sc_core::sc_get_status() == sc_core::SC_ELABORATION) static_cast<void>(array_.release());
  }

  ArrayShape shape() const override { return shape_; }
  Fidelity fidelity() const override { return Fidelity::tile; }

  FloatRun replay(const traces::Gemm& gemm, std::span<const std::uint16_t> left,
                  std::span<const std::uint16_t> right, const TileSchedule& schedule) override {
    FloatRun run = begun(gemm, shape_, dataflow_, schedule);
    if (schedule.tiles.empty()) return run;
    const Dataflow dataflow = dataflow_;
    std::vector<TileWork> works;
    for (const Tile& tile : schedule.tiles) works.push_back(work_of(dataflow, tile, 1, k_of(gemm)));
    const Timeline timeline = timeline_of(works, *make_pacing(dataflow, shape_));
    FloatTiles values({gemm, format_, left, right, shape_, timeline.end, run.sums, dataflow_.drain, path_});
    run.cycles = array_->run(schedule, timeline, values);
    run.activity = values.activity();
    return run;
  }

 private:
  ArrayShape shape_;
  traces::FloatFormat format_;
  OutputStationary dataflow_;
  SimdPath path_;
  std::unique_ptr<TileArray> array_;
};

std::unique_ptr<WideArrayModule> make_module(ArrayShape shape, traces::FloatFormat format, Fidelity fidelity,
                                             Drain drain) {
  return with_format(format, [&]<typename Format>() -> std::unique_ptr<WideArrayModule> {
    if (fidelity == Fidelity::pe)
      return std::make_unique<PeArray<FloatPe<Format>>>(sc_core::sc_gen_unique_name("float_pes"), shape,
                                                        drain);
    return std::make_unique<ClockedFloats<Format>>(sc_core::sc_gen_unique_name("float_array"), shape, drain);
  });
}

/// `pe` and `array`.
class ElaboratedFloatArray final : public FloatArrayModel {
 public:
  ElaboratedFloatArray(ArrayShape shape, traces::FloatFormat format, Fidelity fidelity,
                       const OutputStationary& dataflow)
      : shape_(shape),
        fidelity_(fidelity),
        dataflow_(dataflow),
        wired_(std::make_unique<WiredArrayOf<WideLink>>(make_module(shape, format, fidelity, dataflow.drain),
                                                        shape, dataflow)) {}
  /// As above.
  ~ElaboratedFloatArray() override {
    if (sc_core::sc_get_status() == sc_core::SC_ELABORATION) static_cast<void>(wired_.release());
  }

  ArrayShape shape() const override { return shape_; }
  Fidelity fidelity() const override { return fidelity_; }

  FloatRun replay(const traces::Gemm& gemm, std::span<const std::uint16_t> left,
                  std::span<const std::uint16_t> right, const TileSchedule& schedule) override {
    FloatRun run = begun(gemm, shape_, dataflow_, schedule);
    if (schedule.tiles.empty()) return run;
    FloatFeeder feeder(gemm, left, right);
    const ResultAddress address(gemm);
    SequencerJobOf<WideLink> job;
    job.control.accumulator = fp32_sums;
    job.tiles = &schedule.tiles;
    job.work = [&](const Tile& tile) { return work_of(dataflow_, tile, 1, k_of(gemm)); };
    job.feeder = &feeder;
    const auto element = [&](const Tile& tile, std::uint64_t row, std::uint32_t column) -> float& {
      return run.sums[static_cast<std::size_t>(
          address.row(static_cast<std::int64_t>(tile.first_row + row)) +
          address.column(tile.group, static_cast<std::int64_t>(tile.first_column) + column))];
    };
    job.store = [&](const Tile& tile, std::uint64_t word, std::uint32_t column, std::int32_t sum) {
      element(tile, place_of(dataflow_, tile, word, column).row, column) = std::bit_cast<float>(sum);
    };
    if (sums_return(fp32_sums, schedule))
      job.returning = [&](const Tile& tile, std::uint64_t row, std::uint32_t column) {
        return begins_sums(tile) ? 0 : std::bit_cast<std::int32_t>(element(tile, row, column));
      };
    job.holds = schedule.holds;
    wired_->run(job);
    run.cycles = wired_->cycles();
    run.activity = wired_->activity();
    return run;
  }

 private:
  ArrayShape shape_;
  Fidelity fidelity_;
  OutputStationary dataflow_;
  std::unique_ptr<WiredArrayOf<WideLink>> wired_;
};

}  // namespace

std::unique_ptr<FloatArrayModel> make_float_array_model(ArrayShape shape, traces::FloatFormat format,
                                                        Fidelity fidelity, const OutputStationary& dataflow) {
  check_elaboration(shape);
  if (fidelity == Fidelity::tile) return std::make_unique<ElaboratedFloatTiles>(shape, format, dataflow);
  return std::make_unique<ElaboratedFloatArray>(shape, format, fidelity, dataflow);
}

}  // namespace quatrain::rtl_models
