/// The worked example of docs/trace-format.md, typed there by hand, is a legal trace and means what the text
/// says.
#include "tests/support/folder.hpp"
#include "tests/traces/format/small_trace.hpp"
#include "traces/base/files.hpp"
#include "traces/encoding/nibbles.hpp"
#include "traces/format/reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace quatrain::tests;
using namespace quatrain::traces;

std::string page() {
  return quatrain::base::read_whole_file(std::filesystem::path(QUATRAIN_SOURCE_DIR) / "docs/trace-format.md");
}

/// The code block behind the line `**name**`.
std::string block_of(const std::string& name) {
  const std::string text = page(), head = "**" + name + "**";
  const std::size_t title = text.find(head);
  if (title == std::string::npos) throw std::runtime_error(head + " is not in the page");
  const std::size_t begin = text.find('\n', text.find("```", title)) + 1;
  return text.substr(begin, text.find("```", begin) - begin);
}

/// "7b 22 ..  comment": pairs of hexadecimal digits up to two spaces.
std::string bytes_of_dump(const std::string& dump) {
  std::string bytes;
  std::istringstream lines(dump);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream pairs(line.substr(0, line.find("  ")));
    for (std::string pair; pairs >> pair;) bytes += static_cast<char>(std::stoi(pair, nullptr, 16));
  }
  return bytes;
}

TEST(WorkedExample, IsALegalTrace) {
  TraceBytes trace;
  trace.add("manifest.json", block_of("manifest.json"));
  trace.add("step_00000000.safetensors", bytes_of_dump(block_of("step_00000000.safetensors")));
  trace.add("SHA256SUMS", block_of("SHA256SUMS"));
  const Folder scratch;
  trace.write(scratch / "trace");
  ASSERT_EQ(check_message(scratch / "trace"), "ok");
  const TraceReader reader(scratch / "trace");
  EXPECT_THAT(unpack_nibbles(reader.read_codes("x"), 3), testing::ElementsAre(0x7, 0x0, 0xf));
  EXPECT_THAT(unpack_nibbles(reader.read_codes("w"), 3), testing::ElementsAre(0x2, 0x9, 0x4));
  EXPECT_THAT(reader.read_int32("z"), testing::ElementsAre(10));
}

}  // namespace
