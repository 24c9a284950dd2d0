/// A finding of the runtime arrives as an error of ours. Compiled for the checks.
#include "kernels/platform.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quatrain::kernels::QUATRAIN_PLATFORM {
namespace {

__global__ void add(int* sum) { *sum += 1; }
constexpr int add_line = __LINE__ - 1;

TEST(CheckedDevice, AFindingIsAnErrorWithItsLines) {
  base::ThreadPool pool(2);
  Device device(pool, {});
  EXPECT_EQ(device.name(), "CPU fibers, checked");
  Buffer<int> sum;
  device.prepare(sum, 1);
  device.clear(sum);
  device.launch("add", add, dim3(1), dim3(1), sum.data());
  try {
    device.launch("add", add, dim3(2), dim3(1), sum.data());
    ADD_FAILURE() << "nothing was thrown";
  } catch (const base::Error& error) {
    const std::string place = " (checked_device_test.cpp:" + std::to_string(add_line) + ")";
    EXPECT_EQ(
        error.what(),
        "kernel add, block (1, 0, 0): race on byte 0 of a buffer of 4 bytes: thread 0 of block (0, 0, 0) "
        "wrote it" +
            place + ", thread 0 reads it" + place);
  }
}

}  // namespace
}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
