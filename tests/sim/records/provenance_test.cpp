#include "sim/records/provenance.hpp"

#include "tests/support/program.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace quatrain::sim {
namespace {

/// The shell has the last word.
TEST(ShellLine, GivesTheSameWordsBack) {
  const tests::Folder folder;
  const std::vector<std::string> words = {"printf", "<%s>", "plain", "two words", "it's", "$HOME `x` \"y\"",
                                          "",       "~",    "a~b",   "*",         "a\nb", "-x=1,2"};
  base::write_whole_file(folder / "script", shell_line(words));
  std::string expected;
  for (std::size_t i = 2; i < words.size(); ++i) expected += "<" + words[i] + ">";
  EXPECT_EQ(tests::run_program("sh", (folder / "script").string(), folder).out, expected);
  EXPECT_EQ(shell_line({"quatrain", "train", "a b.json"}), "quatrain train 'a b.json'");
}

TEST(ProvenanceJson, SaysCommandProgramAndInputs) {
  EXPECT_EQ(to_json_object(Provenance{"quatrain sim x", "quatrain 9", {{"x", "ab"}}}).dump(),
            R"({"command":"quatrain sim x","program":"quatrain 9","inputs":[{"file":"x","sha256":"ab"}]})");
}

TEST(ProvenanceJson, StandsBehindAllOtherKeysOfAResult) {
  const std::string json = "{\n  \"b\": 0.1,\n  \"a\": 18446744073709551615\n}\n";
  EXPECT_EQ(
      with_provenance(json, {.command = "c", .program = "p"}, 2),
      "{\n  \"b\": 0.1,\n  \"a\": 18446744073709551615,\n  \"provenance\": {\n    \"command\": \"c\",\n    "
      "\"program\": \"p\",\n    \"inputs\": []\n  }\n}\n");
}

}  // namespace
}  // namespace quatrain::sim
