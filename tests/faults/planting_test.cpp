#include "tests/faults/planting.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace quatrain::tests {
namespace {

using namespace faults;
using Lines = std::vector<std::string>;

const std::string head = "kind: width\nsite: codec\nOne digit is lost.\n\n";

std::string hunk(const std::string& lines, const std::string& file = "emu/a.hpp") {
  return "--- " + file + "\n@@\n" + lines;
}

const std::vector<Source> sources = {
    {"emu/a.hpp",
     {"#pragma once", "#include \"emu/b.hpp\"", "namespace quatrain::emu {", "int one() {", "  int x = 1;",
      "  return x;", "}", "}  // namespace quatrain::emu"}},
    {"emu/b.hpp", {"#pragma once", "namespace quatrain::emu {", "int b();", "int b();", "}"}}};

std::string message(const std::vector<std::pair<std::string, std::string>>& texts) try {
  std::vector<Patch> patches;
  for (const auto& [name, text] : texts) patches.push_back(parse_patch(name, text));
  apply_patches(sources, patches);
  return "applies";
} catch (const std::runtime_error& error) {
  return error.what();
}

TEST(Planting, ACopyHasAllFaultsAndANamespaceOfItsOwn) {
  const auto first =
      parse_patch("first", head + hunk("   int x = 1;\n+  if (planted == Fault::first) x = 2;\n"));
  const auto second = parse_patch(
      "second", head + hunk("   int x = 1;\n-  return x;\n+  return planted == Fault::second ? 3 : x;\n"));
  for (const auto& patches : {std::vector{first, second}, std::vector{second, first}}) {
    const auto copy = planted_copy("emu", sources, patches);
    ASSERT_EQ(copy.size(), 3U);
    EXPECT_EQ(copy[0].lines,
              (Lines{"#pragma once", "#include \"planted/emu/planted.hpp\"", "#include \"planted/emu/b.hpp\"",
                     "namespace quatrain::planted::emu {", "int one() {", "  int x = 1;",
                     "  if (planted == Fault::first) x = 2;", "  return planted == Fault::second ? 3 : x;",
                     "}", "}  // namespace quatrain::planted::emu"}));
    EXPECT_EQ(copy[1].lines,
              (Lines{"#pragma once", "namespace quatrain::planted::emu {", "int b();", "int b();", "}"}));
    EXPECT_EQ(copy[2].file, "emu/planted.hpp");
    EXPECT_THAT(copy[2].lines, testing::Contains("  , {\"first\", \"codec\", \"width\"}"));
    EXPECT_THAT(copy[2].lines, testing::Contains("  , second  ///< One digit is lost."));
  }
}

TEST(Planting, APatchThatDoesNotApplyNamesItselfAndWhatItMisses) {
  EXPECT_EQ(message({{"lost", head + hunk("-  int x = 2;\n+  int x = Fault::lost;\n")}}),
            "lost.patch: does not apply: emu/a.hpp has this 0 times, expected once: '  int x = 2;'");
  EXPECT_EQ(message({{"twice", head + hunk("-int b();\n+int Fault::twice;\n", "emu/b.hpp")}}),
            "twice.patch: does not apply: emu/b.hpp has this 2 times, expected once: 'int b();'");
  EXPECT_EQ(message({{"gone", head + hunk(" x\n+Fault::gone\n", "emu/c.hpp")}}),
            "gone.patch: there is no file emu/c.hpp");
  EXPECT_EQ(message({{"placeless", head + hunk("+Fault::placeless\n")}}),
            "placeless.patch: a hunk of emu/a.hpp has only new lines: its place is not known");
}

TEST(Planting, TwoPatchesOfOneLineAreRefused) {
  const std::string change = "-  int x = 1;\n+  int x = planted == Fault::one || planted == Fault::two;\n";
  EXPECT_EQ(message({{"one", head + hunk(change)}, {"two", head + hunk(change)}}),
            "two.patch: changes a line of emu/a.hpp that one.patch changes too: '  int x = 1;'");
}

TEST(Planting, APatchThatIsNoneIsRefused) {
  EXPECT_EQ(message({{"headless", "kind: width\n" + hunk(" a\n+Fault::headless\n")}}),
            "headless.patch: expected at its head: 'kind: ...', 'site: ...' and a sentence");
  EXPECT_EQ(message({{"empty", head}}), "empty.patch: changes nothing");
  EXPECT_EQ(message({{"bare", head + hunk("-  int x = 1;\n+  int x = 2;\n")}}),
            "bare.patch: expected a guard: 'planted == Fault::bare'");
  EXPECT_EQ(message({{"torn", head + hunk("-  int x = 1;\n*  int x = 2;\n")}}),
            "torn.patch: line 8: expected ' ', '-' or '+', '@@' or '--- FILE' first: '*  int x = 2;'");
  EXPECT_EQ(message({{"early", head + "@@\n a\n"}}),
            "early.patch: line 5: a hunk before the first '--- FILE'");
  EXPECT_EQ(message({{"late", head + "--- emu/a.hpp\n a\n"}}),
            "late.patch: line 6: '@@' expected after '--- emu/a.hpp'");
}

}  // namespace
}  // namespace quatrain::tests
