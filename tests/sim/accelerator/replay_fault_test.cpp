/// Models that compute or count wrongly: the replay names what differs.
#include "emu/machine.hpp"
#include "sim/accelerator/replay.hpp"
#include "sim/records/recorded.hpp"
#include "sim/workload/layer_shapes.hpp"
#include "tests/sim/accelerator/replay_task.hpp"
#include "tests/support/delayed_array.hpp"

#include <gtest/gtest.h>

#include "planted/rtl_models/array_model.hpp"
#include "planted/rtl_models/planted.hpp"
#include <bit>
#include <cmath>

namespace quatrain::tests {
namespace {

using rtl_models::ArrayModel;
using rtl_models::ArrayRun;
using rtl_models::ArrayShape;
using rtl_models::Fidelity;

TEST(ReplayPlantedFault, OneMoreEdgeRegisterChangesCyclesOnly) {
  const traces::TraceReader reader = outside_trace();
  sim::ArrayModels models;
  models.main = make_delayed_model({8, 8}, Fidelity::array, EdgeDelay::every_lane);
  const sim::Simulation simulation = simulated(task_for({8, 8}, &models), reader);
  EXPECT_FALSE(simulation.replay->equal());
  EXPECT_FALSE(simulation.replay->cycles_equal);
  EXPECT_EQ(simulation.replay->gemms_equal, training_gemms_of_trace) << "no bit differs";
  ASSERT_EQ(simulation.replay->differences.size(), training_gemms_of_trace);
  // conv_a forward: 54 tiles of 8 or 5 rows and 7 columns, k = 45: 54 (45 + 7 - 2) + 2 * 429 cycles.
  EXPECT_EQ(simulation.replay->differences[0],
            "layer conv_a, step 0, forward: 3612 cycles simulated; the closed form gives 3558");
}

/// Changes what a real model returns.
class Meddling final : public ArrayModel {
 public:
  using Change = std::function<void(std::uint64_t replay, ArrayRun&)>;
  Meddling(std::unique_ptr<ArrayModel> model, Change change)
      : model_(std::move(model)), change_(std::move(change)) {}
  ArrayShape shape() const override { return model_->shape(); }
  Fidelity fidelity() const override { return model_->fidelity(); }
  traces::Refusal refuses(const traces::Gemm& gemm, traces::Encoding left,
                          traces::Encoding right) const override {
    return model_->refuses(gemm, left, right);
  }
  ArrayRun replay(const traces::Gemm& gemm, const traces::Operand& left,
                  std::span<const traces::Operand> right, const rtl_models::TileSchedule& schedule) override {
    ArrayRun result = model_->replay(gemm, left, right, schedule);
    change_(replays_++, result);
    return result;
  }

 private:
  std::unique_ptr<ArrayModel> model_;
  Change change_;
  std::uint64_t replays_ = 0;
};

TEST(ReplayPlantedFault, OneWrongAccumulatorIsNamed) {
  const traces::TraceReader reader = outside_trace();
  sim::ArrayModels models;
  models.main = std::make_unique<Meddling>(rtl_models::make_array_model({8, 8}, Fidelity::array),
                                           [](std::uint64_t replay, ArrayRun& result) {
                                             if (replay == 0) result.accumulators[1234] += 1;
                                             if (replay == 3) result.accumulators[0] ^= 1 << 30;
                                           });
  const sim::Simulation simulation = simulated(task_for({8, 8}, &models), reader);
  EXPECT_FALSE(simulation.replay->equal());
  EXPECT_TRUE(simulation.replay->cycles_equal);
  EXPECT_EQ(simulation.replay->gemms_equal, training_gemms_of_trace - 2);
  const std::int32_t recorded = reader.read_int32("0/train/conv_a/forward/accumulators").at(1234);
  ASSERT_EQ(simulation.replay->differences.size(), 2U);
  // Z [3, 7, 11, 13]: 1234 = ((1 * 7 + 1) * 11 + 6) * 13 + 12.
  EXPECT_EQ(
      simulation.replay->differences[0],
      fmt::format("layer conv_a, step 0, forward: accumulator 1234 of 3003 (index [1, 1, 6, 12]) is {}; "
                  "the record has {}",
                  recorded + 1, recorded));
  const std::string& second = simulation.replay->differences[1];
  EXPECT_TRUE(second.starts_with("layer conv_stride2, step 0, forward: the accumulators' CRC32C is "))
      << second;
  EXPECT_TRUE(second.ends_with("(it stores no accumulators, so no element can be named)")) << second;
}

/// The same with drawn values, which the emulator judges. A layer that stalls occurs three times: each of
/// them waits as long.
TEST(ReplayPlantedFault, AWrongSumOfDrawnValuesIsNamed) {
  sim::Workload shapes;
  shapes.source.kind = sim::WorkloadKind::gemm_list;
  shapes.source.seed = 7;
  sim::LayerShape layer{.name = "a", .geometry = sim::gemm_geometry(50, 60, 70, 1), .count = 3};
  shapes.gemms = sim::gemms_of({layer}, sim::Phases::training);
  std::int32_t right = 0;
  sim::ArrayModels models = sim::make_array_models({8, 8}, Fidelity::tile, {}, true);
  models.main =
      std::make_unique<Meddling>(std::move(models.main), [&](std::uint64_t replay, ArrayRun& result) {
        if (replay == 1) right = result.accumulators[3]++;
      });
  sim::SimulationTask task = task_for({8, 8}, &models);
  task.config.mapping = sim::Blocks{sim::LoopOrder::n_k_m, 24, 8, 30};
  task.config.dram_gib_per_s = 2;
  task.config.dram_details = sim::DramDetails{true, 40, 32, 0.9, 512, 12};
  const auto emulator = emu::make_naive_machine();
  base::SilentProgress progress;
  const sim::Simulation simulation =
      sim::simulate(task, shapes, sim::SeededSource(7, {emulator.get()}), progress);
  EXPECT_EQ(simulation.replay->gemms, 3U);
  EXPECT_EQ(simulation.replay->gemms_equal, 2U);
  EXPECT_TRUE(simulation.replay->cycles_equal);
  EXPECT_GT(simulation.total.stalls->load_bound, 0U);
  ASSERT_EQ(simulation.replay->differences.size(), 1U);
  EXPECT_EQ(simulation.replay->differences[0],
            fmt::format("layer a, step 0, backward_data: accumulator 3 of 3500 is {}; emu.naive has {}",
                        right + 1, right));
}

/// An array of the copy that carries planted faults, with one of them at work.
class PlantedArray final : public ArrayModel {
 public:
  PlantedArray(planted::rtl_models::Fault fault, ArrayShape shape)
      : fault_(fault),
        array_(planted::rtl_models::make_array_model({shape.rows, shape.columns},
                                                     planted::rtl_models::Fidelity::array)) {}
  ArrayShape shape() const override { return {array_->shape().rows, array_->shape().columns}; }
  Fidelity fidelity() const override { return Fidelity::array; }
  traces::Refusal refuses(const traces::Gemm& gemm, traces::Encoding left,
                          traces::Encoding right) const override {
    return array_->refuses(gemm, left, right);
  }
  ArrayRun replay(const traces::Gemm& gemm, const traces::Operand& left,
                  std::span<const traces::Operand> right, const rtl_models::TileSchedule& schedule) override {
    planted::rtl_models::TileSchedule same{array_->shape(), schedule.stream_length, {}};
    for (const rtl_models::Tile& tile : schedule.tiles)
      same.tiles.push_back({tile.group, tile.first_row, tile.first_column, tile.rows, tile.columns, {}});
    planted::rtl_models::planted = fault_;
    const auto run = array_->replay(gemm, left, right, same);
    planted::rtl_models::planted = planted::rtl_models::Fault::none;
    return {run.accumulators, run.cycles, std::bit_cast<rtl_models::Activity>(run.activity)};
  }

 private:
  planted::rtl_models::Fault fault_;
  std::unique_ptr<planted::rtl_models::ArrayModel> array_;
};

/// A real fault inside the PE: 7 x 7 gives 50.
TEST(ReplayPlantedFault, WrongProductIsFound) {
  const traces::TraceReader reader = outside_trace();
  sim::ArrayModels models;
  models.main = std::make_unique<PlantedArray>(planted::rtl_models::Fault::wrong_product, ArrayShape{8, 8});
  const sim::Simulation simulation = simulated(task_for({8, 8}, &models), reader);
  EXPECT_FALSE(simulation.replay->equal());
  EXPECT_LT(simulation.replay->gemms_equal, training_gemms_of_trace);
  EXPECT_TRUE(simulation.replay->cycles_equal);
}

/// A memory whose run is changed.
class MeddlingMemory final : public rtl_models::MemoryModel {
 public:
  explicit MeddlingMemory(std::unique_ptr<MemoryModel> memory) : memory_(std::move(memory)) {}
  rtl_models::MemoryRun run(const rtl_models::DramTiming& timing, const rtl_models::MemoryJob& job) override {
    return memory_->run(timing, job);
  }
  rtl_models::MemoryRun run(const rtl_models::DramTiming& timing, const rtl_models::MemoryJob& job,
                            const std::function<void(rtl_models::BlockGate&)>& replay) override {
    rtl_models::MemoryRun run = memory_->run(timing, job, replay);
    if (runs_ == 0) ++run.load_bound;
    if (runs_ == 1) ++run.store_bound;
    if (runs_++ == 2) ++run.computing;
    return run;
  }

 private:
  std::unique_ptr<MemoryModel> memory_;
  int runs_ = 0;
};

TEST(ReplayPlantedFault, AMemoryThatTakesAnotherTimeIsNamed) {
  const traces::TraceReader reader = outside_trace();
  sim::ArrayModels models = sim::make_array_models({8, 8}, Fidelity::array, {}, true);
  models.memory = std::make_unique<MeddlingMemory>(std::move(models.memory));
  const sim::Simulation simulation = simulated(stalling_task(&models), reader);
  EXPECT_FALSE(simulation.replay->equal());
  EXPECT_FALSE(simulation.replay->cycles_equal);
  EXPECT_EQ(simulation.replay->gemms_equal, training_gemms_of_trace);
  const auto& differences = simulation.replay->differences;
  ASSERT_EQ(differences.size(), 3U);
  const auto expect = [&](std::size_t i, std::string_view what, std::uint64_t closed) {
    EXPECT_EQ(differences[i],
              fmt::format("{}: {} {} cycles in the simulated memory; the closed form gives {}",
                          sim::place_of(simulation.records[i]), closed + 1, what, closed));
  };
  expect(0, "load-bound", simulation.records[0].tally.stalls->load_bound);
  expect(1, "store-bound", simulation.records[1].tally.stalls->store_bound);
  expect(2, "computing", simulation.records[2].tally.use.cycles);
}

TEST(ReplayPlantedFault, FidelitiesThatDifferAreNamed) {
  const traces::TraceReader reader = outside_trace();
  sim::ArrayModels models = sim::make_array_models({8, 8}, Fidelity::array);
  models.sampled_pe =
      std::make_unique<Meddling>(std::move(models.sampled_pe), [](std::uint64_t replay, ArrayRun& result) {
        if (replay == 0) result.accumulators.back() += 1;
        if (replay == 1) result.cycles += 1;
        if (replay == 2) result.activity.right_toggles += 1;
      });
  const sim::Simulation simulation = simulated(task_for({8, 8}, &models), reader);
  EXPECT_FALSE(simulation.replay->equal());
  EXPECT_EQ(simulation.replay->gemms_equal, training_gemms_of_trace);
  const auto& differences = simulation.replay->differences;
  ASSERT_EQ(differences.size(), 3U);
  EXPECT_TRUE(differences[0].ends_with("pe and array differ in accumulators")) << differences[0];
  EXPECT_NE(differences[1].find("pe and array differ in cycles: "), std::string::npos) << differences[1];
  EXPECT_TRUE(differences[2].ends_with("pe and array differ in activity")) << differences[2];
}

/// The same for arrays of floating-point operands.
class MeddlingFloats final : public rtl_models::FloatArrayModel {
 public:
  using Change = std::function<void(std::uint64_t replay, rtl_models::FloatRun&)>;
  MeddlingFloats(std::unique_ptr<FloatArrayModel> model, Change change)
      : model_(std::move(model)), change_(std::move(change)) {}
  ArrayShape shape() const override { return model_->shape(); }
  Fidelity fidelity() const override { return model_->fidelity(); }
  rtl_models::FloatRun replay(const traces::Gemm& gemm, std::span<const std::uint16_t> left,
                              std::span<const std::uint16_t> right,
                              const rtl_models::TileSchedule& schedule) override {
    rtl_models::FloatRun result = model_->replay(gemm, left, right, schedule);
    change_(replays_++, result);
    return result;
  }

 private:
  std::unique_ptr<FloatArrayModel> model_;
  Change change_;
  std::uint64_t replays_ = 0;
};

TEST(ReplayPlantedFault, FloatSumsCyclesAndFidelitiesThatDifferAreNamed) {
  const traces::TraceReader reader = outside_trace();
  sim::ArrayModels models =
      sim::make_float_models({8, 8}, Fidelity::array, {}, traces::FloatFormat::fp8_e5m2, false);
  models.floats =
      std::make_unique<MeddlingFloats>(std::move(models.floats), [](std::uint64_t replay, auto& result) {
        if (replay == 0) result.sums[1234] = std::nextafter(result.sums[1234], 1e9F);
        if (replay == 1) result.cycles += 1;
      });
  models.sampled_float_pe = std::make_unique<MeddlingFloats>(std::move(models.sampled_float_pe),
                                                             [](std::uint64_t replay, auto& result) {
                                                               if (replay == 0) result.sums.back() += 1;
                                                               if (replay == 2)
                                                                 result.activity.accumulator_toggles += 1;
                                                             });
  sim::SimulationTask task = task_for({8, 8}, &models);
  task.config.pe = &sim::pe_kind("fp8_e5m2");
  const sim::Simulation simulation = simulated(task, reader);
  EXPECT_FALSE(simulation.replay->equal());
  EXPECT_EQ(simulation.replay->gemms_equal, training_gemms_of_trace - 1);
  EXPECT_FALSE(simulation.replay->cycles_equal);
  const auto& differences = simulation.replay->differences;
  ASSERT_EQ(differences.size(), 4U);
  EXPECT_TRUE(differences[0].starts_with(
      "layer conv_a, step 0, forward: sum 1234 of 3003 (index [1, 1, 6, 12]) has the bits "))
      << differences[0];
  EXPECT_TRUE(differences[1].ends_with(fmt::format("{} cycles simulated; the closed form gives {}",
                                                   simulation.records[1].tally.use.cycles + 1,
                                                   simulation.records[1].tally.use.cycles)))
      << differences[1];
  EXPECT_TRUE(differences[2].ends_with("pe and array differ in accumulators")) << differences[2];
  EXPECT_TRUE(differences[3].ends_with("pe and array differ in activity")) << differences[3];
}

}  // namespace
}  // namespace quatrain::tests
