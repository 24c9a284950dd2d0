#include "sim/embedded/config_file.hpp"

#include "tests/support/folder.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/program.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quatrain::sim {
namespace {

using testing::Contains;

TEST(ConfigFile, EmbeddedNamesOfEachKind) {
  EXPECT_THAT(embedded_configs(ConfigKind::training), Contains("demo_cnn"));
  EXPECT_THAT(embedded_configs(ConfigKind::accelerator), Contains("luq_32x32"));
  EXPECT_THAT(embedded_configs(ConfigKind::technology), Contains("7nm"));
  EXPECT_THAT(embedded_configs(ConfigKind::workload), Contains("resnet50"));
}

TEST(ConfigFile, NameOpensTheEmbeddedOne) {
  const base::JsonNode config = open_config("luq_32x32", ConfigKind::accelerator);
  EXPECT_EQ(config.at("name").string(), "luq_32x32");
  EXPECT_EQ(config.file(), "configs/accelerators/luq_32x32.json");
}

TEST(ConfigFile, PathOpensAFileAndCountsFromTheFolder) {
  const tests::Folder folder;
  base::write_whole_file(folder / "mine.json", R"({"name": "mine"})");
  EXPECT_EQ(open_config((folder / "mine.json").string(), ConfigKind::training).at("name").string(), "mine");
  EXPECT_EQ(open_config("mine.json", ConfigKind::technology, folder.path()).at("name").string(), "mine");
}

/// coreutils have the last word.
TEST(ConfigFile, TheSumIsThatOfTheText) {
  const tests::Folder folder;
  base::write_whole_file(folder / "mine.json", R"({"name": "mine"})");
  const auto sum_by_coreutils = [&](const std::filesystem::path& file) {
    return tests::run_program("sha256sum", file.string(), folder).out.substr(0, 64);
  };
  EXPECT_EQ(config_sha256("mine.json", ConfigKind::accelerator, folder.path()),
            sum_by_coreutils(folder / "mine.json"));
  EXPECT_EQ(config_sha256("7nm", ConfigKind::technology),
            sum_by_coreutils(std::filesystem::path(QUATRAIN_SOURCE_DIR) / "configs/technology/7nm.json"));
}

TEST(ConfigFile, UnknownNameListsTheEmbeddedOnes) {
  EXPECT_EQ(tests::message_of([] { open_config("luq_64x64", ConfigKind::accelerator); }),
            "luq_64x64: no such file; expected a file, or one of the accelerator configs inside the program: "
            "bf16_32x32, luq_32x32");
}

}  // namespace
}  // namespace quatrain::sim
