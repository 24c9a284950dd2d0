#include "sim/accelerator/replay.hpp"

#include "emu/machine.hpp"
#include "sim/accelerator/simulation_file.hpp"
#include "sim/accelerator/table.hpp"
#include "sim/embedded/config_file.hpp"
#include "sim/records/recorded.hpp"
#include "sim/workload/layer_shapes.hpp"
#include "sim/workload/trace_workload.hpp"
#include "tests/support/delayed_array.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/natural_terms.hpp"
#include "traces/base/files.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "planted/rtl_models/array_model.hpp"
#include "planted/rtl_models/planted.hpp"
#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

namespace quatrain::tests {
namespace {

using rtl_models::ArrayModel;
using rtl_models::ArrayRun;
using rtl_models::ArrayShape;
using rtl_models::Fidelity;
using traces::Phase;

constexpr std::uint64_t training_gemms_of_trace = 45;  // 15 layers, three phases each

traces::TraceReader outside_trace() {
  return traces::TraceReader(std::filesystem::path(QUATRAIN_SOURCE_DIR) / "tests" / "data" / "outside_trace");
}

sim::SimulationTask task_for(ArrayShape shape, sim::ArrayModels* models) {
  sim::SimulationTask task;
  task.config = sim::read_accelerator(sim::open_config("luq_32x32", sim::ConfigKind::accelerator));
  task.config.array = shape;
  task.technologies = sim::read_technologies(task.config, {});
  task.models = models;
  return task;
}

sim::Simulation simulated(const sim::SimulationTask& task, const traces::TraceReader& reader) {
  base::SilentProgress progress;
  return sim::simulate(task, reader, progress);
}

void expect_equal_to_trace(const sim::Simulation& simulation) {
  ASSERT_TRUE(simulation.replay.has_value());
  EXPECT_TRUE(simulation.replay->equal());
  EXPECT_EQ(simulation.replay->gemms, training_gemms_of_trace);
  EXPECT_EQ(simulation.replay->gemms_equal, training_gemms_of_trace);
  EXPECT_TRUE(simulation.replay->cycles_equal);
  EXPECT_EQ(simulation.replay->differences, std::vector<std::string>{});
  EXPECT_EQ(simulation.total.activity->macs, simulation.total.use.macs);
  EXPECT_GT(simulation.total.activity->zero_operand_macs, 0U);
}

/// Every layer of the trace: strides, gaps, groups, depthwise, samples; ragged tiles in both directions.
TEST(Replay, OutsideTraceOn8x8) {
  const traces::TraceReader reader = outside_trace();
  sim::ArrayModels models = sim::make_array_models({8, 8}, Fidelity::array);
  const sim::Simulation simulation = simulated(task_for({8, 8}, &models), reader);
  expect_equal_to_trace(simulation);
  EXPECT_EQ(simulation.replay->pe_tiles_checked, 2 * training_gemms_of_trace);
  std::set<std::int64_t> groups;
  for (const sim::RecordResult& record : simulation.records) groups.insert(record.size.groups);
  EXPECT_EQ(groups, (std::set<std::int64_t>{1, 2, 9}));
}

TEST(Replay, AllFidelitiesGiveTheSameOn4x3) {
  const traces::TraceReader reader = outside_trace();
  sim::ArrayModels pe = sim::make_array_models({4, 3}, Fidelity::pe);
  sim::ArrayModels array = sim::make_array_models({4, 3}, Fidelity::array);
  sim::ArrayModels tile = sim::make_array_models({4, 3}, Fidelity::tile);
  EXPECT_EQ(pe.sampled_pe, nullptr);
  const sim::Simulation of_pe = simulated(task_for({4, 3}, &pe), reader);
  const sim::Simulation of_array = simulated(task_for({4, 3}, &array), reader);
  const sim::Simulation of_tile = simulated(task_for({4, 3}, &tile), reader);
  expect_equal_to_trace(of_pe);
  expect_equal_to_trace(of_array);
  expect_equal_to_trace(of_tile);
  EXPECT_EQ(of_pe.replay->pe_tiles_checked, 0U);
  EXPECT_EQ(of_tile.replay->pe_tiles_checked, 2 * training_gemms_of_trace);
  for (std::size_t i = 0; i < of_pe.records.size(); ++i)
    for (const sim::Simulation* other : {&of_array, &of_tile})
      EXPECT_EQ(of_pe.records[i].tally.activity, other->records[i].tally.activity) << of_pe.records[i].layer;
}

/// The replay's results do not depend on which closed form is asked for: the same figures without models.
TEST(Replay, ClosedFormsNeedNoModel) {
  const traces::TraceReader reader = outside_trace();
  const sim::Simulation simulation = simulated(task_for({8, 8}, nullptr), reader);
  EXPECT_FALSE(simulation.replay.has_value());
  EXPECT_FALSE(simulation.total.activity.has_value());
  EXPECT_EQ(simulation.records.size(), training_gemms_of_trace);
  EXPECT_GT(simulation.total.use.cycles, 0U);
}

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

/// Blocks that cut k: every record's accumulators are summed from several passes, in the closed form's
/// cycles.
TEST(Replay, BlocksChangeTheOrderAndNoBit) {
  const traces::TraceReader reader = outside_trace();
  sim::ArrayModels models = sim::make_array_models({8, 8}, Fidelity::array);
  sim::SimulationTask task = task_for({8, 8}, &models);
  task.config.mapping = sim::Blocks{sim::LoopOrder::k_n_m, 24, 8, 10};
  const sim::Simulation simulation = simulated(task, reader);
  EXPECT_TRUE(simulation.replay->equal());
  EXPECT_EQ(simulation.replay->gemms_equal, training_gemms_of_trace);
  const sim::Simulation plain = simulated(task_for({8, 8}, nullptr), reader);
  EXPECT_GT(simulation.total.use.cycles, plain.total.use.cycles);
  EXPECT_EQ(simulation.total.use.macs, simulation.total.activity->macs);
  task.models = nullptr;
  task.config.mapping = sim::SearchedBlocks{};
  const sim::Simulation searched = simulated(task, reader);
  EXPECT_LE(searched.total.traffic.gemm_bytes(), plain.total.traffic.gemm_bytes());
  EXPECT_EQ(searched.total.compulsory, plain.total.compulsory);
  const Folder folder;
  base::write_whole_file(folder / "s.json", sim::simulation_json(searched));
  EXPECT_EQ(sim::simulation_json(sim::read_simulation(folder / "s.json", reader.manifest_sha256())),
            sim::simulation_json(searched));
}

/// By the definition, term by term: of a GEMM's MACs, those with an operand of value zero.
std::uint64_t zero_macs(const traces::TraceReader& reader, const sim::TrainingGemm& work) {
  const sim::RecordedOperands operands(reader, *work.record);
  const traces::GemmSize size = work.size();
  const auto is_zero = [](const traces::Operand& operand, std::int64_t at) {
    const auto index = static_cast<std::size_t>(at);
    const unsigned code = operand.codes[index / 2] >> (index % 2 * 4) & 0xF;
    return operand.encoding == traces::Encoding::fp4_e3m0 ? code % 8 == 0 : code == 0;
  };
  std::uint64_t zeros = 0;
  for (std::int64_t group = 0; group < size.groups; ++group)
    for (std::int64_t m = 0; m < size.m; ++m)
      for (std::int64_t k = 0; k < size.k; ++k) {
        const auto left = left_element(work.gemm, group, m, k);
        const bool is_left_zero = !left || is_zero(operands.left, *left);
        for (std::int64_t n = 0; n < size.n; ++n)
          for (const traces::Operand& right : operands.right)
            zeros += is_left_zero || is_zero(right, right_element(work.gemm, group, n, k));
      }
  return zeros;
}

std::uint64_t switching_macs(const sim::RecordResult& record) {
  for (const sim::EventCount& entry : record.events.entries())
    if (entry.component == sim::Component::pe_combinational) return entry.events;
  return 0;
}

/// Every fidelity charges the MACs whose operands are both not zero, record by record.
TEST(Replay, ZeroGatingChargesTheMacsThatSwitch) {
  const traces::TraceReader reader = outside_trace();
  const ArrayShape shape{8, 8};
  const std::vector<sim::TrainingGemm> work =
      sim::mapped_to(task_for(shape, nullptr).config, sim::trace_workload(reader));
  std::vector<sim::ArrayModels> models;
  for (const Fidelity fidelity : {Fidelity::array, Fidelity::tile})
    models.push_back(sim::make_array_models(shape, fidelity));
  std::uint64_t gated = 0;
  for (sim::ArrayModels& model : models) {
    sim::SimulationTask task = task_for(shape, &model);
    const sim::Simulation plain = simulated(task, reader);
    task.config.zero_gating = true;
    const sim::Simulation simulation = simulated(task, reader);
    EXPECT_TRUE(simulation.replay->equal());
    ASSERT_EQ(simulation.records.size(), work.size());
    for (std::size_t i = 0; i < work.size(); ++i) {
      const std::uint64_t macs = simulation.records[i].tally.use.macs;
      ASSERT_EQ(switching_macs(plain.records[i]), macs);
      ASSERT_EQ(switching_macs(simulation.records[i]), macs - zero_macs(reader, work[i])) << i;
      gated += macs - switching_macs(simulation.records[i]);
    }
    EXPECT_EQ(simulation.total.activity, plain.total.activity);
    EXPECT_LT(simulation.total.energy_pj[0].nominal, plain.total.energy_pj[0].nominal);
  }
  EXPECT_GT(gated, 0U);
  sim::SimulationTask without_values = task_for(shape, nullptr);
  without_values.config.name = "a";
  without_values.config.zero_gating = true;
  EXPECT_EQ(message_of([&] { simulated(without_values, reader); }),
            "a: /zero_gating: found true; expected a trace, or --values, and --fidelity pe, array or tile: "
            "without values no zero is known");
}

/// Operand bits that change, over those of uniform random operands: 4 with each MAC of 4-bit operands.
TEST(Replay, SwitchingIsChargedByTogglesWhereTheConfigSaysSo) {
  const traces::TraceReader reader = outside_trace();
  sim::ArrayModels models = sim::make_array_models({8, 8}, Fidelity::tile);
  sim::SimulationTask task = task_for({8, 8}, &models);
  task.config.switching = sim::Switching::toggles;
  const sim::Simulation simulation = simulated(task, reader);
  std::uint64_t charged = 0;
  for (const sim::RecordResult& record : simulation.records) {
    const rtl_models::Activity& activity = record.tally.activity.value();
    ASSERT_EQ(switching_macs(record), (activity.left_toggles + activity.right_toggles) / 4);
    charged += switching_macs(record);
  }
  EXPECT_GT(charged, 0U);
  EXPECT_LT(charged, simulation.total.use.macs) << "many operands are zero";
  sim::SimulationTask without_values = task_for({8, 8}, nullptr);
  without_values.config = task.config;
  without_values.config.name = "a";
  EXPECT_EQ(
      message_of([&] { simulated(without_values, reader); }),
      "a: /switching: found 'toggles'; expected a trace, or --values, and --fidelity pe, array or tile: "
      "without values "
      "no toggle is known");
}

sim::SimulationTask stalling_task(sim::ArrayModels* models) {
  sim::SimulationTask task = task_for({8, 8}, models);
  task.config.mapping = sim::Blocks{sim::LoopOrder::n_k_m, 24, 8, 30};
  task.config.buffering = sim::Buffering::doubled;
  task.config.dram_gib_per_s = 2;
  task.config.dram_details = sim::DramDetails{true, 40, 32, 0.9, 512, 12};
  return task;
}

TEST(Replay, EveryRecordWaitsInTheSimulatedMemoryAsInTheClosedForm) {
  const traces::TraceReader reader = outside_trace();
  sim::ArrayModels models = sim::make_array_models({8, 8}, Fidelity::array, {}, true);
  const sim::Simulation simulation = simulated(stalling_task(&models), reader);
  EXPECT_TRUE(simulation.replay->equal());
  sim::Stalls sum;
  for (const sim::RecordResult& record : simulation.records) sum += record.tally.stalls.value();
  EXPECT_EQ(simulation.total.stalls, sum);
  EXPECT_GT(sum.load_bound, 0U);
  EXPECT_GT(sum.store_bound, 0U);
  EXPECT_GT(sum.quantizers, 0U);
  const Folder folder;
  base::write_whole_file(folder / "s.json", sim::simulation_json(simulation));
  const sim::Simulation read = sim::read_simulation(folder / "s.json", reader.manifest_sha256());
  EXPECT_EQ(sim::simulation_json(read), sim::simulation_json(simulation));
  EXPECT_EQ(sim::simulation_csv(read), sim::simulation_csv(simulation));
  EXPECT_EQ(sim::simulation_table(read), sim::simulation_table(simulation));
}

TEST(Replay, BlocksThatNoBufferHoldsAreRefused) {
  const traces::TraceReader reader = outside_trace();
  sim::SimulationTask task = task_for({8, 8}, nullptr);
  task.config.mapping = sim::Blocks{sim::LoopOrder::m_n_k, 8, 8, 10};
  task.config.accumulator_kib = 0;
  EXPECT_EQ(message_of([&] { simulated(task, reader); }),
            task.config.name +
                ": layer conv_a, step 0, forward: /mapping/m: 8 x 7 results need 0.21875 KiB; expected "
                "at most 0 KiB, /buffers/accumulator_kib");
}

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

TEST(Simulate, StopsBetweenGemms) {
  const traces::TraceReader reader = outside_trace();
  sim::ArrayModels models = sim::make_array_models({8, 8}, Fidelity::array);
  sim::SimulationTask task = task_for({8, 8}, &models);
  int polls = 0;
  task.stops = [&] { return ++polls == 3; };
  EXPECT_THROW(simulated(task, reader), base::Interrupted);
  EXPECT_EQ(polls, 3);
}

TEST(SampleTiles, StayWithinTheBudgetAndRepeat) {
  const traces::TraceReader reader = outside_trace();
  const auto work = sim::training_gemms(reader.manifest(), {8, 8});
  const auto sampled = sim::sample_tiles(work, 64 * 1000);
  ASSERT_GT(sampled.size(), 10U);
  std::uint64_t cycles = 0;
  for (const sim::SampledTile& sample : sampled) {
    const sim::Mapping& mapping = work[sample.gemm].mapping;
    cycles += mapping.stream_length() + 2 * sample.tile.rows + sample.tile.columns - 2;
  }
  EXPECT_LE(cycles, 1000U);
  // The cheapest first, each GEMM once before any comes again, and every tile is one of its GEMM.
  std::set<std::size_t> seen;
  std::uint64_t longest = 0;
  for (const sim::SampledTile& sample : sampled) {
    const sim::Mapping& mapping = work[sample.gemm].mapping;
    EXPECT_TRUE(seen.insert(sample.gemm).second) << "45 GEMMs are more than 1000 cycles can hold";
    EXPECT_GE(mapping.stream_length(), longest);
    longest = mapping.stream_length();
    EXPECT_EQ(sample.tile.first_row % 8 + sample.tile.first_column % 8, 0U);
    EXPECT_EQ(sample.tile.rows, std::min<std::uint64_t>(8, mapping.m() - sample.tile.first_row));
    EXPECT_EQ(sample.tile.columns, std::min<std::uint64_t>(8, mapping.n() - sample.tile.first_column));
  }
  const auto again = sim::sample_tiles(work, 64 * 1000);
  ASSERT_EQ(again.size(), sampled.size());
  for (std::size_t i = 0; i < sampled.size(); ++i)
    EXPECT_EQ(again[i].tile.first_row, sampled[i].tile.first_row);
}

TEST(Workload, EveryQuantizerIsPricedOnce) {
  const traces::TraceReader reader = outside_trace();
  std::size_t quantizers = 0, recorded = 0;
  for (const sim::TrainingGemm& work : sim::training_gemms(reader.manifest(), {8, 8})) {
    quantizers += work.quantizers.size();
    if (work.layer == "linear_smp" && work.record->phase == Phase::backward_weight) {
      ASSERT_EQ(work.quantizers.size(), 3U) << "sample 0 came with backward_data";
      EXPECT_EQ(work.quantizers[0].elements, 19U * 21);
      EXPECT_FALSE(work.quantizers[0].measures_maximum);
    }
  }
  for (const traces::QuantizerRecord& record : reader.manifest().quantizers)
    recorded += record.pass == traces::Pass::train;
  EXPECT_EQ(quantizers, recorded);
}

TEST(Results, JsonFitsItsSchemaAndTotalsAreSums) {
  const traces::TraceReader reader = outside_trace();
  const JsonSchema schema("simulation");
  sim::ArrayModels models = sim::make_array_models({8, 8}, Fidelity::array);
  for (sim::ArrayModels* with : {&models, static_cast<sim::ArrayModels*>(nullptr)}) {
    const std::string text = sim::simulation_json(simulated(task_for({8, 8}, with), reader));
    EXPECT_EQ(schema.complaint(text), "");
    const auto json = nlohmann::json::parse(text);
    std::uint64_t cycles = 0, macs = 0, bytes = 0;
    double nominal = 0, of_components = 0;
    for (const auto& record : json["records"]) {
      cycles += record["cycles"].get<std::uint64_t>();
      macs += record["macs"].get<std::uint64_t>();
      bytes += record["bytes"]["left"].get<std::uint64_t>();
      nominal += record["energy_pj"]["7nm"]["nominal"].get<double>();
    }
    EXPECT_EQ(json["cycles"], cycles);
    EXPECT_EQ(json["macs"], macs);
    EXPECT_EQ(json["bytes"]["left"], bytes);
    const auto& technology = json["technologies"]["7nm"];
    for (const auto& component : technology["components"])
      of_components += component["energy_pj"]["nominal"].get<double>();
    EXPECT_NEAR(technology["energy_pj_nominal"], nominal, 1e-9 * nominal);
    EXPECT_NEAR(technology["energy_pj_nominal"], of_components, 1e-9 * nominal);
    EXPECT_LT(technology["energy_pj_low"], technology["energy_pj_nominal"]);
    EXPECT_LT(technology["energy_pj_nominal"], technology["energy_pj_high"]);
    EXPECT_EQ(json["activity"].is_null(), with == nullptr);
    EXPECT_EQ(json["replayed"], with != nullptr);
    EXPECT_EQ(json["config"], nlohmann::json(sim::to_json_object(task_for({8, 8}, nullptr).config)));
  }
}

/// A file is read back as it was written: every figure of it, replayed or not.
TEST(Results, WhatIsReadIsWrittenAgainByteForByte) {
  const traces::TraceReader reader = outside_trace();
  const Folder folder;
  auto models = sim::make_array_models({8, 8}, Fidelity::array);
  for (auto* with : {&models, static_cast<decltype(&models)>(nullptr)}) {
    sim::Simulation simulation = simulated(task_for({8, 8}, with), reader);
    simulation.provenance = {"quatrain sim 'a b'", "quatrain 7", {{"luq_32x32", "sha"}}};
    const std::string text = sim::simulation_json(simulation);
    base::write_whole_file(folder / "s.json", text);
    const sim::Simulation read = sim::read_simulation(folder / "s.json", reader.manifest_sha256());
    EXPECT_EQ(sim::simulation_json(read), text);
    EXPECT_EQ(sim::simulation_csv(read), sim::simulation_csv(simulation));
    EXPECT_EQ(sim::simulation_table(read), sim::simulation_table(simulation));
  }
}

/// The schema, which editors and users read, describes every figure with the words of the list.
TEST(Figures, TheSchemaDescribesEachOfThem) {
  const auto schema = nlohmann::json::parse(
      base::read_whole_file(QUATRAIN_SOURCE_DIR "/configs/schemas/simulation.schema.json"));
  const auto& definitions = schema["definitions"];
  for (const sim::Figure& figure : sim::figures()) {
    const std::string group(figure.group), name(figure.name);
    for (const auto& object : {schema, definitions["record"]}) {
      auto properties = object["properties"];
      if (group == "activity" || group == "stalls")
        properties = definitions[group]["oneOf"][1]["properties"];
      else if (!group.empty())
        properties = definitions[group]["properties"];
      ASSERT_TRUE(properties.contains(name)) << figure.column();
      EXPECT_EQ(properties[name]["description"], figure.description) << figure.column();
    }
  }
}

TEST(Results, CsvHasARowARecord) {
  const traces::TraceReader reader = outside_trace();
  const sim::Simulation simulation = simulated(task_for({8, 8}, nullptr), reader);
  const std::string csv = sim::simulation_csv(simulation);
  const std::string header = csv.substr(0, csv.find('\n'));
  EXPECT_EQ(std::ranges::count(csv, '\n'), 1 + static_cast<std::ptrdiff_t>(training_gemms_of_trace));
  EXPECT_TRUE(
      header.starts_with("step,layer,phase,m,n,k,groups,samples,count,tiles,cycles,macs,in_range_macs,"))
      << header;
  EXPECT_TRUE(
      header.ends_with(",energy_pj_7nm_low,energy_pj_7nm_nominal,energy_pj_7nm_high,energy_pj_45nm_low,"
                       "energy_pj_45nm_nominal,energy_pj_45nm_high,values"))
      << header;
  const std::string first =
      csv.substr(header.size() + 1, csv.find('\n', header.size() + 1) - header.size() - 1);
  EXPECT_TRUE(first.starts_with("0,conv_a,forward,429,7,45,1,1,1,54,3558,135135,")) << first;
  EXPECT_EQ(std::ranges::count(first, ','), std::ranges::count(header, ','));
}

TEST(Simulate, TwoTablesOfOneNameAreRefused) {
  const traces::TraceReader reader = outside_trace();
  sim::SimulationTask task = task_for({8, 8}, nullptr);
  task.technologies.push_back(task.technologies[0]);
  EXPECT_EQ(message_of([&] { simulated(task, reader); }),
            "two technology tables have the name '7nm'; expected different names");
}

}  // namespace
}  // namespace quatrain::tests
