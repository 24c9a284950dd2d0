#include "emu/nn/step_profile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace quatrain::emu {
namespace {

TEST(StepProfile, AnOperationInsideAnotherIsCountedOnce) {
  using namespace std::chrono;
  StepProfile profile;
  const auto start = steady_clock::now();
  {
    const ProfiledPart outer(&profile, "outer");
    for (int i = 0; i < 2; ++i) {
      const ProfiledPart inner(&profile, "inner");
      std::this_thread::sleep_for(milliseconds(5));
    }
    { const ProfiledPart other(&profile, "other"); }
  }
  const double elapsed = duration<double>(steady_clock::now() - start).count();
  const auto& operations = profile.operations();
  ASSERT_EQ(operations.size(), 3U);
  EXPECT_EQ(operations[0].name, "outer");
  EXPECT_EQ(operations[1].name, "inner");
  EXPECT_EQ(operations[2].name, "other");
  EXPECT_EQ(operations[0].calls, 1);
  EXPECT_EQ(operations[1].calls, 2);
  EXPECT_EQ(operations[2].calls, 1);
  EXPECT_GE(operations[1].seconds, 0.010) << "a sleep is at least as long as it says";
  double sum = 0;
  for (const ProfiledOperation& operation : operations) sum += operation.seconds;
  EXPECT_LE(sum, elapsed);
  EXPECT_LE(operations[0].seconds, elapsed - 0.010);
}

}  // namespace
}  // namespace quatrain::emu
