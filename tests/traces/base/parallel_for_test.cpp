#include "traces/base/parallel_for.hpp"

#include "traces/base/error.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace {

using namespace quatrain::traces;

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

}  // namespace
