/// Each kind of finding on a kernel with that mistake planted, with its lines; the same kernel without it is
/// clean. This file is compiled for the checks (simt_checks).
#include "tests/kernels/simt/error_of.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simt/device.hpp"
#include <array>
#include <numeric>
#include <regex>

namespace simt {
namespace {

constexpr std::array all_orders{ThreadOrder::first_to_last, ThreadOrder::last_to_first, ThreadOrder::shuffled,
                                ThreadOrder::warps_interleaved};
constexpr const char* clean = "nothing was thrown";

/// Launches with checks on a buffer of `size` ints that holds 0, 1, 2, ...; the message, without columns.
template <typename... Parameters, typename... Arguments>
std::string checked(ThreadOrder order, void (*kernel)(int*, Parameters...), const LaunchConfig& launch,
                    std::size_t size, Arguments... arguments) {
  CallingThread here;
  Device device(here, {order, 1, true});
  Buffer<int> buffer;
  std::vector<int> values(size);
  std::iota(values.begin(), values.end(), 0);
  device.prepare(buffer, size);
  device.upload(buffer, 0, std::span<const int>(values));
  const std::string message =
      message_of([&] { device.launch("kernel", kernel, launch, buffer.data(), arguments...); });
  return std::regex_replace(message, std::regex("(cpp:[0-9]+):[0-9]+"), "$1");
}
std::string place(int line) { return "(checks_test.cpp:" + std::to_string(line) + ")"; }

/// The same finding in every order of threads, up to the numbers of bytes and threads.
template <typename... Parameters, typename... Arguments>
void expect_in_every_order(const std::string& pattern, void (*kernel)(int*, Parameters...),
                           const LaunchConfig& launch, std::size_t size, Arguments... arguments) {
  std::string text;  // pattern with its parentheses quoted
  for (const char c : pattern) text += c == '(' || c == ')' ? std::string("\\") + c : std::string(1, c);
  for (const ThreadOrder order : all_orders)
    EXPECT_THAT(checked(order, kernel, launch, size, arguments...), testing::MatchesRegex(text));
}
template <typename... Parameters, typename... Arguments>
void expect_clean(void (*kernel)(int*, Parameters...), const LaunchConfig& launch, std::size_t size,
                  Arguments... arguments) {
  for (const ThreadOrder order : all_orders)
    EXPECT_EQ(checked(order, kernel, launch, size, arguments...), clean);
}

struct Shared {
  alignas(16) int value[64];
};

// Missing barriers.

template <bool has_barrier>
void reverse(int* data) {
  Shared& shared = shared_memory<Shared>();
  shared.value[threadIdx.x] = data[threadIdx.x];
  if (has_barrier) __syncthreads();
  data[threadIdx.x] = shared.value[63 - threadIdx.x];
}
constexpr int reverse_line = __LINE__ - 4;

TEST(SimtChecks, AMissingBarrierIsARaceOfItsTwoLines) {
  expect_clean(reverse<true>, {1, 64}, 64);
  const std::string write = place(reverse_line), read = place(reverse_line + 2);
  for (const ThreadOrder order : all_orders)
    EXPECT_THAT(checked(order, reverse<false>, {1, 64}, 64),
                testing::AllOf(testing::HasSubstr("race on byte "), testing::HasSubstr(write),
                               testing::HasSubstr(read)));
}

template <bool has_barrier>
void use_twice(int* data) {
  Shared& shared = shared_memory<Shared>();
  int sum = 0;
  for (int round = 0; round < 2; ++round) {
    shared.value[threadIdx.x] = data[threadIdx.x] + round;
    __syncthreads();
    sum += shared.value[63 - threadIdx.x];
    if (has_barrier) __syncthreads();
  }
  data[threadIdx.x] = sum;
}
constexpr int store_line = __LINE__ - 7, load_line = store_line + 2;

/// The result may well be right: only the order could spoil it.
TEST(SimtChecks, AMissingBarrierBeforeReuseIsARace) {
  expect_clean(use_twice<true>, {1, 64}, 64);
  for (const ThreadOrder order : all_orders)
    EXPECT_THAT(checked(order, use_twice<false>, {1, 64}, 64),
                testing::AllOf(testing::HasSubstr("race on byte"), testing::HasSubstr(place(load_line)),
                               testing::HasSubstr(place(store_line))));
}

template <bool is_whole_block>
void exchange_between_warps(int* data) {
  Shared& shared = shared_memory<Shared>();
  shared.value[threadIdx.x] = data[threadIdx.x];
  if (is_whole_block)
    __syncthreads();
  else
    __syncwarp();
  data[threadIdx.x] = shared.value[threadIdx.x ^ 32];
}
template <bool has_second>
void exchange_within_warps(int* data) {
  Shared& shared = shared_memory<Shared>();
  for (unsigned lanes = 1; lanes < 32; lanes *= 2) {
    shared.value[threadIdx.x] = data[threadIdx.x];
    __syncwarp();
    data[threadIdx.x] += shared.value[threadIdx.x ^ lanes];
    if (has_second) __syncwarp();
  }
}
template <unsigned mask>
void exchange_within_half_warps(int* data) {
  Shared& shared = shared_memory<Shared>();
  shared.value[threadIdx.x] = data[threadIdx.x];
  threadIdx.x < 16 ? __syncwarp(0xFFFFU) : __syncwarp(0xFFFF0000U);
  data[threadIdx.x] = shared.value[threadIdx.x ^ mask];
}

TEST(SimtChecks, SyncwarpOrdersItsLanesOnly) {
  expect_clean(exchange_between_warps<true>, {1, 64}, 64);
  expect_clean(exchange_within_warps<true>, {1, 64}, 64);
  expect_clean(exchange_within_half_warps<15>, {1, 32}, 32);
  for (const ThreadOrder order : all_orders) {
    EXPECT_THAT(checked(order, exchange_between_warps<false>, {1, 64}, 64),
                testing::HasSubstr("race on byte"));
    EXPECT_THAT(checked(order, exchange_within_warps<false>, {1, 64}, 64),
                testing::HasSubstr("race on byte"));
    EXPECT_THAT(checked(order, exchange_within_half_warps<16>, {1, 32}, 32),
                testing::HasSubstr("race on byte"));
  }
}

// Missing atomics.

void count(int* data) { data[0] += 1; }
constexpr int count_line = __LINE__ - 1;
void count_atomically(int* data) { atomicAdd(data, 1); }
void count_with_one_plain(int* data) {
  if (threadIdx.x == 7)
    data[0] += 1;
  else
    atomicAdd(data, 1);
}
constexpr int plain_line = __LINE__ - 4;

TEST(SimtChecks, AnIncrementWithoutAtomicIsARaceOfThreads) {
  expect_clean(count_atomically, {5, 64}, 1);
  expect_in_every_order(
      "kernel kernel, block (0, 0, 0): race on byte 0 of a buffer of 4 bytes: thread [0-9]+ wrote it " +
          place(count_line) + ", thread [0-9]+ reads it " + place(count_line),
      count, {1, 64}, 1);
  for (const ThreadOrder order : all_orders)
    EXPECT_THAT(
        checked(order, count_with_one_plain, {1, 64}, 1),
        testing::AllOf(testing::HasSubstr("race on byte 0"), testing::HasSubstr("thread 7 "),
                       testing::HasSubstr(place(plain_line)), testing::HasSubstr(place(plain_line + 2))));
}
void read_beside_atomics(int* data) {
  if (threadIdx.x == 1)
    data[1] = data[0];
  else
    atomicAdd(data, 1);
}
void store_beside_atomics(int* data) {
  if (threadIdx.x == 1)
    data[0] = 5;
  else
    atomicAdd(data, 1);
}
/// Both threads load before the second one stores.
void read_and_let_one_store(int* data) {
  const int old = data[0];
  if (threadIdx.x == 1) data[0] = old + 1;
}

TEST(SimtChecks, PlainAccessesRaceWithAtomicsAndStoresWithEveryLoad) {
  for (const ThreadOrder order : all_orders) {
    EXPECT_THAT(checked(order, read_beside_atomics, {1, 2}, 2), testing::HasSubstr("race on byte 0 "));
    EXPECT_THAT(checked(order, store_beside_atomics, {1, 2}, 1), testing::HasSubstr("race on byte 0 "));
    EXPECT_THAT(checked(order, read_and_let_one_store, {1, 2}, 1), testing::HasSubstr("race on byte 0 "));
  }
}
/// One thread a block: whatever the launch shape, two blocks are never ordered.
TEST(SimtChecks, AnIncrementWithoutAtomicIsARaceOfBlocks) {
  expect_in_every_order(
      "kernel kernel, block (1, 0, 0): race on byte 0 of a buffer of 4 bytes: thread 0 of block (0, 0, "
      "0) wrote it " +
          place(count_line) + ", thread 0 reads it " + place(count_line),
      count, {2, 1}, 1);
}

void read_all_and_write_own(int* data) {
  int sum = 0;
  for (unsigned i = 0; i < gridDim.x; ++i) sum += data[i];
  data[gridDim.x + blockIdx.x] = sum;
}
void write_a_neighbours(int* data) { data[blockIdx.x] = data[(blockIdx.x + 1) % gridDim.x]; }

TEST(SimtChecks, BlocksMayReadTheSameAndNotWhatAnotherWrites) {
  expect_clean(read_all_and_write_own, {4, 1}, 8);
  EXPECT_THAT(checked(ThreadOrder::shuffled, write_a_neighbours, {4, 1}, 4),
              testing::HasSubstr("thread 0 of block (0, 0, 0) read it"));
}

/// Launches are ordered: the second one reads and overwrites what the first wrote.
TEST(SimtChecks, LaunchesAreOrdered) {
  CallingThread here;
  Device device(here, {ThreadOrder::shuffled, 1, true});
  Buffer<int> buffer;
  device.prepare(buffer, 1);
  device.clear(buffer);
  for (int i = 0; i < 3; ++i) device.launch("count", count, dim3(1), dim3(1), buffer.data());
  int found = 0;
  device.download(std::span(&found, 1), buffer);
  EXPECT_EQ(found, 3);
}

// Unwritten memory.

void read_unwritten_shared(int* data) {
  Shared& shared = shared_memory<Shared>();
  if (threadIdx.x < 8) shared.value[threadIdx.x] = 1;
  __syncthreads();
  data[threadIdx.x] = shared.value[7];
}
constexpr int unwritten_line = __LINE__ - 2;

TEST(SimtChecks, UnwrittenSharedMemoryIsReported) {
  expect_clean(read_unwritten_shared, {1, 8}, 8);
  expect_in_every_order(
      "kernel kernel, block (0, 0, 0): thread [0-9]+ reads byte 28 of the 256 bytes of shared memory, "
      "which nobody has written " +
          place(unwritten_line),
      read_unwritten_shared, {1, 7}, 8);
}

void copy_first(int* data, const int* from) { data[0] = from[blockDim.x - 1]; }
constexpr int copy_line = __LINE__ - 1;

TEST(SimtChecks, UnwrittenDeviceMemoryIsReported) {
  CallingThread here;
  Device device(here, {ThreadOrder::shuffled, 1, true});
  Buffer<int> to, from;
  const std::array<int, 2> values{1, 2};
  device.prepare(to, 1);
  device.prepare(from, 4000);
  device.upload(from, 0, std::span<const int>(values));
  const auto launch = [&](unsigned at) {
    return message_of(
        [&] { device.launch("kernel", copy_first, dim3(1), dim3(1), to.data(), from.data() + at); });
  };
  EXPECT_EQ(launch(1), clean);
  EXPECT_EQ(
      launch(2),
      "kernel kernel, block (0, 0, 0): thread 0 reads byte 8 of a buffer of 16000 bytes, which nobody has "
      "written " +
          place(copy_line));
  device.clear(from);
  EXPECT_EQ(launch(3999), clean);
  device.prepare(from, 4000);
  EXPECT_THAT(launch(0), testing::HasSubstr("which nobody has written")) << "prepared again: undefined";
}

// Bounds.

void write_at(int* data, int at) { data[at] = 0; }
constexpr int write_line = __LINE__ - 1;
void read_byte_at(int* data, int at) { data[0] = reinterpret_cast<const signed char*>(data)[at]; }
constexpr int read_line = __LINE__ - 1;
struct Bytes {
  signed char byte[13];
};
template <bool is_dynamic>
void read_shared_at(int* data, int at) {
  signed char* bytes = is_dynamic ? dynamic_shared<signed char>() : shared_memory<Bytes>().byte;
  for (int i = 0; i < 13; ++i) bytes[i] = 1;
  data[0] = bytes[at];
}
constexpr int shared_line = __LINE__ - 2;

TEST(SimtChecks, OneByteBeyondABufferIsReported) {
  const auto message = [](const char* what, int byte, const char* memory, int line) {
    return std::string("kernel kernel, block (0, 0, 0): thread 0 ") + what + " byte " + std::to_string(byte) +
           " of " + memory + " " + place(line);
  };
  for (const int at : {0, 4}) expect_clean(write_at, {1, 1}, 5, at);
  for (const int at : {0, 19}) expect_clean(read_byte_at, {1, 1}, 5, at);
  for (const int at : {0, 12}) {
    expect_clean(read_shared_at<false>, {1, 1}, 1, at);
    expect_clean(read_shared_at<true>, {1, 1, 13}, 1, at);
  }
  const auto found = [](auto kernel, const LaunchConfig& launch, int at) {
    return checked(ThreadOrder::shuffled, kernel, launch, 5, at);
  };
  EXPECT_EQ(found(write_at, {1, 1}, 5), message("writes", 20, "a buffer of 20 bytes", write_line));
  EXPECT_EQ(found(write_at, {1, 1}, -1), message("writes", -4, "a buffer of 20 bytes", write_line));
  EXPECT_EQ(found(read_byte_at, {1, 1}, 20), message("reads", 20, "a buffer of 20 bytes", read_line));
  EXPECT_EQ(found(read_byte_at, {1, 1}, -1), message("reads", -1, "a buffer of 20 bytes", read_line));
  EXPECT_EQ(found(read_shared_at<false>, {1, 1}, 13),
            message("reads", 13, "the 13 bytes of shared memory", shared_line));
  EXPECT_EQ(found(read_shared_at<false>, {1, 1}, -1),
            message("reads", -1, "the 13 bytes of shared memory", shared_line));
  EXPECT_EQ(found(read_shared_at<true>, {1, 1, 13}, 13),
            message("reads", 13, "the 13 bytes of dynamic shared memory", shared_line));
  EXPECT_EQ(found(read_shared_at<true>, {1, 1, 13}, -1),
            message("reads", -1, "the 13 bytes of dynamic shared memory", shared_line));
}

void load_vector_at(int* data, int at) {
  const int4 four = *reinterpret_cast<const int4*>(data + at);
  data[0] = four.x + four.w;
}
constexpr int vector_line = __LINE__ - 3;

TEST(SimtChecks, AVectorThatReachesBeyondIsReported) {
  expect_clean(load_vector_at, {1, 1}, 8, 4);
  EXPECT_EQ(
      checked(ThreadOrder::shuffled, load_vector_at, {1, 1}, 7, 4),
      "kernel kernel, block (0, 0, 0): thread 0 reads byte 28 of a buffer of 28 bytes " + place(vector_line));
}

TEST(SimtChecks, AMisalignedVectorIsReported) {
  EXPECT_EQ(checked(ThreadOrder::shuffled, load_vector_at, {1, 1}, 8, 1),
            "kernel kernel, block (0, 0, 0): thread 0 accesses 'const struct int4' at an address that is not "
            "aligned to 16 "
            "bytes " +
                place(vector_line));
}
void store_pair_at(int* data, int at) { *reinterpret_cast<int2*>(data + at) = make_int2(1, 2); }
constexpr int pair_line = __LINE__ - 1;
TEST(SimtChecks, AMisalignedStoreIsReported) {
  expect_clean(store_pair_at, {1, 1}, 8, 6);
  EXPECT_THAT(checked(ThreadOrder::shuffled, store_pair_at, {1, 1}, 8, 5),
              testing::AllOf(testing::HasSubstr("int2"),
                             testing::HasSubstr("not aligned to 8 bytes " + place(pair_line))));
}

// cp.async.

template <int kept_open>
void copy_two_stages(int* data) {
  Shared& shared = shared_memory<Shared>();
  cp_async<16>(shared.value, data);
  cp_async_commit();
  cp_async<16>(shared.value + 4, data + 4);
  cp_async_commit();
  cp_async_wait<kept_open>();
  data[8] = shared.value[0] + shared.value[4];
}
constexpr int second_copy_line = __LINE__ - 5, sum_line = __LINE__ - 2;

TEST(SimtChecks, AMissingWaitForACopyIsReported) {
  expect_clean(copy_two_stages<0>, {1, 1}, 9);
  expect_in_every_order(
      "kernel kernel, block (0, 0, 0): thread 0 reads byte 16 of the 256 bytes of shared memory " +
          place(sum_line) + " before a cp_async_wait has ended the copy to it " + place(second_copy_line),
      copy_two_stages<1>, {1, 1}, 9);
  expect_in_every_order(
      "kernel kernel, block (0, 0, 0): thread 0 reads byte 0 of the 256 bytes of shared memory " +
          place(sum_line) + " before a cp_async_wait has ended the copy to it " + place(second_copy_line - 2),
      copy_two_stages<2>, {1, 1}, 9);
}

template <bool has_barrier>
void copy_for_others(int* data) {
  Shared& shared = shared_memory<Shared>();
  if (threadIdx.x < 16) cp_async<16>(shared.value + 4 * threadIdx.x, data + 4 * threadIdx.x);
  cp_async_commit();
  cp_async_wait<0>();
  if (has_barrier) __syncthreads();
  data[64 + threadIdx.x] = shared.value[63 - threadIdx.x];
}

/// The wait tells the thread that copied, and nobody else.
TEST(SimtChecks, ACopyIsSeenByOthersAfterABarrierOnly) {
  expect_clean(copy_for_others<true>, {1, 64}, 128);
  for (const ThreadOrder order : all_orders)
    EXPECT_THAT(checked(order, copy_for_others<false>, {1, 64}, 128), testing::HasSubstr("race on byte"));
}

template <bool has_barrier>
void copy_over_what_is_read(int* data) {
  Shared& shared = shared_memory<Shared>();
  shared.value[threadIdx.x] = 1;
  __syncthreads();
  data[64 + threadIdx.x] = shared.value[63 - threadIdx.x];
  if (has_barrier) __syncthreads();
  if (threadIdx.x < 16) cp_async<16>(shared.value + 4 * threadIdx.x, data + 4 * threadIdx.x);
  cp_async_commit();
  __syncthreads();
  cp_async_wait<0>();
}
constexpr int over_line = __LINE__ - 5;

/// On a GPU the copy may land as soon as it is started.
TEST(SimtChecks, ACopyOverWhatOthersStillReadIsARace) {
  expect_clean(copy_over_what_is_read<true>, {1, 64}, 128);
  for (const ThreadOrder order : all_orders)
    EXPECT_THAT(
        checked(order, copy_over_what_is_read<false>, {1, 64}, 128),
        testing::AllOf(
            testing::AnyOf(testing::HasSubstr("race on byte"), testing::HasSubstr("before a cp_async_wait")),
            testing::HasSubstr(place(over_line)), testing::HasSubstr(place(over_line - 2))));
}

void copy_from(int* data, int at) {
  Shared& shared = shared_memory<Shared>();
  cp_async<4>(shared.value, data + at);
  cp_async_commit();
  cp_async_wait<0>();
}
constexpr int from_line = __LINE__ - 4;

TEST(SimtChecks, ACopyReadsItsSource) {
  expect_clean(copy_from, {1, 1}, 8, 7);
  EXPECT_EQ(
      checked(ThreadOrder::shuffled, copy_from, {1, 1}, 8, 8),
      "kernel kernel, block (0, 0, 0): thread 0 reads byte 32 of a buffer of 32 bytes " + place(from_line));
}

struct Rows {
  alignas(16) unsigned char row[8][16];
};
void load_matrix(int* data, int rows) {
  Rows& rows_of_block = shared_memory<Rows>();
  for (int i = 0; i < 16; ++i)
    if (static_cast<int>(threadIdx.x) < rows) rows_of_block.row[threadIdx.x][i] = 1;
  __syncthreads();
  unsigned r[1];
  ldmatrix_x1(r, rows_of_block.row[threadIdx.x % 8]);
  data[threadIdx.x] = static_cast<int>(r[0]);
}
constexpr int matrix_line = __LINE__ - 3;

TEST(SimtChecks, LdmatrixReadsItsRows) {
  expect_clean(load_matrix, {1, 32}, 32, 8);
  expect_in_every_order(
      "kernel kernel, block (0, 0, 0): thread 7 reads byte 112 of the 128 bytes of shared memory, which "
      "nobody has written " +
          place(matrix_line),
      load_matrix, {1, 32}, 32, 7);
}

TEST(SimtChecks, AnErrorLeavesTheDeviceUsable) {
  CallingThread here;
  Device device(here, {ThreadOrder::shuffled, 1, true});
  Buffer<int> buffer;
  for (int i = 0; i < 3; ++i) {
    device.prepare(buffer, 1);
    device.clear(buffer);
    EXPECT_NE(message_of([&] { device.launch("count", count, dim3(1), dim3(64), buffer.data()); }), clean);
    device.prepare(buffer, 1);
    device.clear(buffer);
    EXPECT_EQ(message_of([&] { device.launch("count", count_atomically, dim3(9), dim3(64), buffer.data()); }),
              clean);
  }
}

/// The shared memory of a launch is freed behind it, and a buffer may come to stand there.
TEST(SimtChecks, ABufferWhereSharedMemoryStoodIsABuffer) {
  std::vector<std::byte> memory(2 * (most_shared_bytes + 4 * Checker::guard));
  const std::byte *shared = memory.data() + Checker::guard, *next = shared + memory.size() / 2;
  const std::byte* const buffer = shared + 4096;
  Checker checker;
  checker.begin_launch({1, 1});
  checker.begin_block(shared, shared + most_shared_bytes + 2 * Checker::guard, 0);
  checker.end_launch();
  checker.watch_buffer(buffer, 2048);
  checker.set_written(buffer, 2048);
  checker.begin_launch({1, 1});
  checker.begin_block(next, next + most_shared_bytes + 2 * Checker::guard, 0);
  checker.enter(0);
  checker.access(buffer + 1664, 4, Access::read, Site::of(std::source_location::current()));
  checker.end_turn();
  EXPECT_EQ(checker.finding(), "");
}

}  // namespace
}  // namespace simt
