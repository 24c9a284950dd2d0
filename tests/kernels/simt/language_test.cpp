#include "simt/language.hpp"

#include "tests/kernels/simt/error_of.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simt/device.hpp"
#include <array>
#include <regex>

/// Kernels live in the runtime's namespace: they find CUDA's names.
namespace simt {
namespace {

constexpr std::array all_orders{ThreadOrder::first_to_last, ThreadOrder::last_to_first, ThreadOrder::shuffled,
                                ThreadOrder::warps_interleaved};

/// Launches one block on the calling thread.
template <typename... Parameters, typename... Arguments>
void run(ThreadOrder order, void (*kernel)(Parameters...), unsigned threads, Arguments... arguments) {
  CallingThread here;
  Device device(here, {order, 1});
  device.launch("kernel", kernel, dim3(1), dim3(threads), arguments...);
}

/// The message of such a launch, without columns.
template <typename... Parameters, typename... Arguments>
std::string message(void (*kernel)(Parameters...), unsigned threads, Arguments... arguments) {
  const std::string text = message_of([&] { run(ThreadOrder::shuffled, kernel, threads, arguments...); });
  return std::regex_replace(text, std::regex("(cpp:[0-9]+):[0-9]+"), "$1");
}
std::string in_kernel(const std::string& what, int line) {
  return "kernel kernel, block (0, 0, 0): " + what + " (language_test.cpp:" + std::to_string(line) + ")";
}

// Shuffles and votes.

void shuffle_all_ways(int* up, int* down, int* across, int* cut_up, int* cut_down, int* cut) {
  const int lane = static_cast<int>(threadIdx.x);
  up[lane] = __shfl_up_sync(~0U, lane, 3);
  down[lane] = __shfl_down_sync(~0U, lane, 5);
  across[lane] = __shfl_xor_sync(~0U, lane, 9);
  cut_up[lane] = __shfl_up_sync(~0U, lane, 1, 8);
  cut_down[lane] = __shfl_down_sync(~0U, lane, 2, 4);
  cut[lane] = __shfl_sync(~0U, lane, 10, 16);
}

TEST(SimtLanguage, ShufflesTakeTheLanesThatCudaSays) {
  for (const ThreadOrder order : all_orders) {
    std::array<std::array<int, 32>, 6> found{};
    run(order, shuffle_all_ways, 32, found[0].data(), found[1].data(), found[2].data(), found[3].data(),
        found[4].data(), found[5].data());
    for (int lane = 0; lane < 32; ++lane) {
      const auto at = static_cast<std::size_t>(lane);
      EXPECT_EQ(found[0][at], lane >= 3 ? lane - 3 : lane);
      EXPECT_EQ(found[1][at], lane < 27 ? lane + 5 : lane);
      EXPECT_EQ(found[2][at], lane ^ 9);
      EXPECT_EQ(found[3][at], lane % 8 == 0 ? lane : lane - 1);
      EXPECT_EQ(found[4][at], lane % 4 < 2 ? lane + 2 : lane);
      EXPECT_EQ(found[5][at], lane / 16 * 16 + 10);
    }
  }
}

void vote(unsigned* ballots, int* any, int* all) {
  const unsigned lane = threadIdx.x;
  if (lane < 20) {  // the others vote elsewhere, with other masks
    ballots[lane] = __ballot_sync(0xFFFFFU, lane % 3 == 0);
    any[lane] = __any_sync(0xFFFFFU, lane == 19) + 10 * __any_sync(0xFFFFFU, lane == 20);
    all[lane] = __all_sync(0xFFFFFU, lane < 20) + 10 * __all_sync(0xFFFFFU, lane < 19);
  } else {
    ballots[lane] = __ballot_sync(0xFFF00000U, 1);
  }
}

TEST(SimtLanguage, VotesCountTheLanesOfTheMask) {
  for (const ThreadOrder order : all_orders) {
    std::array<unsigned, 32> ballots{};
    std::array<int, 32> any{}, all{};
    run(order, vote, 32, ballots.data(), any.data(), all.data());
    for (std::size_t lane = 0; lane < 32; ++lane) {
      EXPECT_EQ(ballots[lane], lane < 20 ? 0x49249U : 0xFFF00000U);
      EXPECT_EQ(any[lane], lane < 20 ? 1 : 0);
      EXPECT_EQ(all[lane], lane < 20 ? 1 : 0);
    }
  }
}

void count_votes(int* counts) {
  counts[threadIdx.x] = __syncthreads_count(threadIdx.x % 5 == 0);
  counts[70 + threadIdx.x] = __syncthreads_or(threadIdx.x == 69) + 10 * __syncthreads_or(0);
  counts[140 + threadIdx.x] = __syncthreads_and(1) + 10 * __syncthreads_and(threadIdx.x != 3);
}

TEST(SimtLanguage, BarriersCountVotes) {
  for (const ThreadOrder order : all_orders) {
    std::array<int, 210> counts{};
    run(order, count_votes, 70, counts.data());
    for (std::size_t i = 0; i < counts.size(); ++i) EXPECT_EQ(counts[i], i < 70 ? 14 : 1);
  }
}

struct Row {
  int value[32];
};
void exchange_in_warp(int* result) {
  Row& row = shared_memory<Row>();
  const unsigned lane = threadIdx.x;
  row.value[lane] = static_cast<int>(lane);
  __syncwarp();
  result[lane] = row.value[31 - lane];
}

TEST(SimtLanguage, SyncwarpWaitsForTheWarp) {
  for (const ThreadOrder order : all_orders) {
    std::array<int, 32> result{};
    run(order, exchange_in_warp, 32, result.data());
    for (int lane = 0; lane < 32; ++lane) EXPECT_EQ(result[static_cast<std::size_t>(lane)], 31 - lane);
  }
}

// Atomics.

void use_every_atomic(int* i, unsigned* u, unsigned long long* l, float* f) {
  const unsigned thread = threadIdx.x;
  atomicAdd(i, -1), atomicMin(i + 1, -static_cast<int>(thread)), atomicMax(i + 2, static_cast<int>(thread));
  atomicSub(u, 1), atomicAnd(u + 1, ~(1U << thread % 32)), atomicOr(u + 2, 1U << thread % 32);
  atomicXor(u + 3, thread);
  atomicAdd(l, 1ULL << 40);
  if (atomicCAS(l + 1, thread, thread + 1) == thread) atomicAdd(l + 2, 1);
  atomicAdd(f, 0.5F);
  if (atomicExch(i + 3, 1) == 0) atomicExch(f + 1, 2.5F);
}

TEST(SimtLanguage, AtomicsDoWhatTheirNamesSay) {
  std::array<int, 4> i{};
  std::array<unsigned, 4> u{100, ~0U, 0, 0};
  std::array<unsigned long long, 3> l{};
  std::array<float, 2> f{};
  run(ThreadOrder::first_to_last, use_every_atomic, 100, i.data(), u.data(), l.data(), f.data());
  EXPECT_THAT(i, testing::ElementsAre(-100, -99, 99, 1));
  EXPECT_THAT(u, testing::ElementsAre(0, 0, ~0U, 0));  // 0 ^ 1 ^ ... ^ 99
  EXPECT_THAT(l, testing::ElementsAre(100ULL << 40, 100, 100));
  EXPECT_THAT(f, testing::ElementsAre(50, 2.5F));
}

// Arithmetic and vector types.

TEST(SimtLanguage, BytePermutationTakesTheNamedBytes) {
  EXPECT_EQ(__byte_perm(0x44332211, 0x88776655, 0x3210), 0x44332211U);
  EXPECT_EQ(__byte_perm(0x44332211, 0x88776655, 0x7654), 0x88776655U);
  EXPECT_EQ(__byte_perm(0x44332211, 0x88776655, 0x5172), 0x66228833U);
  EXPECT_EQ(__byte_perm(0x00008011, 0x7F000080, 0xC98F), 0xFFFF0000U) << "signs of 4, 1, 0 and 7";
}
TEST(SimtLanguage, BitFunctionsCount) {
  EXPECT_EQ(__popc(0xF0F0U), 8);
  EXPECT_EQ(__clz(1), 31);
  EXPECT_EQ(__clz(0), 32);
  EXPECT_EQ(__ffs(0), 0);
  EXPECT_EQ(__ffs(8), 4);
  EXPECT_EQ(__dp4a(0x01FF02FE, 0x7F80037F, 5), 127 + 128 + 6 - 254 + 5);
}
TEST(SimtLanguage, VectorTypesHaveCudasSizesAndAlignment) {
  static_assert(sizeof(char4) == 4 && alignof(char4) == 4 && sizeof(uchar2) == 2 && alignof(uchar2) == 2);
  static_assert(sizeof(short4) == 8 && alignof(short4) == 8 && sizeof(int2) == 8 && alignof(int2) == 8);
  static_assert(sizeof(int3) == 12 && alignof(int3) == 4 && sizeof(int4) == 16 && alignof(int4) == 16);
  static_assert(alignof(uint4) == 16 && alignof(float4) == 16 && alignof(float2) == 8);
  static_assert(alignof(double2) == 16 && sizeof(double4) == 32 && alignof(double4) == 16);
  const float4 made = make_float4(1, 2, 3, 4);
  EXPECT_EQ(made.x + 10 * made.y + 100 * made.z + 1000 * made.w, 4321);
}

// Dynamic shared memory.

struct Static {
  int value;
};
void use_both_kinds(unsigned* result, unsigned words) {
  auto* const dynamic = dynamic_shared<unsigned>();
  Static& fixed = shared_memory<Static>();
  result[1] = dynamic[words - 1];
  fixed.value = 1;
  for (unsigned i = 0; i < words; ++i) dynamic[i] = i;
  result[0] = static_cast<unsigned>(fixed.value) + 10 * dynamic[words - 1];
}

TEST(SimtLanguage, DynamicSharedMemoryStandsBesideTheStruct) {
  CallingThread here;
  Device device(here);
  std::array<unsigned, 2> result{};
  device.launch("kernel", use_both_kinds, LaunchConfig{dim3(3), dim3(1), most_dynamic_bytes}, result.data(),
                static_cast<unsigned>(most_dynamic_bytes / 4));
  EXPECT_EQ(result[0], 1 + 10 * (most_dynamic_bytes / 4 - 1));
  EXPECT_EQ(result[1], 0xCDCDCDCDU) << "poisoned before each block";
  EXPECT_EQ(message_of([&] {
              device.launch("kernel", use_both_kinds, LaunchConfig{dim3(1), dim3(1), most_dynamic_bytes + 1},
                            result.data(), 1U);
            }),
            "kernel kernel: 101377 bytes of dynamic shared memory; expected 101376 at most");
}

// mma.sync and ldmatrix: the tables are the figures of the PTX ISA, typed out.

/// Row and column of each element of a fragment by lane, counted as PTX counts a0.., b0.., c0...
struct Place2d {
  unsigned row, column;
};
Place2d place_of_a(unsigned lane, unsigned i) {
  const unsigned group = lane >> 2, in_group = lane % 4;
  const unsigned row = (i < 4 || (i >= 8 && i < 12)) ? group : group + 8;
  return {row, in_group * 4 + (i & 3U) + (i >= 8 ? 16 : 0)};
}
Place2d place_of_b(unsigned lane, unsigned i) {
  return {(lane % 4) * 4 + (i & 3U) + (i >= 4 ? 16 : 0), lane >> 2};
}
Place2d place_of_c(unsigned lane, unsigned i) {
  return {i < 2 ? lane >> 2 : (lane >> 2) + 8, (lane % 4) * 2 + (i & 1U)};
}

/// One 1 in a and one in b: the only sum that is not 0 says where both stand.
void multiply_ones(const signed char* a, const signed char* b, int* c) {
  const unsigned lane = threadIdx.x;
  unsigned ra[4], rb[2];
  int rc[4];
  std::memcpy(ra, a + 16 * lane, 16);
  std::memcpy(rb, b + 8 * lane, 8);
  std::memcpy(rc, c + 4 * lane, 16);
  mma_m16n8k32(rc, ra, rb);
  std::memcpy(c + 4 * lane, rc, 16);
}

TEST(SimtMatrix, EveryElementOfTheFragmentsStandsWherePtxSays) {
  // Corners of the figures, read off: lane 0 holds a0 = (0, 0), lane 31 a15 = (15, 31), and so on.
  EXPECT_EQ(place_of_a(31, 15).row, 15U);
  EXPECT_EQ(place_of_a(31, 15).column, 31U);
  EXPECT_EQ(place_of_a(0, 4).row, 8U);
  EXPECT_EQ(place_of_a(5, 8).row, 1U);
  EXPECT_EQ(place_of_a(5, 8).column, 20U);
  EXPECT_EQ(place_of_b(31, 7).row, 31U);
  EXPECT_EQ(place_of_b(4, 0).column, 1U);
  EXPECT_EQ(place_of_c(3, 1).column, 7U);
  EXPECT_EQ(place_of_c(0, 2).row, 8U);
  for (unsigned k = 0; k < 32; ++k)
    for (unsigned m = 0; m < 16; ++m) {
      const unsigned n = (m + k) % 8;
      std::array<signed char, 512> a{};
      std::array<signed char, 256> b{};
      std::array<int, 128> c{};
      for (unsigned lane = 0; lane < 32; ++lane) {
        for (unsigned i = 0; i < 16; ++i)
          if (place_of_a(lane, i).row == m && place_of_a(lane, i).column == k) a[16 * lane + i] = 3;
        for (unsigned i = 0; i < 8; ++i)
          if (place_of_b(lane, i).row == k && place_of_b(lane, i).column == n) b[8 * lane + i] = -5;
      }
      for (std::size_t i = 0; i < c.size(); ++i) c[i] = static_cast<int>(i);
      run(all_orders[m % 4], multiply_ones, 32, a.data(), b.data(), c.data());
      for (unsigned lane = 0; lane < 32; ++lane)
        for (unsigned i = 0; i < 4; ++i) {
          const Place2d place = place_of_c(lane, i);
          ASSERT_EQ(c[4 * lane + i],
                    static_cast<int>(4 * lane + i) + (place.row == m && place.column == n ? -15 : 0))
              << "m " << m << ", n " << n << ", k " << k << ", lane " << lane << ", c" << i;
        }
    }
}

TEST(SimtMatrix, SumsWrapAsInt32) {
  std::array<signed char, 512> a{};
  std::array<signed char, 256> b{};
  std::array<int, 128> c{};
  a.fill(-128), b.fill(-128), c.fill(2147483647);
  run(ThreadOrder::shuffled, multiply_ones, 32, a.data(), b.data(), c.data());
  EXPECT_THAT(c, testing::Each(static_cast<int>(2147483647U + 32U * 16384U)));
}

template <bool is_transposed>
void load_four(const unsigned short* elements, unsigned* loaded) {
  struct Matrices {
    unsigned short element[4][8][8];
  };
  Matrices& shared = shared_memory<Matrices>();
  const unsigned lane = threadIdx.x;
  for (unsigned i = 0; i < 8; ++i) shared.element[lane / 8][lane % 8][i] = elements[8 * lane + i];
  __syncthreads();
  unsigned r[4];
  const void* row = shared.element[lane / 8][lane % 8];
  is_transposed ? ldmatrix_x4_trans(r, row) : ldmatrix_x4(r, row);
  for (unsigned i = 0; i < 4; ++i) loaded[4 * lane + i] = r[i];
}

/// Element: 1000 matrix + 10 row + column.
TEST(SimtMatrix, LdmatrixHandsOutRowsAsPtxSays) {
  std::array<unsigned short, 256> elements{};
  for (unsigned i = 0; i < 256; ++i)
    elements[i] = static_cast<unsigned short>(i / 64 * 1000 + i / 8 % 8 * 10 + i % 8);
  for (const ThreadOrder order : all_orders) {
    std::array<unsigned, 128> straight{}, transposed{};
    run(order, load_four<false>, 32, elements.data(), straight.data());
    run(order, load_four<true>, 32, elements.data(), transposed.data());
    for (unsigned lane = 0; lane < 32; ++lane)
      for (unsigned matrix = 0; matrix < 4; ++matrix) {
        const unsigned row = lane / 4, first = lane % 4 * 2;
        const unsigned low = 1000 * matrix + 10 * row + first;
        EXPECT_EQ(straight[4 * lane + matrix], low | (low + 1) << 16);
        const unsigned turned = 1000 * matrix + 10 * first + row;
        EXPECT_EQ(transposed[4 * lane + matrix], turned | (turned + 10) << 16);
      }
  }
}

struct Tile {
  alignas(16) unsigned char row[8][16];
};
void load_one_and_two(unsigned* loaded) {
  Tile& tile = shared_memory<Tile>();
  const unsigned lane = threadIdx.x;
  if (lane < 8)
    for (unsigned i = 0; i < 16; ++i) tile.row[lane][i] = static_cast<unsigned char>(16 * lane + i);
  __syncthreads();
  unsigned one[1], two[2];
  ldmatrix_x1(one, tile.row[lane % 8]);      // lanes 8.. give rows that nobody takes
  ldmatrix_x2(two, tile.row[7 - lane % 8]);  // both matrices upside down
  loaded[lane] = one[0];
  loaded[32 + lane] = two[0];
  loaded[64 + lane] = two[1];
}

TEST(SimtMatrix, LdmatrixOfOneAndTwoTakesTheFirstLanesRows) {
  std::array<unsigned, 96> loaded{};
  run(ThreadOrder::shuffled, load_one_and_two, 32, loaded.data());
  for (unsigned lane = 0; lane < 32; ++lane) {
    const unsigned first = 16 * (lane / 4) + 4 * (lane % 4), upside = 16 * (7 - lane / 4) + 4 * (lane % 4);
    EXPECT_EQ(loaded[lane], first | (first + 1) << 8 | (first + 2) << 16 | (first + 3) << 24);
    const unsigned word = upside | (upside + 1) << 8 | (upside + 2) << 16 | (upside + 3) << 24;
    EXPECT_EQ(loaded[32 + lane], word);
    EXPECT_EQ(loaded[64 + lane], word);
  }
}

void load_a_crooked_row() {
  Tile& tile = shared_memory<Tile>();
  unsigned r[1];
  ldmatrix_x1(r, &tile.row[0][threadIdx.x == 3 ? 8 : 0]);
}
constexpr int crooked_line = __LINE__ - 2;
void multiply_in_a_part() {
  int c[4] = {};
  const unsigned a[4] = {}, b[2] = {};
  mma_m16n8k32(c, a, b);
}
constexpr int part_line = __LINE__ - 2;

TEST(SimtMatrix, MisuseIsReported) {
  EXPECT_EQ(message(load_a_crooked_row, 32),
            in_kernel("thread 3 gives ldmatrix a row that is not aligned to 16 bytes", crooked_line));
  EXPECT_THAT(
      message(multiply_in_a_part, 24),
      testing::MatchesRegex("kernel kernel, block \\(0, 0, 0\\): thread [0-9]+ is in a warp of which not all "
                            "lanes call mma_m16n8k32 \\(language_test.cpp:" +
                            std::to_string(part_line) + "\\)"));
}

// cp.async.

struct Stages {
  alignas(16) int value[3][4];
};
/// Three groups; what has arrived after each wait.
void copy_in_three_groups(const int* from, int* seen) {
  Stages& stages = shared_memory<Stages>();
  for (int group = 0; group < 3; ++group) {
    cp_async<16>(stages.value[group], from + 4 * group);
    cp_async_commit();
  }
  const auto look = [&](int time) {
    for (int group = 0; group < 3; ++group) seen[3 * time + group] = stages.value[group][3];
  };
  look(0);
  cp_async_wait<2>();
  look(1);
  cp_async_wait<1>();
  look(2);
  cp_async_wait<0>();
  look(3);
}

TEST(SimtAsyncCopy, ArrivesInTheWaitAndNotBefore) {
  alignas(16) std::array<int, 12> from{};
  std::array<int, 12> seen{};
  for (std::size_t i = 0; i < 12; ++i) from[i] = static_cast<int>(i);
  constexpr auto none = static_cast<int>(0xCDCDCDCDU);
  run(ThreadOrder::shuffled, copy_in_three_groups, 1, from.data(), seen.data());
  EXPECT_THAT(seen, testing::ElementsAre(none, none, none, 3, none, none, 3, 7, none, 3, 7, 11));
}

void copy_without_commit(const int* from, int* seen) {
  Stages& stages = shared_memory<Stages>();
  cp_async<4>(&stages.value[0][0], from);
  cp_async_wait<0>();
  seen[0] = stages.value[0][0];
  cp_async_commit();
  cp_async_wait<0>();
  seen[1] = stages.value[0][0];
  cp_async<16>(stages.value[1], from, 8);
  cp_async_commit();
  cp_async_wait<0>();
  for (int i = 0; i < 4; ++i) seen[2 + i] = stages.value[1][i];
}

TEST(SimtAsyncCopy, TakesCommittedGroupsOnlyAndFillsWithZeros) {
  alignas(16) std::array<int, 4> from{11, 12, 13, 14};
  std::array<int, 6> seen{};
  run(ThreadOrder::shuffled, copy_without_commit, 1, from.data(), seen.data());
  EXPECT_THAT(seen, testing::ElementsAre(static_cast<int>(0xCDCDCDCDU), 11, 11, 12, 0, 0));
}

void copy_from_an_odd_place(const int* from) {
  Stages& stages = shared_memory<Stages>();
  cp_async<16>(stages.value[0], from + 1);
}
constexpr int odd_line = __LINE__ - 2;

TEST(SimtAsyncCopy, MisalignedPlacesAreReported) {
  alignas(16) std::array<int, 8> from{};
  EXPECT_EQ(message(copy_from_an_odd_place, 1, from.data()),
            in_kernel("thread 0 gives cp_async an address that is not aligned to 16 bytes", odd_line));
}

}  // namespace
}  // namespace simt
