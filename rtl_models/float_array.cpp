#include "rtl_models/float_array.hpp"

#include "rtl_models/array/tile/float_tiles.hpp"
#include "rtl_models/array/tile/tile_array.hpp"
#include "rtl_models/schedule/tile_work.hpp"
#include "rtl_models/systemc_kernel.hpp"

#include <cassert>

namespace quatrain::rtl_models {
namespace {

class ElaboratedFloatTiles final : public FloatArrayModel {
 public:
  ElaboratedFloatTiles(ArrayShape shape, const OutputStationary& dataflow)
      : shape_(shape), dataflow_(dataflow), path_(chosen_path()) {
    check_elaboration(shape);
    array_ = std::make_unique<TileArray>(sc_core::sc_gen_unique_name("float_tiles"));
  }
  /// Before the first replay the kernel holds on to the process of the array: it keeps it then.
  ~ElaboratedFloatTiles() override {
    if (sc_core::sc_get_status() == sc_core::SC_ELABORATION) static_cast<void>(array_.release());
  }

  ArrayShape shape() const override { return shape_; }

  FloatRun replay(const traces::Gemm& gemm, const FloatOperand& left, const FloatOperand& right,
                  const TileSchedule& schedule) override {
    assert(left.format == right.format);
    assert(schedule.array == shape_ && "the schedule is for another array");
    FloatRun run;
    run.sums.resize(static_cast<std::size_t>(traces::result_elements(gemm.phase, gemm.geometry)));
    if (schedule.tiles.empty()) return run;
    const auto k = static_cast<std::uint64_t>(traces::gemm_size(gemm.phase, gemm.geometry).k);
    const Dataflow dataflow = dataflow_;
    std::vector<TileWork> works;
    for (const Tile& tile : schedule.tiles) works.push_back(work_of(dataflow, tile, 1, k));
    const Timeline timeline = timeline_of(works, *make_pacing(dataflow, shape_));
    FloatTiles values({gemm, left, right, shape_, timeline.end, run.sums, dataflow_.drain, path_});
    run.cycles = array_->run(schedule, timeline, values);
    run.activity = values.activity();
    return run;
  }

 private:
  ArrayShape shape_;
  OutputStationary dataflow_;
  SimdPath path_;
  std::unique_ptr<TileArray> array_;
};

}  // namespace

std::unique_ptr<FloatArrayModel> make_float_array_model(ArrayShape shape, const OutputStationary& dataflow) {
  return std::make_unique<ElaboratedFloatTiles>(shape, dataflow);
}

}  // namespace quatrain::rtl_models
