#include "sim/cli/console.hpp"

#include "traces/base/error.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fcntl.h>
#include <unistd.h>

namespace quatrain::sim {
namespace {

TEST(ProgressLine, HasBarPercentEstimateAndNote) {
  EXPECT_EQ(progress_line("train luq", 0, 200, "", 0, 100), "train luq  [........................]   0 %");
  EXPECT_EQ(progress_line("train luq", 50, 200, "loss 0.41", 10, 100),
            "train luq  [######..................]  25 %  about 30 s left  loss 0.41");
  EXPECT_EQ(progress_line("train luq", 199, 200, "", 398, 100),
            "train luq  [#######################.]  99 %  about 2.0 s left");
  EXPECT_EQ(progress_line("train luq", 200, 200, "", 400, 100),
            "train luq  [########################] 100 %");
}

TEST(ProgressLine, NoEstimateBeforeAHundredthIsDone) {
  EXPECT_EQ(progress_line("check", 9, 1000, "", 5, 100), "check  [........................]   0 %");
  EXPECT_EQ(progress_line("check", 10, 1000, "", 5, 100),
            "check  [........................]   1 %  about 8 min 15 s left");
}

TEST(ProgressLine, MoreThanTheTotalIsAll) {
  EXPECT_EQ(progress_line("check", 7, 5, "", 1, 100), "check  [########################] 100 %");
  EXPECT_EQ(progress_line("check", 0, 0, "", 1, 100), "check  [########################] 100 %");
}

TEST(ProgressLine, IsCutToTheTerminal) {
  EXPECT_EQ(progress_line("train luq", 50, 200, "loss 0.41", 10, 20), "train luq  [######..");
}

TEST(DurationText, InTheUnitsOfItsSize) {
  EXPECT_EQ(duration_text(0), "0.0 s");
  EXPECT_EQ(duration_text(9.94), "9.9 s");
  EXPECT_EQ(duration_text(9.96), "10 s");
  EXPECT_EQ(duration_text(59.4), "59 s");
  EXPECT_EQ(duration_text(59.6), "1 min 00 s");
  EXPECT_EQ(duration_text(3599.4), "59 min 59 s");
  EXPECT_EQ(duration_text(7800), "2 h 10 min");
}

TEST(Signals, TheFirstIsNotedAndTheSecondEnds) {
  install_signal_handlers();
  EXPECT_FALSE(interrupted());
  std::raise(SIGTERM);
  EXPECT_TRUE(interrupted());
  EXPECT_EXIT(std::raise(SIGTERM), testing::KilledBySignal(SIGTERM), "");
}

TEST(Signals, AClosedPipeIsAnErrorOfTheWrite) {
  install_signal_handlers();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  EXPECT_EQ(write(ends[1], "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  close(ends[1]);
}

/// Whatever tells its progress ends at one signal. In a process of its own: the signal is for the whole
/// process.
TEST(Progress, ThrowsInterruptedAfterASignal) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // what other tests here have signalled does not count
  const auto end = [](auto&& call) {
    install_signal_handlers();
    const auto progress = make_progress();
    progress->begin("check", 10);
    progress->update(1, "");
    std::raise(SIGINT);
    try {
      call(*progress);
    } catch (const base::Interrupted&) {
      ::_exit(130);
    }
    ::_exit(0);
  };
  EXPECT_EXIT(end([](base::Progress& progress) { progress.update(2, ""); }), testing::ExitedWithCode(130),
              "");
  EXPECT_EXIT(end([](base::Progress& progress) { progress.begin("more", 2); }), testing::ExitedWithCode(130),
              "");
  EXPECT_EXIT(end([](base::Progress& progress) { progress.finish(); }), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace quatrain::sim
