#include "traces/base/parallel_for.hpp"

#include "tests/support/message_of.hpp"
#include "traces/base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <sys/resource.h>
#include <utility>
#include <vector>

namespace {

namespace tests = quatrain::tests;
using namespace quatrain::base;

TEST(ThreadPool, EveryIndexOnceWithAnyNumberOfThreads) {
  for (const unsigned threads : {1U, 2U, 7U}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.thread_count(), threads);
    for (const std::size_t count : {0U, 1U, 2U, 1000U}) {
      std::vector<std::atomic<int>> calls(count);
      pool.parallel_for(count, [&](std::size_t i) { ++calls[i]; });
      for (const auto& call : calls) ASSERT_EQ(call, 1);
    }
  }
  EXPECT_GE(ThreadPool(0).thread_count(), 1U);
}

TEST(ThreadPool, PiecesFollowEachOtherWithAnyNumberOfThreads) {
  using Piece = std::pair<std::size_t, std::size_t>;
  for (const unsigned threads : {1U, 2U, 7U}) {
    ThreadPool pool(threads);
    const auto pieces = [&](std::size_t count, std::size_t piece) {
      std::vector<Piece> all((count + piece - 1) / piece);
      for_pieces(pool, count, piece, [&](std::size_t begin, std::size_t end) {
        all[begin / piece] = {begin, end};
      });
      return all;
    };
    EXPECT_EQ(pieces(0, 3), std::vector<Piece>{});
    EXPECT_EQ(pieces(2, 3), (std::vector<Piece>{{0, 2}}));
    EXPECT_EQ(pieces(6, 3), (std::vector<Piece>{{0, 3}, {3, 6}}));
    EXPECT_EQ(pieces(7, 3), (std::vector<Piece>{{0, 3}, {3, 6}, {6, 7}}));
    EXPECT_EQ(pieces(3, 1), (std::vector<Piece>{{0, 1}, {1, 2}, {2, 3}}));
  }
}

TEST(ThreadPool, SmallItemsSharePieces) {
  EXPECT_EQ(items_a_piece(1), 16384U);
  EXPECT_EQ(items_a_piece(0), 16384U);
  EXPECT_EQ(items_a_piece(5000), 3U);
  EXPECT_EQ(items_a_piece(20000), 1U);
}

TEST(ThreadPool, ExceptionOfABodyComesBack) {
  for (const unsigned threads : {1U, 3U}) {
    ThreadPool pool(threads);
    EXPECT_THROW(pool.parallel_for(100,
                                   [](std::size_t i) {
                                     if (i == 57) throw Error("at 57");
                                   }),
                 Error);
  }
}

TEST(ThreadPool, StopsBetweenIndicesOnceItIsAskedTo) {
  for (const unsigned threads : {1U, 3U}) {
    std::atomic<int> asked = 0, done = 0;
    ThreadPool pool(threads, [&] { return ++asked > 10; });
    EXPECT_THROW(pool.parallel_for(1000, [&](std::size_t) { ++done; }), Interrupted);
    EXPECT_LE(done, 10) << threads;
    EXPECT_GE(done, threads == 1 ? 10 : 1);
  }
}

/// The limit of this process's address space stands for a container that allows few threads.
TEST(ThreadPool, ThreadsThatCannotBeStartedAreAnError) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the address space is the sanitizer's";
#endif
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  rlimit limit = before;
  limit.rlim_cur = 1ULL << 30;
  ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
  const std::string message = tests::message_of([] { ThreadPool pool(1024); });
  ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_THAT(message, testing::MatchesRegex("1023 threads cannot be started here, only [0-9]+: Resource "
                                             "temporarily unavailable; expected fewer"));
  EXPECT_EQ(ThreadPool(2).thread_count(), 2U) << "a retry with fewer works";
}

}  // namespace
