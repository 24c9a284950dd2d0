/// Whatever fails while a trace is written, its name is not there, nothing half-written stays, and the
/// message names file and cause; after a kill it is absent or whole. System calls are made to fail one by one
/// with strace.
#include "tests/support/folder.hpp"
#include "tests/support/message_of.hpp"
#include "tests/traces/format/small_trace.hpp"
#include "traces/base/files.hpp"
#include "traces/format/writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <vector>

namespace {

using namespace quatrain::tests;
using namespace quatrain::traces;
namespace fs = std::filesystem;

class FailingWrite : public testing::Test {
 protected:
  /// Runs write_trace under strace, where a leak check cannot run; its exit code, 128 + signal when it was
  /// killed.
  int run_under_strace(const std::string& options) {
    const std::string command = "ASAN_OPTIONS=detect_leaks=0 strace -qq -o '" + (folder_ / "calls").string() +
                                "' " + options + " '" + QUATRAIN_WRITE_TRACE + "' '" + trace_.string() +
                                "' 2>'" + (folder_ / "stderr").string() + "'";
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  std::string printed() { return quatrain::base::read_whole_file(folder_ / "stderr"); }
  bool is_strace_here() { return std::system("strace -qq -o /dev/null true 2>/dev/null") == 0; }
  std::vector<std::string> calls(const std::string& options) {
    EXPECT_EQ(run_under_strace(options), 0) << printed();
    std::ifstream file(folder_ / "calls");
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    fs::remove_all(trace_);
    return lines;
  }

  Folder folder_;
  fs::path trace_ = folder_ / "trace", partial_ = folder_ / "trace.partial";
};

TEST_F(FailingWrite, EverySystemCallThatFails) {
  if (!is_strace_here()) GTEST_SKIP() << "strace cannot trace here";
  std::string only =
      "-P '" + folder_.path().string() + "' -P '" + partial_.string() + "' ";  // not the loader's
  for (const char* file :
       {"step_0.safetensors", "step_0_evaluation.safetensors", "manifest.json", "SHA256SUMS"})
    only += "-P '" + (partial_ / file).string() + "' ";
  for (const auto& [call, count] : std::vector<std::pair<std::string, std::size_t>>{
           {"mkdir", 1}, {"openat", 6}, {"write", 21}, {"fsync", 6}, {"renameat2", 1}}) {
    ASSERT_EQ(calls(only + "-e trace=" + call).size(), count) << call;
    for (const auto& [error, cause] : std::vector<std::pair<std::string, std::string>>{
             {"ENOSPC", "No space left on device"}, {"EIO", "Input/output error"}})
      for (std::size_t when = 1; when <= count; ++when) {
        SCOPED_TRACE(call + " number " + std::to_string(when) + ": " + error);
        const std::string inject = "-e inject=" + call + ":error=" + error + ":when=" + std::to_string(when);
        ASSERT_EQ(run_under_strace(only + inject), 2);
        EXPECT_THAT(printed(), testing::StartsWith(folder_.path().string()));
        EXPECT_THAT(printed(), testing::EndsWith(": " + cause + "\n"));
        EXPECT_FALSE(fs::exists(trace_));
        EXPECT_FALSE(fs::exists(partial_));
      }
  }
}

TEST_F(FailingWrite, KilledAtEveryStep) {
  if (!is_strace_here()) GTEST_SKIP() << "strace cannot trace here";
  for (const std::string call : {"write", "fsync", "renameat2"}) {
    const std::size_t count = calls("-e trace=" + call).size();
    for (std::size_t when = 1; when <= count; ++when) {
      SCOPED_TRACE(call + " number " + std::to_string(when));
      ASSERT_EQ(run_under_strace("-e inject=" + call + ":signal=KILL:when=" + std::to_string(when)),
                128 + SIGKILL);
      if (fs::exists(trace_)) {
        EXPECT_EQ(check_message(trace_), "ok");
        EXPECT_FALSE(fs::exists(partial_));
      } else {
        EXPECT_EQ(message_of([&] { write_small_trace(trace_); }),
                  partial_.string() +
                      ": left unfinished by a run that was stopped; remove it to write this trace again");
      }
      fs::remove_all(trace_);
      fs::remove_all(partial_);
    }
  }
}

/// Every file before its folder, the folder before the rename, the parent behind it: or a crash may lose the
/// trace.
TEST_F(FailingWrite, OrderOfFlushes) {
  if (!is_strace_here()) GTEST_SKIP() << "strace cannot trace here";
  std::string order;
  for (const std::string& line : calls("-y -e trace=fsync,renameat2")) {
    const std::size_t quote = line.find('"');
    const std::size_t path = line.find('/', quote == std::string::npos ? 0 : quote);
    order += line.substr(0, line.find('(')) + " " +
             fs::path(line.substr(path, line.find_first_of(">\"", path) - path)).filename().string() + "\n";
  }
  EXPECT_EQ(
      order,
      "fsync step_0.safetensors\nfsync step_0_evaluation.safetensors\nfsync manifest.json\nfsync SHA256SUMS\n"
      "fsync trace.partial\nrenameat2 trace.partial\nfsync " +
          folder_.path().filename().string() + "\n");
}

/// A limit on the size of files, at every size that a file of the trace can be cut to.
TEST_F(FailingWrite, FileTooLarge) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  for (const rlim_t bytes : {0, 1, 100, 351, 1292, 7675}) {
    rlimit limited = before;
    limited.rlim_cur = bytes;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limited), 0);
    const std::string message = message_of([&] { write_small_trace(trace_); });
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    const std::string file = bytes < 1293 ? "step_0.safetensors" : "manifest.json";
    EXPECT_EQ(message, (partial_ / file).string() + ": cannot be written: File too large");
    EXPECT_TRUE(contents(folder_.path()).empty());
  }
  EXPECT_EQ(message_of([&] { write_small_trace(trace_); }), "nothing was thrown");
  EXPECT_EQ(check_message(trace_), "ok");
}

TEST_F(FailingWrite, WhatIsThereIsNotReplaced) {
  write_small_trace(trace_);
  const auto before = TraceBytes::read(trace_).files();
  EXPECT_EQ(message_of([&] { write_small_trace(trace_); }),
            trace_.string() + ": exists; a trace is not written over it");
  EXPECT_EQ(message_of([&] { write_small_trace(trace_.string() + "/"); }),
            trace_.string() + ": exists; a trace is not written over it");
  EXPECT_EQ(TraceBytes::read(trace_).files(), before);
  const fs::path link = folder_ / "link";
  fs::create_symlink("nowhere", link);
  EXPECT_EQ(message_of([&] { write_small_trace(link); }),
            link.string() + ": exists; a trace is not written over it");
  EXPECT_EQ(message_of([&] { write_small_trace(folder_ / "no/trace"); }),
            (folder_ / "no/trace.partial").string() + ": cannot be created: No such file or directory");
}

/// The name is taken while the trace is being written: the rename refuses.
TEST_F(FailingWrite, NameTakenMeanwhile) {
  TraceWriter writer(trace_, {"p", "1"}, {});
  fs::create_directory(trace_);
  EXPECT_EQ(message_of([&] { writer.finish(); }),
            trace_.string() + ": cannot be renamed from " + partial_.string() + ": File exists");
  EXPECT_TRUE(fs::is_empty(trace_));
}

TEST_F(FailingWrite, LeftOverIsReplacedOnlyWhenAsked) {
  fs::create_directory(partial_);
  quatrain::base::write_whole_file(partial_ / "step_9.safetensors", "half");
  EXPECT_EQ(
      message_of([&] {
        TraceWriter writer(trace_, {"p", "1"}, {});
      }),
      partial_.string() + ": left unfinished by a run that was stopped; remove it to write this trace again");
  EXPECT_TRUE(fs::exists(partial_ / "step_9.safetensors"));
  TraceWriter writer(trace_, {"p", "1"}, {}, LeftOver::replace);
  writer.finish();
  EXPECT_EQ(check_message(trace_), "ok");
}

TEST_F(FailingWrite, UnfinishedTraceLeavesNothing) {
  {
    TraceWriter writer(trace_, {"p", "1"}, {});
    writer.begin_file("a.safetensors");
    writer.add_int32("z", {1}, std::vector<std::int32_t>{1});
    writer.end_file();
    EXPECT_TRUE(fs::exists(partial_ / "a.safetensors"));
  }
  EXPECT_TRUE(contents(folder_.path()).empty());
}

/// A writer publishes nothing that a reader would refuse.
TEST_F(FailingWrite, IllegalRecordsAreRefused) {
  EXPECT_EQ(message_of([&] {
              TraceWriter writer(trace_, {"p", "1"}, {});
              writer.begin_file("a.safetensors");
              writer.add_int32("z", {1}, std::vector<std::int32_t>{1});
              writer.end_file();
              writer.finish();
            }),
            (partial_ / "manifest.json").string() + ": tensor 'z': no record refers to it");
  EXPECT_EQ(
      message_of([&] {
        TraceWriter writer(trace_, {"p", "1"}, {});
        writer.add_layer({.id = 1, .name = "a b"});
        writer.finish();
      }),
      (partial_ / "manifest.json").string() + ": /layers/0/name: found 'a b'; expected A-Z a-z 0-9 _ . -");
  EXPECT_EQ(
      message_of([&] {
        TraceWriter writer(trace_, {"p", "1"}, {.model = "\xff", .seed = 0, .config_sha256 = {}, .note = {}});
        writer.finish();
      }),
      "'\\xff' is not UTF-8");
  EXPECT_EQ(message_of([&] {
              TraceWriter writer(trace_, {"p", "1"}, {});
              writer.begin_file("a.safetensors");
              writer.add_int32("z", {1}, std::vector<std::int32_t>{1});
              writer.add_int32("z", {1}, std::vector<std::int32_t>{1});
            }),
            partial_.string() + ": tensor 'z': the trace has one of this id");
  EXPECT_TRUE(contents(folder_.path()).empty());
}

}  // namespace
