/// Jobs as child processes: how many at a time, what they leave, how they end.
#include "sim/jobs/jobs.hpp"

#include "sim/jobs/child_process.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/message_of.hpp"
#include "traces/base/error.hpp"
#include "traces/base/files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

namespace quatrain::sim {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

/// A job is this program itself, with "child" as its first word: a constructor runs before the tests do.
/// child say TEXT CODE; child wait FILE: until FILE is there; child last: until it is asked to stop; child
/// die.
[[gnu::constructor]] void act_as_child(int argc, char** argv, char**) {
  if (argc < 3 || std::string(argv[1]) != "child") return;
  const std::string what = argv[2];
  if (what == "die") raise(SIGKILL);
  if (what == "say") {
    if (write(STDOUT_FILENO, argv[3], std::string(argv[3]).size()) < 0) _exit(99);
    _exit(std::stoi(argv[4]));
  }
  for (int i = 0; i < 1500 && (what == "last" || access(argv[3], F_OK) != 0); ++i) {
    if (what == "last" && i == 0) close(open(argv[3], O_WRONLY | O_CREAT, 0644));
    usleep(20'000);
  }
  _exit(0);
}

class Jobs : public testing::Test {
 protected:
  Job job(const std::string& name, std::vector<std::string> words) const {
    words.insert(words.begin(), "child");
    return {name, std::move(words), folder_ / (name + ".txt")};
  }
  std::string in(const std::string& name) const { return (folder_ / name).string(); }
  tests::Folder folder_;
};

/// Keeps what it was told, and stops the work when it is told to.
class SeenProgress final : public base::Progress {
 public:
  void begin(std::string_view what, std::uint64_t of) override {
    begun = what;
    total = of;
  }
  void update(std::uint64_t now, std::string_view note) override {
    done = now;
    notes.insert(std::string(note));
    if (stops && stops()) throw base::Interrupted();
  }
  void finish() override {}
  std::string begun;
  std::uint64_t total = 0, done = 0;
  std::set<std::string> notes;
  std::function<bool()> stops;
};

TEST_F(Jobs, EachEndsWithItsExitCodeAndItsText) {
  const std::vector<Job> jobs = {job("a", {"say", "fine\n", "0"}),
                                 job("b", {"say", "more\nerror: why\n", "2"}), job("c", {"say", "", "1"})};
  SeenProgress progress;
  std::vector<std::pair<std::size_t, int>> ends;
  run_jobs(jobs, {.at_once = 2, .what = "three jobs"}, progress,
           [&](const JobEnd& end) { ends.emplace_back(end.job, end.exit_code); });
  EXPECT_THAT(ends, UnorderedElementsAre(std::pair(0U, 0), std::pair(1U, 2), std::pair(2U, 1)));
  EXPECT_EQ(base::read_whole_file(jobs[0].output), "fine\n");
  EXPECT_EQ(last_line_of(jobs[0]), "fine");
  EXPECT_EQ(last_line_of(jobs[1]), "why");
  EXPECT_EQ(last_line_of(jobs[2]), "");
  EXPECT_EQ(progress.begun, "three jobs");
  EXPECT_EQ(progress.total, 3000U);
}

/// Each of the first two waits for what only the end of the third makes: three at a time end, two would not.
TEST_F(Jobs, AsManyRunTogetherAsTheyMay) {
  const std::vector<Job> jobs = {job("a", {"wait", in("go")}), job("b", {"wait", in("go")}),
                                 job("c", {"say", "", "0"}), job("d", {"say", "", "0"})};
  SeenProgress progress;
  std::vector<std::size_t> order;
  run_jobs(jobs, {.at_once = 3, .what = ""}, progress, [&](const JobEnd& end) {
    order.push_back(end.job);
    if (end.job == 3) base::write_whole_file(folder_ / "go", "");
  });
  EXPECT_EQ((std::vector(order.begin(), order.begin() + 2)), (std::vector<std::size_t>{2, 3}));
}

TEST_F(Jobs, OneAtATimeGoesByTheList) {
  const std::vector<Job> jobs = {job("a", {"say", "", "0"}), job("b", {"say", "", "0"}),
                                 job("c", {"say", "", "0"})};
  SeenProgress progress;
  std::vector<std::size_t> order;
  run_jobs(jobs, {.at_once = 1, .what = ""}, progress, [&](const JobEnd& end) { order.push_back(end.job); });
  EXPECT_THAT(order, ElementsAre(0, 1, 2));
}

TEST_F(Jobs, AnInterruptStopsThoseThatRunAndStartsNoMore) {
  const std::vector<Job> jobs = {job("a", {"last", in("begun")}), job("b", {"say", "", "0"})};
  SeenProgress progress;
  progress.stops = [&] { return std::filesystem::exists(in("begun")); };
  int ends = 0;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THROW(run_jobs(jobs, {.at_once = 1, .what = ""}, progress, [&](const JobEnd&) { ++ends; }),
               base::Interrupted);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20)) << "it lasts for 30";
  EXPECT_EQ(ends, 0);
  EXPECT_FALSE(std::filesystem::exists(jobs[1].output));
}

TEST_F(Jobs, OneThatIsKilledIsAnErrorAndTheOthersStop) {
  const std::vector<Job> jobs = {job("a", {"last", in("begun")}), job("b", {"die"})};
  SeenProgress progress;
  EXPECT_EQ(
      tests::message_of([&] { run_jobs(jobs, {.at_once = 2, .what = ""}, progress, [](const JobEnd&) {}); }),
      "quatrain child was ended by signal 9 (Killed)");
}

TEST_F(Jobs, AShareOfARunningJobCounts) {
  const std::vector<Job> jobs = {job("a", {"wait", in("go")}), job("b", {"say", "", "0"})};
  SeenProgress progress;
  progress.stops = [&] {
    if (progress.done == 1250) base::write_whole_file(folder_ / "go", "");
    return false;
  };
  const auto share = [](std::size_t job) { return job == 0 ? 0.25 : 0.5; };
  run_jobs(jobs, {.at_once = 2, .what = "", .share_done = share}, progress, [](const JobEnd&) {});
  EXPECT_TRUE(std::filesystem::exists(in("go"))) << "1.25 of 2 jobs were done at some time";
  EXPECT_THAT(progress.notes, testing::Contains("1 of 2 done"));
}

TEST(JobThreads, TheCoresAreShared) {
  EXPECT_GE(threads_for_each(1), threads_for_each(2));
  EXPECT_EQ(threads_for_each(100'000), 1U);
  EXPECT_GE(threads_for_each(0), 1U);
}

}  // namespace
}  // namespace quatrain::sim
