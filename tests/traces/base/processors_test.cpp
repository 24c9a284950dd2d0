#include "traces/base/processors.hpp"

#include "tests/support/folder.hpp"
#include "traces/base/files.hpp"

#include <gtest/gtest.h>

namespace quatrain::traces {
namespace {

class Processors : public testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories((root_ / file).parent_path());
    base::write_whole_file(root_ / file, text);
  }
  std::optional<unsigned> granted(std::string_view groups) const {
    return base::granted_processors(groups, root_.path());
  }
  tests::Folder root_;
};

TEST_F(Processors, AQuotaIsRoundedUp) {
  for (const auto& [text, expected] : {std::pair("150000 100000\n", 2U),
                                       {"200000 100000\n", 2U},
                                       {"200001 100000\n", 3U},
                                       {"1000 100000\n", 1U},
                                       {"50000 20000", 3U}}) {
    write("cpu.max", text);
    EXPECT_EQ(granted("0::/\n"), expected) << text;
  }
}

TEST_F(Processors, NoQuotaIsNoLimit) {
  EXPECT_EQ(granted("0::/\n"), std::nullopt) << "no file";
  for (const char* text : {"max 100000\n", "", "junk\n", "0 100000\n", "100000 0\n"}) {
    write("cpu.max", text);
    EXPECT_EQ(granted("0::/\n"), std::nullopt) << text;
  }
  EXPECT_EQ(granted(""), std::nullopt);
}

TEST_F(Processors, TheSmallestLimitFromTheGroupUpCounts) {
  write("slice/cpu.max", "300000 100000\n");
  write("slice/job/cpu.max", "500000 100000\n");
  EXPECT_EQ(granted("0::/slice/job\n"), 3U);
  write("slice/job/cpu.max", "200000 100000\n");
  EXPECT_EQ(granted("0::/slice/job\n"), 2U);
  write("cpu.max", "100000 100000\n");
  EXPECT_EQ(granted("0::/slice/job\n"), 1U);
  EXPECT_EQ(granted("0::/not/mounted/here\n"), 1U);
}

TEST_F(Processors, VersionOneHasTwoFiles) {
  write("cpu/docker/x/cpu.cfs_quota_us", "250000\n");
  write("cpu/docker/x/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(granted("4:cpuset:/docker/x\n3:cpu,cpuacct:/docker/x\n"), 3U);
  EXPECT_EQ(granted("4:cpuset:/docker/x\n"), std::nullopt);
  write("cpu/docker/x/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(granted("3:cpu,cpuacct:/docker/x\n"), std::nullopt);
}

TEST_F(Processors, ThisProcessHasOne) { EXPECT_GE(base::default_thread_count(), 1U); }

}  // namespace
}  // namespace quatrain::traces
