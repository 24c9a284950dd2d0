#include "sim/embedded/resources.hpp"

#include "traces/base/files.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

namespace quatrain::sim {
namespace {

const std::filesystem::path root = QUATRAIN_SOURCE_DIR;

TEST(EmbeddedResources, EveryConfigIsThereByteForByte) {
  std::set<std::string> expected;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "configs"))
    if (entry.path().extension() == ".json" || entry.path().extension() == ".csv")
      expected.insert(std::filesystem::relative(entry.path(), root).string());
  ASSERT_GT(expected.size(), 5U);
  std::set<std::string> found;
  for (const std::string_view path : embedded_paths())
    if (path.starts_with("configs/")) found.emplace(path);
  EXPECT_EQ(found, expected);
  for (const std::string& path : expected)
    EXPECT_EQ(embedded_resource(path), base::read_whole_file(root / path)) << path;
}

TEST(EmbeddedResources, WhatIsNotEmbeddedIsNothing) {
  EXPECT_FALSE(embedded_resource("configs/README.md"));
  EXPECT_FALSE(embedded_resource("configs/training/"));
  EXPECT_FALSE(embedded_resource(""));
}

TEST(EmbeddedResources, ChartJsIsWholeWhereItIsThere) {
  const auto chart = embedded_resource("chart.js");
  if (!chart) GTEST_SKIP() << "built without Chart.js (Debian package libjs-chart.js)";
  EXPECT_GT(chart->size(), 100'000U);
  EXPECT_NE(chart->find("Chart.js v3"), std::string_view::npos);
  EXPECT_EQ(chart->find("</script"), std::string_view::npos) << "it is put inside a script element";
}

}  // namespace
}  // namespace quatrain::sim
