/// A disk that takes no more: what was complete stays, nothing is half-written. The limit on a file's size
/// stands for it; each test runs in a process of its own.
#include "emu/nn/trainer.hpp"
#include "tests/emu/nn/tiny_run.hpp"
#include "tests/support/message_of.hpp"

#include <csignal>
#include <sys/resource.h>

namespace quatrain::emu {
namespace {

class FullDisk : public tests::TinyRun {
 protected:
  ~FullDisk() override { limit_files(RLIM_INFINITY); }
  static void limit_files(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);  // then a write fails with EFBIG
    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = std::min(bytes, limit.rlim_max);
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  std::string complaint(const TrainingOptions& run, rlim_t bytes) const {
    limit_files(bytes);
    const std::string message = tests::message_of([&] { train(run); });
    limit_files(RLIM_INFINITY);
    return message;
  }
};

TEST_F(FullDisk, AtTheConfig) {
  const TrainingOptions run = options("run");
  EXPECT_EQ(complaint(run, 100),
            (run.run_directory / "config.json").string() + ": cannot be written: File too large");
  EXPECT_TRUE(tests::contents(run.run_directory).empty());
}

TEST_F(FullDisk, AtACheckpoint) {
  const TrainingOptions run = options("run");
  EXPECT_EQ(complaint(run, 10'000), (run.run_directory / "checkpoints/epoch_0001.safetensors").string() +
                                        ": cannot be written: File too large");
  EXPECT_EQ(tests::contents(run.run_directory),
            (std::set<std::string>{"checkpoints", "config.json", "log.txt", "metrics.csv", "run.json",
                                   "steps.csv"}));
  EXPECT_EQ(read_epochs(run.run_directory).size(), 1U);

  TrainingOptions resumed = run;  // with room again the run goes on from what is whole
  resumed.resumes = true;
  EXPECT_EQ(hashes(train(resumed).epochs), hashes(train(options("other")).epochs));
}

TEST_F(FullDisk, AtTheTrace) {
  TrainingOptions run = options("run");
  run.trace = TraceRequest{};
  const std::string message = complaint(run, 60'000);
  EXPECT_NE(message.find("step_00000000.safetensors"), std::string::npos) << message;
  EXPECT_TRUE(message.ends_with(": File too large")) << message;
  EXPECT_EQ(tests::contents(run.run_directory),
            (std::set<std::string>{"checkpoints", "config.json", "log.txt", "metrics.csv", "run.json",
                                   "steps.csv"}));
}

}  // namespace
}  // namespace quatrain::emu
