/// The commands that the pages show, held against the help of the program at hand.
#include "tests/support/program.hpp"

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <sstream>
#include <vector>

namespace quatrain::tests {
namespace {

/// Words of `text` that `pattern` finds.
std::vector<std::string> all_matches(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  std::vector<std::string> words;
  for (std::sregex_iterator match(text.begin(), text.end(), expression), end; match != end; ++match)
    words.push_back((*match)[1]);
  return words;
}

class Pages : public testing::Test {
 protected:
  /// What `quatrain COMMAND --help` prints, once per command; "" for a command that it does not have.
  const std::string& help(const std::string& command) {
    const auto [found, is_new] = helps_.try_emplace(command);
    if (is_new) {
      const ProgramRun run = run_program(QUATRAIN_PROGRAM, command + " --help", folder_);
      if (run.exit_code == 0) found->second = run.out;
    }
    return found->second;
  }

  /// Commands and options of a page that the program does not have, one per line. A command's options are
  /// those between `quatrain COMMAND` and the end of the line or of its backticks.
  std::string unknown(const std::string& text) {
    std::string found;
    const std::regex command("quatrain ((?:trace|conformance) [a-z]+|[a-z]+)([^`\n]*)");
    for (std::sregex_iterator match(text.begin(), text.end(), command), end; match != end; ++match) {
      const std::string name = (*match)[1];
      if (help(name).empty()) found += "quatrain " + name + "\n";
      for (const std::string& option : all_matches((*match)[2], "(--[a-z][a-z-]*)"))
        if (help(name).find(option) == std::string::npos) found += name + " " + option + "\n";
    }
    return found;
  }

  Folder folder_;
  std::map<std::string, std::string> helps_;
};

TEST_F(Pages, ShowOnlyCommandsAndOptionsThatExist) {
  std::size_t commands = 0;
  std::vector<std::filesystem::path> pages{QUATRAIN_SOURCE_DIR "/README.md"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(QUATRAIN_SOURCE_DIR "/docs"))
    if (entry.path().extension() == ".md") pages.push_back(entry.path());
  for (const auto& page : pages) {
    const std::string text = base::read_whole_file(page);
    EXPECT_EQ(unknown(text), "") << page;
    commands += all_matches(text, "(quatrain [a-z]+ )").size();
  }
  EXPECT_GT(commands, 20U);
}

TEST_F(Pages, HelpShowsOnlyCommandsAndOptionsThatExist) {
  for (const char* command : {"", "train", "trace", "trace info", "trace check", "trace show", "sim",
                              "verify", "report", "machines", "demo"})
    EXPECT_EQ(unknown(help(command)), "") << command;
}

/// All but what depends on the computer: seconds, and whether there is a GPU.
TEST_F(Pages, TheSampleOfVerifyIsWhatTheCommandPrints) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "built without SystemC: its machines are skipped";
  const std::string command = "$ quatrain verify tests/data/outside_trace\n";
  const std::string page = base::read_whole_file(QUATRAIN_SOURCE_DIR "/docs/guides/verify.md");
  const std::size_t begin = page.find(command);
  ASSERT_NE(begin, std::string::npos);
  std::istringstream sample(page.substr(begin + command.size()));
  const ProgramRun run = run_program("cd " QUATRAIN_SOURCE_DIR " && " QUATRAIN_PROGRAM,
                                     "verify tests/data/outside_trace", folder_);
  EXPECT_EQ(run.exit_code, 0);
  std::size_t compared = 0;
  for (std::string line; std::getline(sample, line) && line != "```";) {
    if (line == "..." || line.starts_with("emu.naive  ") || line.starts_with("cuda.")) continue;
    EXPECT_NE(("\n" + run.out).find("\n" + line + "\n"), std::string::npos) << line;
    ++compared;
  }
  EXPECT_GE(compared, 10U);
}

TEST_F(Pages, AnUnknownCommandOrOptionIsFound) {
  EXPECT_EQ(unknown("`quatrain sim X --tracing T` and `quatrain fly`, `quatrain trace check D --all`"),
            "sim --tracing\nquatrain fly\ntrace check --all\n");
}

}  // namespace
}  // namespace quatrain::tests
