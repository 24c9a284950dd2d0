#include "tests/kernels/simt/error_of.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simt/device.hpp"
#include <array>
#include <numeric>
#include <regex>

/// Kernels live in the runtime's namespace, as ours do: they find threadIdx and __syncthreads by their names.
namespace simt {
namespace {

constexpr std::array all_orders{ThreadOrder::first_to_last, ThreadOrder::last_to_first, ThreadOrder::shuffled,
                                ThreadOrder::warps_interleaved};

/// Launches on `threads` OS threads.
class Launcher {
 public:
  explicit Launcher(const Options& options = {}, unsigned threads = 2)
      : pool_(threads), device_(pool_, options) {}
  template <typename... Parameters, typename... Arguments>
  void operator()(void (*kernel)(Parameters...), dim3 grid, dim3 block, Arguments... arguments) {
    device_.launch("kernel", kernel, grid, block, arguments...);
  }

 private:
  StandardThreads pool_;
  Device device_;
};

void count_visits(int* visits) {
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  visits[block * blockDim.x * blockDim.y * blockDim.z + thread] += 1;
}

TEST(SimtRuntime, EveryThreadOfEveryBlockRunsOnce) {
  for (const unsigned threads : {1U, 2U, 7U})
    for (const ThreadOrder order : all_orders) {
      std::vector<int> visits(3 * 4 * 5 * 7 * 3 * 2);
      Launcher({order, 1}, threads)(count_visits, dim3(3, 4, 5), dim3(7, 3, 2), visits.data());
      EXPECT_THAT(visits, testing::Each(1));
    }
}

void write_order(unsigned* order, unsigned* next) { order[(*next)++] = threadIdx.x; }

std::vector<unsigned> order_of_threads(const Options& options, unsigned threads) {
  std::vector<unsigned> order(threads);
  unsigned next = 0;
  Launcher(options, 1)(write_order, dim3(1), dim3(threads), order.data(), &next);
  return order;
}

TEST(SimtRuntime, OrdersAreWhatTheirNamesSay) {
  std::vector<unsigned> rising(70);
  std::iota(rising.begin(), rising.end(), 0U);
  EXPECT_EQ(order_of_threads({ThreadOrder::first_to_last, 1}, 70), rising);
  EXPECT_EQ(order_of_threads({ThreadOrder::last_to_first, 1}, 70),
            std::vector<unsigned>(rising.rbegin(), rising.rend()));
  const auto interleaved = order_of_threads({ThreadOrder::warps_interleaved, 1}, 70);
  EXPECT_THAT(std::vector<unsigned>(interleaved.begin(), interleaved.begin() + 7),
              testing::ElementsAre(0, 32, 64, 1, 33, 65, 2));
  EXPECT_THAT(interleaved, testing::UnorderedElementsAreArray(rising));
  const auto shuffled = order_of_threads({ThreadOrder::shuffled, 1}, 70);
  EXPECT_THAT(shuffled, testing::UnorderedElementsAreArray(rising));
  EXPECT_NE(shuffled, rising);
  EXPECT_EQ(shuffled, order_of_threads({ThreadOrder::shuffled, 1}, 70)) << "the seed decides";
  EXPECT_NE(shuffled, order_of_threads({ThreadOrder::shuffled, 2}, 70));
}

struct Exchange {
  unsigned value[64];
};

/// Each thread reads what its opposite wrote, in two rounds; a barrier may be missing.
template <bool after_write, bool after_read>
void exchange(unsigned* result) {
  auto& shared = shared_memory<Exchange>();
  const unsigned thread = threadIdx.x, opposite = 63 - thread;
  unsigned sum = 0;
  for (unsigned round = 1; round <= 2; ++round) {
    shared.value[thread] = round * 1000 + thread;
    if (after_write) __syncthreads();
    sum += shared.value[opposite];
    if (after_read) __syncthreads();
  }
  result[blockIdx.x * 64 + thread] = sum;
}

template <bool after_write, bool after_read>
unsigned orders_with_wrong_results() {
  unsigned wrong = 0;
  for (const ThreadOrder order : all_orders) {
    std::vector<unsigned> result(3 * 64), expected(3 * 64);
    for (unsigned i = 0; i < 3 * 64; ++i) expected[i] = 3000 + 2 * (63 - i % 64);
    Launcher({order, 1})(exchange<after_write, after_read>, dim3(3), dim3(64), result.data());
    if (result != expected) ++wrong;
  }
  return wrong;
}

TEST(SimtRuntime, BarriersMakeTheOrderOfThreadsIrrelevant) {
  EXPECT_EQ((orders_with_wrong_results<true, true>()), 0U);
}
TEST(SimtRuntime, MissingBarrierBeforeAReadShows) {
  EXPECT_GE((orders_with_wrong_results<false, true>()), 1U);
}
TEST(SimtRuntime, MissingBarrierBeforeReuseShows) {
  EXPECT_GE((orders_with_wrong_results<true, false>()), 1U);
}

void copy_shared(unsigned* result) {
  auto& shared = shared_memory<Exchange>();
  result[blockIdx.x * 64 + threadIdx.x] = shared.value[threadIdx.x];
  shared.value[threadIdx.x] = 7;
}

TEST(SimtRuntime, SharedMemoryIsPoisonedBeforeEachBlock) {
  constexpr unsigned blocks = 300;  // several in one run of a thread
  std::vector<unsigned> result(blocks * 64);
  Launcher()(copy_shared, dim3(blocks), dim3(64), result.data());
  EXPECT_THAT(result, testing::Each(0xCDCDCDCDU));
}

TEST(SimtDevice, MemoryIsPoisonedWhenPrepared) {
  StandardThreads pool(1);
  Device device(pool, {});
  Buffer<std::uint16_t> buffer;
  const std::array<std::uint16_t, 2> values{1, 2};
  device.prepare(buffer, 3);
  device.upload(buffer, 1, std::span<const std::uint16_t>(values));
  std::vector<std::uint16_t> found(3);
  device.download(std::span(found), buffer);
  EXPECT_THAT(found, testing::ElementsAre(0xCDCD, 1, 2));
  device.prepare(buffer, 2);
  EXPECT_THAT(std::vector<std::uint16_t>(buffer.data(), buffer.data() + 2), testing::Each(0xCDCD));
  device.clear(buffer);
  EXPECT_THAT(std::vector<std::uint16_t>(buffer.data(), buffer.data() + 2), testing::Each(0));
}

void reverse_in_warp(unsigned* result) {
  const unsigned lane = threadIdx.x % 32;
  const auto wide = 0x100000000ULL + threadIdx.x;
  const auto from_opposite = __shfl_sync(~0U, wide, 31 - lane);
  unsigned sum = lane;
  for (unsigned lanes = 16; lanes > 0; lanes /= 2) sum += __shfl_xor_sync(~0U, sum, lanes);
  result[threadIdx.x] = static_cast<unsigned>(from_opposite - 0x100000000ULL) + 1000 * sum;
}

TEST(SimtWarp, ShufflesGiveWhatCudaSays) {
  for (const ThreadOrder order : all_orders) {
    std::vector<unsigned> result(96), expected(96);
    for (unsigned i = 0; i < 96; ++i) expected[i] = i / 32 * 32 + 31 - i % 32 + 1000 * 496;
    Launcher({order, 1})(reverse_in_warp, dim3(1), dim3(96), result.data());
    EXPECT_EQ(result, expected);
  }
}

/// Even and odd lanes meet in branches of their own; the warp is not full.
void shuffle_in_branches(int* result) {
  const unsigned lane = threadIdx.x;
  const int value = static_cast<int>(lane) - 10;
  if (lane % 2 == 0)
    result[lane] = __shfl_sync(0x55555555U, value, (lane + 2) % 20);
  else
    result[lane] = __shfl_sync(0xAAAAAAAAU, value, 1);
}

TEST(SimtWarp, PartialMasksMeetInTheirOwnBranches) {
  std::vector<int> result(20), expected(20);
  for (int i = 0; i < 20; ++i) expected[static_cast<std::size_t>(i)] = i % 2 == 0 ? (i + 2) % 20 - 10 : -9;
  Launcher()(shuffle_in_branches, dim3(1), dim3(20), result.data());
  EXPECT_EQ(result, expected);
}

void add_and_bound(int* sum, unsigned* most, unsigned long long* least) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  atomicAdd(sum, i % 2 == 0 ? 3 : -1);
  atomicMax(most, i * 7 % 10007);
  atomicMin(least, 500ULL + i * 7 % 10007);
}

TEST(SimtRuntime, AtomicsAreExactAcrossBlocks) {
  int sum = 0;
  unsigned most = 0, expected_most = 0;
  unsigned long long least = ~0ULL, expected_least = ~0ULL;
  for (unsigned i = 0; i < 128 * 64; ++i) {
    expected_most = std::max(expected_most, i * 7 % 10007);
    expected_least = std::min(expected_least, 500ULL + i * 7 % 10007);
  }
  Launcher({}, 7)(add_and_bound, dim3(128), dim3(64), &sum, &most, &least);
  EXPECT_EQ(sum, 128 * 64);
  EXPECT_EQ(most, expected_most);
  EXPECT_EQ(least, expected_least);
}

/// A buffer after a launch on 2 OS threads; it holds zeros before.
template <typename... Arguments>
std::vector<int> buffer_after(void (*kernel)(int*, Arguments...), std::size_t size, dim3 grid, dim3 block,
                              const Options& options, Arguments... arguments) {
  StandardThreads pool(2);
  Device device(pool, options);
  Buffer<int> buffer;
  std::vector<int> values(size);
  device.prepare(buffer, size);
  device.clear(buffer);
  device.launch("kernel", kernel, grid, block, buffer.data(), arguments...);
  device.download(std::span(values), buffer);
  return values;
}

void add_with_atomics(int* sums, unsigned size) {
  for (unsigned i = threadIdx.x; i < size; i += 32) atomicAdd(sums + i, 1 + static_cast<int>(blockIdx.x));
}
void add_without_atomics(int* sums, unsigned size) {
  for (unsigned i = threadIdx.x; i < size; i += 32) sums[i] += 1 + static_cast<int>(blockIdx.x);
}

/// One word and a large buffer: kept apart by thread and by block. The launch shape is an ordinary one.
TEST(SimtDevice, ALostAtomicBetweenBlocksShowsInEveryRun) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "the kernel races on purpose";
#endif
  for (const ThreadOrder order : all_orders)
    for (const unsigned size : {1U, 5000U}) {
      EXPECT_THAT(buffer_after(add_with_atomics, size, dim3(4), dim3(32), {order, 1}, size),
                  testing::Each(1 + 2 + 3 + 4));
      EXPECT_THAT(buffer_after(add_without_atomics, size, dim3(4), dim3(32), {order, 1}, size),
                  testing::Each(testing::AllOf(testing::Ge(1), testing::Le(4))))
          << "one block's sum is left";
    }
}

void bound_without_atomics(int* most) {
  int largest = static_cast<int>(threadIdx.x);
  for (unsigned lanes = 16; lanes > 0; lanes /= 2) {
    const int other = __shfl_xor_sync(~0U, largest, lanes);
    largest = largest > other ? largest : other;
  }
  if (threadIdx.x % 32 == 0 && largest > *most) *most = largest;
}

/// Eight warps, each with its own maximum: all of them compare with the zero of before, and the last one
/// stays.
TEST(SimtDevice, ALostAtomicBetweenWarpsShows) {
  EXPECT_THAT(buffer_after(bound_without_atomics, 1, dim3(1), dim3(256), {ThreadOrder::last_to_first, 1}),
              testing::ElementsAre(31));
  unsigned wrong = 0;
  for (unsigned seed = 1; seed <= 8; ++seed)
    wrong +=
        buffer_after(bound_without_atomics, 1, dim3(1), dim3(256), {ThreadOrder::shuffled, seed})[0] != 255;
  EXPECT_GE(wrong, 4U);
}

/// A thread reads its own store after a shuffle, all others after a barrier and not before.
void store_and_read(int* values) {
  const unsigned thread = threadIdx.x, opposite = 63 - thread;
  values[thread] = static_cast<int>(thread) + 100;
  const int before = values[opposite];
  __shfl_sync(~0U, 0, 0);
  const int own = values[thread];
  __syncthreads();
  values[64 + thread] = values[opposite];
  values[128 + thread] = before;
  values[192 + thread] = own;
}

TEST(SimtDevice, StoresOfOtherThreadsArriveAtTheBarrier) {
  std::vector<int> expected(256);
  for (int i = 0; i < 64; ++i) {
    const auto at = static_cast<std::size_t>(i);
    expected[at] = expected[192 + at] = 100 + i;
    expected[64 + at] = 100 + 63 - i;
  }
  for (const ThreadOrder order : all_orders)
    EXPECT_EQ(buffer_after(store_and_read, 256, dim3(1), dim3(64), {order, 1}), expected);
}

void store_own_element(int* values) {
  values[blockIdx.x * blockDim.x + threadIdx.x] += 1 + static_cast<int>(blockIdx.x);
}

/// Kept apart by thread, by block and not at all: no store is lost.
TEST(SimtDevice, EveryStoreArrives) {
  for (const unsigned blocks : {2U, 20U, 2000U}) {
    std::vector<int> expected;
    for (unsigned i = 0; i < blocks * 64; ++i) expected.push_back(1 + static_cast<int>(i / 64));
    EXPECT_EQ(buffer_after(store_own_element, blocks * 64, dim3(blocks), dim3(64), {}), expected);
  }
}

void store_behind(int* values, unsigned at) { values[at] = 0; }

TEST(SimtDevice, AStoreBehindABufferIsReported) {
  for (const unsigned size : {3U, 5000U}) {
    EXPECT_EQ(message_of([&] { buffer_after(store_behind, size, dim3(1), dim3(1), {}, size - 1); }),
              "nothing was thrown");
    EXPECT_EQ(message_of([&] { buffer_after(store_behind, size, dim3(1), dim3(1), {}, size); }),
              fmt::format("kernel kernel: wrote byte {0} of a buffer of {0} bytes", 4 * size));
  }
}

constexpr int barrier_line = __LINE__ + 2;
void wait_in_block() {  // the barrier of some threads of the kernels below
  __syncthreads();
}
void exit_early() {
  if (threadIdx.x < 40) wait_in_block();
}
void meet_at_two_barriers() {
  if (threadIdx.x < 40)
    wait_in_block();
  else
    __syncthreads();
}
constexpr int second_line = __LINE__ - 2;
void wait_for_lane_that_waits_for_the_block() {
  if (threadIdx.x == 5)
    wait_in_block();
  else
    __shfl_sync(~0U, 0, 0);
}
constexpr int warp_line = __LINE__ - 2;
void read_from_lane_outside() {
  if (threadIdx.x < 4) __shfl_sync(0xFU, threadIdx.x, 9);
}
constexpr int shuffle_line = __LINE__ - 2;
void use_a_mask_without_itself() { __shfl_sync(0xEU, 0, 1); }
constexpr int mask_line = __LINE__ - 1;
void ask_for_two_types() {
  shared_memory<Exchange>();
  shared_memory<int>();
}

void meet_at_two_barriers_of_one_line() { threadIdx.x < 40 ? __syncthreads() : __syncthreads(); }
void shuffle_at_two_places_of_one_line() {
  threadIdx.x < 16 ? __shfl_sync(~0U, 0, 0) : __shfl_sync(~0U, 0, 1);
}

/// Places without their columns.
std::string message_of_kernel(void (*kernel)(), dim3 grid, dim3 block, ThreadOrder order) {
  const std::string message = message_of([&] { Launcher({order, 1}, 1)(kernel, grid, block); });
  return std::regex_replace(message, std::regex("(cpp:[0-9]+):[0-9]+"), "$1");
}

TEST(SimtRuntime, ThreadsThatExitBeforeABarrierAreReported) {
  for (const ThreadOrder order : all_orders)
    EXPECT_EQ(
        message_of_kernel(exit_early, dim3(2), dim3(64), order),
        fmt::format("kernel kernel, block (0, 0, 0): the threads wait for each other: 0-39 at __syncthreads "
                    "(runtime_test.cpp:{}), 40-63 exited",
                    barrier_line));
}
TEST(SimtRuntime, ThreadsAtDifferentBarriersAreReported) {
  for (const ThreadOrder order : all_orders)
    EXPECT_EQ(
        message_of_kernel(meet_at_two_barriers, dim3(1), dim3(41), order),
        fmt::format("kernel kernel, block (0, 0, 0): the threads wait for each other: 0-39 at __syncthreads "
                    "(runtime_test.cpp:{}), 40 at __syncthreads (runtime_test.cpp:{})",
                    barrier_line, second_line));
}
TEST(SimtRuntime, ThreadsAtTwoBarriersOfOneLineAreReported) {
  for (const ThreadOrder order : all_orders)
    EXPECT_THAT(message_of([&] {
                  Launcher({order, 1}, 1)(meet_at_two_barriers_of_one_line, dim3(1), dim3(64));
                }),
                testing::MatchesRegex("kernel kernel, block \\(0, 0, 0\\): the threads wait for each other: "
                                      "0-39 at __syncthreads \\(runtime_test.cpp:[0-9]+:[0-9]+\\), "
                                      "40-63 at __syncthreads \\(runtime_test.cpp:[0-9]+:[0-9]+\\)"));
}
TEST(SimtWarp, LanesAtTwoShufflesOfOneLineAreReported) {
  EXPECT_THAT(
      message_of_kernel(shuffle_at_two_places_of_one_line, dim3(1), dim3(32), ThreadOrder::shuffled),
      testing::MatchesRegex(".*: the threads wait for each other: 0-15 at a warp collective .*, 16-31 at a "
                            "warp collective .*"));
}
void shuffle_with_two_masks_on_one_line() {
  threadIdx.x < 16 ? __shfl_sync(0x1FFFFU, 0, 0) : __shfl_sync(~0U, 0, 0);
}
constexpr int masks_line = __LINE__ - 2;

/// Lane 16 is in both masks: each half waits for the other.
TEST(SimtWarp, MasksThatDoNotFitAreReported) {
  for (const ThreadOrder order : all_orders)
    EXPECT_EQ(
        message_of_kernel(shuffle_with_two_masks_on_one_line, dim3(1), dim3(32), order),
        fmt::format(
            "kernel kernel, block (0, 0, 0): the threads wait for each other: 0-15 at a warp collective of "
            "mask 0x0001ffff (runtime_test.cpp:{0}), 16-31 at a warp collective (runtime_test.cpp:{0})",
            masks_line));
}
TEST(SimtRuntime, DeadlockIsReported) {
  for (const ThreadOrder order : all_orders)
    EXPECT_EQ(
        message_of_kernel(wait_for_lane_that_waits_for_the_block, dim3(1), dim3(32), order),
        fmt::format("kernel kernel, block (0, 0, 0): the threads wait for each other: 0-4 at a warp "
                    "collective (runtime_test.cpp:{0}), 5 at __syncthreads (runtime_test.cpp:{1}), 6-31 at a "
                    "warp collective (runtime_test.cpp:{0})",
                    warp_line, barrier_line));
}
TEST(SimtWarp, ShuffleFromALaneThatTakesNoPartIsReported) {
  EXPECT_EQ(
      message_of_kernel(read_from_lane_outside, dim3(1), dim3(32), ThreadOrder::shuffled),
      fmt::format("kernel kernel, block (0, 0, 0): thread 0 reads from lane 9, which takes no part in the "
                  "shuffle (runtime_test.cpp:{})",
                  shuffle_line));
}
TEST(SimtWarp, MaskWithoutTheCallerIsReported) {
  EXPECT_EQ(
      message_of_kernel(use_a_mask_without_itself, dim3(1), dim3(1), ThreadOrder::shuffled),
      fmt::format("kernel kernel, block (0, 0, 0): thread 0 is not in the mask 0x0000000e of its own warp "
                  "collective (runtime_test.cpp:{})",
                  mask_line));
}
TEST(SimtRuntime, TwoTypesOfSharedMemoryAreReported) {
  EXPECT_EQ(message_of_kernel(ask_for_two_types, dim3(1), dim3(1), ThreadOrder::shuffled),
            "kernel kernel, block (0, 0, 0): a kernel has one type of shared memory; two were asked for");
}
TEST(SimtRuntime, ImpossibleLaunchesAreRefused) {
  EXPECT_EQ(message_of_kernel(wait_in_block, dim3(1), dim3(1025), ThreadOrder::shuffled),
            "kernel kernel: 1 blocks of 1025 threads; expected 1 to 1024 threads and at least one block");
  EXPECT_EQ(message_of_kernel(wait_in_block, dim3(0), dim3(32), ThreadOrder::shuffled),
            "kernel kernel: 0 blocks of 32 threads; expected 1 to 1024 threads and at least one block");
}
TEST(SimtRuntime, RunsOnAfterAnError) {
  Launcher launch;
  EXPECT_NE(message_of([&] { launch(exit_early, dim3(9), dim3(64)); }), "nothing was thrown");
  std::vector<int> visits(64 * 9);
  launch(count_visits, dim3(9), dim3(64), visits.data());
  EXPECT_THAT(visits, testing::Each(1));
}
TEST(SimtRuntime, NothingIsInFlightAfterALaunch) {
  std::vector<unsigned> result(32);
  Launcher({}, 1)(reverse_in_warp, dim3(1), dim3(32), result.data());
  EXPECT_DEATH(__syncthreads(), "a CUDA function outside a kernel");
}

}  // namespace
}  // namespace simt
