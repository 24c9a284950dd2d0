/// docs/guides/kernel.md, command by command, as a user does it: installed, and out of the tree.
#include "tests/support/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace quatrain::tests {
namespace {

using testing::HasSubstr;

struct Command {
  std::string line;
  std::vector<std::string> expected;  ///< lines of its output, "..." for any number of others
};

/// What stands in the console blocks of a page.
std::vector<Command> commands_of(const std::filesystem::path& page) {
  std::ifstream file(page);
  std::vector<Command> commands;
  bool is_console = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```"))
      is_console = line == "```console";
    else if (is_console && line.starts_with("$ "))
      commands.push_back({line.substr(2), {}});
    else if (is_console)
      commands.back().expected.push_back(line);
  }
  return commands;
}

/// Empty when the lines of `output` are the expected ones.
std::string complaint(const std::vector<std::string>& expected, const std::string& output) {
  std::istringstream stream(output);
  bool may_skip = false;
  std::string line;
  for (const std::string& wanted : expected) {
    if (wanted == "...") {
      may_skip = true;
      continue;
    }
    do {
      if (!std::getline(stream, line)) return "missing: " + wanted + "\nin\n" + output;
    } while (may_skip && line != wanted);
    if (line != wanted) return "expected: " + wanted + "\nfound: " + line;
    may_skip = false;
  }
  return "";
}

/// Runs the commands in one shell, in a tree that has what the page names, with an empty home.
class Guide : public testing::Test {
 protected:
  Guide() {
    std::filesystem::create_directories(folder / "home");
    std::filesystem::create_directories(folder / "tree/build");
    std::filesystem::create_symlink(QUATRAIN_BINARY_DIR, folder / "tree/build/release");
    std::filesystem::create_symlink(QUATRAIN_SOURCE_DIR "/tests", folder / "tree/tests");
  }

  std::string run(const std::string& line, const std::string& directory) const {
    const auto script = folder / "script";
    std::ofstream(script) << "export HOME=" << (folder / "home").string()
                          << " PATH=" QUATRAIN_CMAKE_FOLDER ":$PATH\n"
                          << "cc() { " QUATRAIN_CC " \"$@\"; }\ncd " << directory << "\n"
                          << line << "\npwd >" << (folder / "directory").string() << "\n";
    const ProgramRun done = run_program("bash", script.string(), folder);
    return done.out + done.err;
  }

  std::string directory() const {
    std::ifstream file(folder / "directory");
    std::string line;
    std::getline(file, line);
    return line;
  }

  Folder folder;
};

TEST_F(Guide, EveryCommandPrintsWhatThePageSays) {
  const auto commands = commands_of(QUATRAIN_SOURCE_DIR "/docs/guides/kernel.md");
  ASSERT_GE(commands.size(), 10U);
  std::string where = (folder / "tree").string();
  std::size_t with_output = 0;
  for (const Command& command : commands) {
    const std::string output = run(command.line, where);
    EXPECT_EQ(complaint(command.expected, output), "") << command.line;
    const bool is_silent = command.expected.empty() && !command.line.starts_with("cmake");
    EXPECT_EQ(is_silent ? output : "", "") << command.line;
    with_output += command.expected.empty() ? 0 : 1;
    where = directory();
  }
  EXPECT_EQ(with_output, 5U);
  for (const char* const file :
       {"bin/quatrain", "include/quatrain/kernel_abi.h", "share/quatrain/examples/kernel_cuda/kernel.cu"})
    EXPECT_TRUE(std::filesystem::exists(folder / "home/quatrain" / file)) << file;
}

TEST_F(Guide, AnotherOutputIsFound) {
  EXPECT_THAT(complaint({"...", "b", "c"}, "a\nb\nd\n"), HasSubstr("expected: c"));
  EXPECT_THAT(complaint({"...", "b"}, "a\nc\n"), HasSubstr("missing: b"));
  EXPECT_THAT(complaint({"b"}, "a\nb\n"), HasSubstr("found: a"));
  EXPECT_EQ(complaint({"a", "...", "c"}, "a\nb\nc\nd\n"), "");
}

/// The command that builds a template stands at its head.
class Template : public Guide {
 protected:
  static std::string line_of(const std::string& file, const std::string& begin) {
    std::ifstream stream(std::string(QUATRAIN_SOURCE_DIR "/examples/") + file);
    for (std::string line; std::getline(stream, line);)
      if (const auto at = line.find(begin); at != std::string::npos) return line.substr(at);
    return "no line with " + begin;
  }

  /// What the compiler says, and then the verdict on the trace from outside.
  std::string built_and_verified(const std::string& line, const std::string& example) const {
    std::filesystem::copy(QUATRAIN_SOURCE_DIR "/examples/" + example, folder / example,
                          std::filesystem::copy_options::recursive);
    return run(std::regex_replace(line, std::regex("PREFIX/include"), QUATRAIN_SOURCE_DIR "/include") +
                   "\n" QUATRAIN_PROGRAM " verify " QUATRAIN_SOURCE_DIR
                   "/tests/data/outside_trace --kernel mine.so | grep '^kernel.mine'",
               (folder / example).string());
  }
};

TEST_F(Template, InCBuildsByItsOwnCommand) {
  const std::string said = built_and_verified(line_of("kernel_c/kernel.c", "cc "), "kernel_c");
  EXPECT_THAT(said, HasSubstr("\nkernel.mine gemms 47/47 quantizers 1/1 elements 53141 equal\n"));
}

/// Where there is no GPU it fails, and says so.
TEST_F(Template, InCudaBuildsByItsOwnCommand) {
  const std::string nvcc = QUATRAIN_NVCC;
  if (nvcc.empty()) GTEST_SKIP() << "no nvcc";
  const std::string line = line_of("kernel_cuda/kernel.cu", "nvcc ");
  const std::string said = built_and_verified(nvcc + line.substr(line.find(' ')), "kernel_cuda");
  EXPECT_THAT(said, testing::StartsWith("kernel.mine    "));
  EXPECT_THAT(said,
              testing::AnyOf(HasSubstr("\nkernel.mine gemms 17/17 quantizers 0/0 elements 10508 equal\n"),
                             HasSubstr("forward: CUDA: ")));
}

}  // namespace
}  // namespace quatrain::tests
