#include "traces/base/files.hpp"

#include "tests/support/folder.hpp"
#include "tests/support/message_of.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace quatrain::tests;
using namespace quatrain::base;

TEST(Files, WholeFileReplacesAndLeavesNoTemporary) {
  const Folder folder;
  write_whole_file(folder / "a", "one");
  write_whole_file(folder / "a", "two");
  EXPECT_EQ(read_whole_file(folder / "a"), "two");
  EXPECT_EQ(contents(folder.path()), std::set<std::string>{"a"});
}

TEST(Files, WholeFileGoesThroughALink) {
  const Folder folder;
  write_whole_file(folder / "target", "one");
  std::filesystem::create_symlink("target", folder / "link");
  write_whole_file(folder / "link", "two");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_whole_file(folder / "target"), "two");
  EXPECT_EQ(contents(folder.path()), (std::set<std::string>{"link", "target"}));
}

// No device stands in these two: code that renames over one would take it from the whole machine.
TEST(Files, WholeFileIntoAPipeLeavesItOne) {
  const Folder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink("pipe", folder / "link");
  const int reader = ::open((folder / "pipe").c_str(), O_RDONLY | O_NONBLOCK);
  write_whole_file(folder / "link", "one");
  std::string received(4, '.');
  ASSERT_EQ(::read(reader, received.data(), received.size()), 3);
  ::close(reader);
  EXPECT_EQ(received, "one.");
  EXPECT_TRUE(std::filesystem::is_fifo(folder / "pipe"));
  EXPECT_EQ(contents(folder.path()), (std::set<std::string>{"link", "pipe"}));
}

TEST(Files, AFailingWriteIntoAPipeNamesItAndLeavesItOne) {
  std::signal(SIGPIPE, SIG_IGN);
  const Folder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const int reader = ::open((folder / "pipe").c_str(), O_RDONLY | O_NONBLOCK);
  std::string message;
  std::thread writer([&] {  // waits for more room than a pipe has
    message = message_of([&] { write_whole_file(folder / "pipe", std::string(10'000'000, 'x')); });
  });
  pollfd wait{reader, POLLIN, 0};
  EXPECT_EQ(::poll(&wait, 1, 10'000), 1);
  ::close(reader);
  writer.join();
  EXPECT_EQ(message, (folder / "pipe").string() + ": cannot be written: Broken pipe");
  EXPECT_EQ(contents(folder.path()), std::set<std::string>{"pipe"});
}

TEST(Files, FailuresNameFileAndCause) {
  const Folder folder;
  EXPECT_EQ(message_of([&] { write_whole_file(folder / "no/a", ""); }),
            (folder / "no/a").string() + ": cannot be opened for writing: No such file or directory");
  EXPECT_EQ(message_of([&] { read_whole_file(folder / "a"); }),
            (folder / "a").string() + ": cannot be read: No such file or directory");
  EXPECT_EQ(message_of([&] { InputFile(folder / "a"); }),
            (folder / "a").string() + ": cannot be read: No such file or directory");
  EXPECT_EQ(message_of([&] { InputFile(folder.path()); }), folder.path().string() + ": not a plain file");
  EXPECT_EQ(message_of([&] {
              OutputFile full("/dev/full", OutputFile::Mode::append);
              full.write("x");
            }),
            "/dev/full: cannot be written: No space left on device");
  write_whole_file(folder / "a", "12345");
  EXPECT_EQ(message_of([&] { read_whole_file(folder / "a", 4); }),
            (folder / "a").string() + ": more than 4 bytes long");
  EXPECT_EQ(read_whole_file(folder / "a", 5), "12345");
  EXPECT_EQ(message_of([&] { OutputFile(folder / "a", OutputFile::Mode::create); }),
            (folder / "a").string() + ": cannot be opened for writing: File exists");
}

TEST(Files, ANewFileIsMadeByOneOfTwo) {
  const Folder folder;
  write_new_file(folder / "a", "one");
  EXPECT_NE(message_of([&] { write_new_file(folder / "a", "two"); }).find("File exists"),
            std::string::npos);
  EXPECT_EQ(read_whole_file(folder / "a"), "one");
  EXPECT_EQ(contents(folder.path()), std::set<std::string>{"a"});
}

TEST(Files, ANewDirectoryIsMadeByOneOfMany) {
  const Folder folder;
  std::atomic<int> made = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] { made += make_new_directory(folder / "above/run/"); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
  write_whole_file(folder / "file", "");
  EXPECT_EQ(message_of([&] { make_new_directory(folder / "file/run"); }),
            (folder / "file/run").string() + ": cannot be created: Not a directory");
}

TEST(Files, WhatBelongsTogetherComesFromOneWriter) {
  const Folder folder;
  std::atomic<bool> are_mixed = false;
  const auto write = [&](const std::string& text) {
    for (int i = 0; i < 50; ++i)
      write_whole_files(
          std::vector<FileText>{{folder / "a", text}, {folder / "b", text}},
          [&] {  // nobody else renames here now: what stands side by side is of one writer
            if (std::filesystem::exists(folder / "b"))
              are_mixed =
                  are_mixed || read_whole_file(folder / "a") != read_whole_file(folder / "b");
          });
  };
  std::thread one([&] { write("1"); }), two([&] { write("2"); });
  one.join();
  two.join();
  EXPECT_FALSE(are_mixed);
  EXPECT_EQ(read_whole_file(folder / "a"), read_whole_file(folder / "b"));
  EXPECT_EQ(contents(folder.path()), (std::set<std::string>{"a", "b"}));
}

TEST(Files, WhatBelongsTogetherIsWrittenWholeOrNotAtAll) {
  const Folder folder;
  write_whole_file(folder / "a", "before");
  EXPECT_EQ(
      message_of([&] {
        write_whole_files(std::vector<FileText>{{folder / "a", "new"}, {folder / "no/b", "new"}});
      }),
      (folder / "no/b").string() + ": cannot be opened for writing: No such file or directory");
  EXPECT_EQ(message_of([&] {
              write_whole_files(
                  std::vector<FileText>{{folder / "a", "new"}, {folder / "b", "new"}},
                  [] { throw Error("no"); });
            }),
            "no");
  EXPECT_EQ(read_whole_file(folder / "a"), "before");
  EXPECT_EQ(contents(folder.path()), std::set<std::string>{"a"});
}

TEST(Files, ALockIsHeldByOne) {
  const Folder folder;
  const auto complaint = [&] {
    return message_of([&] { Lock(folder.path(), "somebody works here", std::chrono::milliseconds(20)); });
  };
  {
    const Lock lock(folder.path(), "", std::chrono::milliseconds(0));
    EXPECT_EQ(complaint(), folder.path().string() + ": somebody works here");
  }
  EXPECT_EQ(complaint(), "nothing was thrown");
}

/// What is printed before and behind a file that goes to the same stream keeps its place.
TEST(Files, AStreamOfThisProcessIsWrittenWhereItStands) {
  const Folder folder;
  const int held = ::open((folder / "out").c_str(), O_WRONLY | O_CREAT, 0644);
  const std::string name = "/dev/fd/" + std::to_string(held);
  EXPECT_TRUE(is_stream(name));
  EXPECT_TRUE(is_stream("/dev/stdout"));
  EXPECT_FALSE(is_stream(folder / "out"));
  ASSERT_EQ(::write(held, "before ", 7), 7);
  write_whole_file(name, "file");
  ASSERT_EQ(::write(held, " after", 6), 6);
  ::close(held);
  EXPECT_EQ(read_whole_file(folder / "out"), "before file after");
  EXPECT_EQ(contents(folder.path()), std::set<std::string>{"out"});
}

TEST(Files, PipeIsRefusedAndNotWaitedFor) {
  const Folder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(message_of([&] { InputFile(folder / "pipe"); }),
            (folder / "pipe").string() + ": not a plain file");
}

TEST(Files, InputIsReadAtAnyPlace) {
  const Folder folder;
  write_whole_file(folder / "a", "abcdef");
  const InputFile file(folder / "a");
  EXPECT_EQ(file.size(), 6U);
  std::vector<std::uint8_t> bytes(3);
  file.read(2, bytes);
  EXPECT_EQ(bytes, (std::vector<std::uint8_t>{'c', 'd', 'e'}));
  EXPECT_EQ(message_of([&] { file.read(5, bytes); }),
            (folder / "a").string() + ": ends at byte 6; expected 2 more");
}

TEST(Files, RenameRefusesWhatIsThere) {
  const Folder folder;
  write_whole_file(folder / "a", "a");
  write_whole_file(folder / "b", "b");
  EXPECT_EQ(
      message_of([&] { rename_new(folder / "a", folder / "b"); }),
      (folder / "b").string() + ": cannot be renamed from " + (folder / "a").string() + ": File exists");
  rename_new(folder / "a", folder / "c");
  EXPECT_EQ(read_whole_file(folder / "b"), "b");
  EXPECT_EQ(read_whole_file(folder / "c"), "a");
}

TEST(Files, AppendedLines) {
  const Folder folder;
  append_line(folder / "log", "one");
  append_line(folder / "log", "two");
  EXPECT_EQ(read_whole_file(folder / "log"), "one\ntwo\n");
}

}  // namespace
