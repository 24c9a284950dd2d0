/// The shipped kernels with every access checked: clean, and with the oracle's bits.
#include "kernels/gemm/rungs.hpp"
#include "kernels/machine.hpp"
#include "tests/support/exact_oracle.hpp"
#include "tests/support/machine_results.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

/// Checks cost some thirty times the time: long sums are left to the other tests.
std::vector<SharpGemm> short_gemms() {
  constexpr std::int64_t most_macs = 20'000;
  auto gemms = sharp_gemms();
  std::erase_if(gemms, [](const SharpGemm& sharp) {
    const traces::GemmSize size = traces::gemm_size(sharp.c.gemm.phase, sharp.c.gemm.geometry);
    return size.m * size.n * size.k * size.groups * static_cast<std::int64_t>(sharp.c.right.size()) >
           most_macs;
  });
  return gemms;
}

class CheckedRung : public testing::TestWithParam<std::size_t> {};

TEST_P(CheckedRung, IsCleanAndRight) {
  base::ThreadPool pool(1);
  const auto offer = kernels::checked_simt_machine_offers().at(GetParam());
  if (const auto reason = offer.why_not()) GTEST_SKIP() << *reason;
  const auto machine = offer.make(pool);
  EXPECT_EQ(machine->ran_on(), "CPU fibers, checked");
  EXPECT_THAT(differences(*machine, sharp_quantizers()), testing::IsEmpty());
  EXPECT_THAT(differences(*machine, short_gemms()), testing::IsEmpty());
}
INSTANTIATE_TEST_SUITE_P(Ladder, CheckedRung, testing::Range<std::size_t>(0, std::size(kernels::ladder)),
                         [](const auto& rung) { return std::string(kernels::ladder[rung.param].name); });

}  // namespace
}  // namespace quatrain::tests
