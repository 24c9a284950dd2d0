/// A training run with other machines beside it, or in the emulator's place.
#include "sim/verify/step_check.hpp"

#include "emu/machine.hpp"
#include "kernels/machine.hpp"
#include "sim/verify/cross_check.hpp"
#include "tests/emu/nn/tiny_run.hpp"
#include "tests/faults/emu_faults.hpp"
#include "tests/faults/kernel_faults.hpp"
#include "traces/format/check.hpp"

#include <gmock/gmock.h>

#include <set>

namespace quatrain::sim {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class StepChecks : public tests::TinyRun {
 protected:
  void SetUp() override {
    TinyRun::SetUp();
    for (const traces::MachineOffer& offer : kernels::simt_machine_offers())
      if (offer.name == "simt.tiled") tiled_ = offer.make(pool_);
  }

  emu::TrainingOptions one_epoch(const std::string& name) const {
    emu::TrainingOptions run = options(name);
    run.config.epochs = 1;
    return run;
  }
  /// `checked` and `run` must stay where they are.
  void watch(emu::TrainingOptions& run, std::vector<CheckedBeside>& checked) {
    run.watch = [this, &run, &checked](const std::filesystem::path& directory) {
      return std::make_unique<StepCheck>(run.config, checked, *blocked_, directory);
    };
  }
  /// What the check says of a machine; "" where it is equal in all records of an epoch.
  std::string complaint(const std::string& name, traces::Machine& machine) {
    emu::TrainingOptions run = one_epoch(name);
    std::vector<CheckedBeside> checked = {{.machine = machine}};
    watch(run, checked);
    try {
      train(run);
    } catch (const MachinesDiffer& difference) {
      return difference.what();
    }
    return "";
  }

  base::ThreadPool pool_{2};
  std::unique_ptr<traces::Machine> naive_ = emu::make_naive_machine();
  std::unique_ptr<traces::Machine> blocked_ = emu::make_blocked_machine(pool_);
  std::unique_ptr<traces::Machine> tiled_;
};

TEST_F(StepChecks, EveryMachineGivesTheSameState) {
  const std::vector<std::string> expected = hashes(train(one_epoch("in_place")).epochs);
  for (traces::Machine* machine : {naive_.get(), blocked_.get(), tiled_.get()}) {
    emu::TrainingOptions run = one_epoch(machine->name());
    run.machine = machine;
    EXPECT_EQ(hashes(train(run).epochs), expected) << machine->name();
    EXPECT_THAT(base::read_whole_file(run.run_directory / "log.txt"),
                HasSubstr("quantizers and 4-bit products on " + machine->name()));
  }
}

TEST_F(StepChecks, EveryRecordOfEveryStepIsChecked) {
  emu::TrainingOptions run = one_epoch("checked");
  std::vector<CheckedBeside> checked = {{.machine = *naive_}, {.machine = *tiled_}};
  watch(run, checked);
  EXPECT_EQ(hashes(train(run).epochs), hashes(train(one_epoch("alone")).epochs));
  for (const CheckedBeside& beside : checked) {
    // three layers; a step makes 4 quantizations (two samples) and 3 products, one of the 3 test batches 2
    // and 1
    EXPECT_EQ(beside.quantizers, 3U * (6 * 4 + 3 * 2));
    EXPECT_EQ(beside.gemms, 3U * (6 * 3 + 3 * 1));
    EXPECT_EQ(beside.unsupported, 0U);
  }
}

TEST_F(StepChecks, ARunOnAMachineThatRefusesIsRefused) {
  class NoLuq final : public traces::Machine {
   public:
    std::string name() const override { return "no_luq"; }
    std::string ran_on() const override { return ""; }
    traces::Refusal refuses(const traces::Gemm&, traces::Encoding, traces::Encoding) const override {
      return std::nullopt;
    }
    traces::Refusal refuses(traces::Rule rule) const override {
      return rule == traces::Rule::luq_fp4 ? traces::Refusal("no random draws") : std::nullopt;
    }
    traces::QuantizerResult quantize(const traces::QuantizerTask&) override { return {}; }
    traces::GemmResult multiply(const traces::Gemm&, const traces::Operand&,
                                std::span<const traces::Operand>) override {
      return {};
    }
  } machine;
  emu::TrainingOptions run = options("refused");
  run.machine = &machine;
  try {
    train(run);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(), "no_luq cannot train tiny: luq_fp4 of layer conv2: no random draws");
  }
  EXPECT_FALSE(std::filesystem::exists(run.run_directory));
}

/// A record that `verify` finds different says the same there.
TEST_F(StepChecks, TheRecordIsLeftAsATraceThatVerifyReads) {
  for (const tests::PlantedFault& fault : tests::emu_faults()) {
    const std::set<std::string> shown = {"emu.blocked/wrong_product", "emu.naive/threshold_from_u",
                                         "emu.blocked/samples_not_divided", "emu.naive/missing_clamp"};
    if (!shown.contains(fault.id)) continue;
    const std::unique_ptr<traces::Machine> machine = fault.make();
    const std::string name = fault.id.substr(fault.id.find('/') + 1);
    const std::string said = complaint(name, *machine);
    const std::filesystem::path directory = folder_ / name / "difference";
    ASSERT_THAT(said, StartsWith(fault.machine + " first difference: layer ")) << fault.id;
    EXPECT_THAT(said, HasSubstr("; the record is the trace " + directory.string()));
    base::SilentProgress progress;
    const traces::TraceReader trace = traces::check_trace(directory, progress);
    std::vector<Candidate> candidates(2);
    candidates[0].name = "emu.blocked";
    candidates[0].machine = blocked_.get();
    candidates[1].name = fault.machine;
    candidates[1].machine = machine.get();
    const CrossCheck check = cross_check(trace, candidates, {}, progress);
    EXPECT_EQ(check.machines[0].verdict(), Verdict::equal);
    ASSERT_TRUE(check.machines[1].first_difference) << fault.id;
    EXPECT_THAT(said, HasSubstr(describe(*check.machines[1].first_difference)));
    const emu::RunFile file = emu::read_run_file(folder_ / name).value();
    EXPECT_EQ(file.state, emu::RunState::stopped);
    EXPECT_EQ(file.reason, said);
  }
}

/// Mistakes that six steps of a small network reach; the others need the sharp cases of tests/exact/.
TEST_F(StepChecks, PlantedFaultsAreFound) {
  const std::set<std::string> reached = {
      "draw_index_off_by_one", "threshold_from_u", "missing_clamp",   "wrong_product",
      "skipped_last_k",        "swapped_nibble",   "stale_panel",     "samples_not_divided",
      "scale_one_ulp",         "sign_lost",        "padding_repeats", "stale_tile",
      "missing_barrier",       "lost_split",       "swapped_packing", "maximum_of_values",
      "all_elements_counted",  "draw_not_centred", "wrong_draw"};
  auto faults = tests::emu_faults();
  for (auto& fault : tests::kernel_faults()) faults.push_back(fault);
  std::size_t tried = 0;
  for (const tests::PlantedFault& fault : faults) {
    const std::string name = fault.id.substr(fault.id.find('/') + 1);
    if (!reached.contains(name)) continue;
    ++tried;
    EXPECT_THAT(complaint(fault.machine + "_" + name, *fault.make()),
                StartsWith(fault.machine + " first difference: layer "))
        << fault.id;
  }
  EXPECT_GE(tried, reached.size());
}

}  // namespace
}  // namespace quatrain::sim
