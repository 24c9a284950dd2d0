/// The kernels on a GPU: everything that the SIMT build is held to. Skips, with the reason, without one.
#include "kernels/gemm/rungs.hpp"
#include "kernels/machine.hpp"
#include "tests/support/exact_oracle.hpp"
#include "tests/support/machine_results.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/trace_runs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

class CudaMachines : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto& offer : kernels::cuda_machine_offers()) {
      if (const auto why_not = offer.why_not()) GTEST_SKIP() << *why_not;
      machines_.push_back(offer.make(pool_));
    }
    ASSERT_EQ(machines_.size(), std::size(kernels::ladder));
  }
  base::ThreadPool pool_{1};
  std::vector<std::unique_ptr<traces::Machine>> machines_;
};

TEST_F(CudaMachines, GiveTheOraclesBits) {
  const auto quantizers = sharp_quantizers();
  const auto gemms = sharp_gemms(), longest = longest_gemms();
  for (const auto& machine : machines_) {
    SCOPED_TRACE(machine->name());
    EXPECT_THAT(differences(*machine, quantizers), testing::IsEmpty());
    EXPECT_THAT(differences(*machine, gemms), testing::IsEmpty());
    EXPECT_THAT(differences(*machine, longest), testing::IsEmpty());
  }
}

TEST_F(CudaMachines, AgreeWithTheOutsideTrace) {
  const traces::TraceReader trace(QUATRAIN_SOURCE_DIR "/tests/data/outside_trace");
  for (const auto& machine : machines_) EXPECT_EQ(expect_trace(*machine, trace).gemms, 47) << machine->name();
}

/// Sizes of a real layer, where blocks of several multiprocessors add to one accumulator.
TEST_F(CudaMachines, AgreeWithTheDefinitionOnLargeLayers) {
  traces::Geometry g;
  g.batch = 16, g.in_channels = 24, g.height = g.width = 14, g.out_channels = 40;
  g.kernel_height = g.kernel_width = 3, g.stride_height = g.stride_width = 2,
  g.padding_height = g.padding_width = 1;
  g = with_output(g);
  for (const Mode& mode : five_modes) {
    const unsigned samples = mode.phase == traces::Phase::backward_weight ? 2 : 1;
    const GemmCase c = random_case({mode.phase, g}, mode.left, mode.right, samples, 1);
    const auto expected = exact::accumulators(c);
    for (const auto& machine : machines_)
      for (int run = 0; run < 3; ++run)
        EXPECT_EQ(multiply(*machine, c).accumulators, expected) << machine->name();
  }
}

TEST_F(CudaMachines, RefuseWhatIsIllegal) {
  for (const auto& machine : machines_) {
    for (const RefusedQuantizer& refused : refused_quantizers()) {
      const std::string message = message_of([&] { machine->quantize(task_of(refused.c)); });
      for (const std::string& word : refused.named)
        EXPECT_THAT(message, testing::HasSubstr(word)) << refused.name;
    }
    for (const RefusedGemm& refused : refused_gemms()) {
      const std::string message = message_of([&] { multiply(*machine, refused.c); });
      for (const std::string& word : refused.named)
        EXPECT_THAT(message, testing::HasSubstr(word)) << refused.name;
    }
  }
}

/// On every computer: an offer for each rung, each with its machine or with one and the same reason.
TEST(CudaDevice, IsThereOrTheReasonIsGiven) {
  const auto offers = kernels::cuda_machine_offers();
  ASSERT_EQ(offers.size(), std::size(kernels::ladder));
  for (std::size_t i = 0; i < offers.size(); ++i) {
    EXPECT_EQ(offers[i].name, fmt::format("cuda.{}", kernels::ladder[i].name));
    EXPECT_EQ(offers[i].why_not(), offers[0].why_not());
  }
  if (const auto why_not = offers[0].why_not()) {
    EXPECT_THAT(*why_not, testing::AnyOf("no CUDA device", testing::StartsWith("no kernel for "),
                                         testing::StartsWith("built without ")));
    return;
  }
  base::ThreadPool pool(1);
  for (const auto& offer : offers) {
    const auto machine = offer.make(pool);
    EXPECT_EQ(machine->name(), offer.name);
    EXPECT_NE(machine->ran_on(), "");
  }
}

}  // namespace
}  // namespace quatrain::tests
