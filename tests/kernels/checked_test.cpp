/// The shipped kernels with every access checked: clean, and with the oracle's bits.
#include "kernels/machine.hpp"
#include "tests/support/exact_oracle.hpp"
#include "tests/support/machine_results.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

TEST(CheckedKernels, AreCleanAndRight) {
  base::ThreadPool pool(1);
  const auto gemms = sharp_gemms();
  const auto quantizers = sharp_quantizers();
  for (const auto& offer : kernels::checked_simt_machine_offers()) {
    SCOPED_TRACE(offer.name);
    if (const auto reason = offer.why_not()) GTEST_SKIP() << *reason;
    const auto machine = offer.make(pool);
    EXPECT_EQ(machine->ran_on(), "CPU fibers, checked");
    EXPECT_THAT(differences(*machine, quantizers), testing::IsEmpty());
    EXPECT_THAT(differences(*machine, gemms), testing::IsEmpty());
  }
}

}  // namespace
}  // namespace quatrain::tests
