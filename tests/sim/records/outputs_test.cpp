#include "sim/records/outputs.hpp"

#include "tests/support/folder.hpp"
#include "tests/support/message_of.hpp"
#include "traces/base/files.hpp"

#include <gtest/gtest.h>

#include <array>

namespace quatrain::sim {
namespace {

using base::read_whole_file;
using base::write_whole_file;
using tests::message_of;

const std::string free_text = "nothing was thrown";

class Outputs : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name) const { return folder_ / name; }
  std::string complaint(const std::string& name) const {
    const std::array<Output, 1> outputs = {Output{file(name), json_mark("quatrain-simulation")}};
    return message_of([&] { require_free(outputs); });
  }
  std::string refusal(const std::string& name) const {
    return file(name).string() +
           ": exists and is not an older result of this kind; expected another name, so that it stays";
  }
  tests::Folder folder_;
};

TEST_F(Outputs, NewEmptyOrOlderOfTheSameKindIsFree) {
  EXPECT_EQ(complaint("new.json"), free_text);
  write_whole_file(file("empty.json"), "");
  EXPECT_EQ(complaint("empty.json"), free_text);
  write_whole_file(file("older.json"), "{\n \"format\": \"quatrain-simulation\", ...");
  EXPECT_EQ(complaint("older.json"), free_text);
  const std::array<Output, 1> stream = {Output{"/dev/stdout", "mark"}};
  require_free(stream);
}

TEST_F(Outputs, AnInputOrAnotherResultStays) {
  for (const char* text :
       {"{\"name\": \"mine\", \"array\": {}}", "{\n \"format\": \"quatrain-crosscheck\"", "precious"}) {
    write_whole_file(file("mine.json"), text);
    EXPECT_EQ(complaint("mine.json"), refusal("mine.json"));
    std::filesystem::remove(file("link.json"));
    std::filesystem::create_symlink("mine.json", file("link.json"));
    EXPECT_EQ(complaint("link.json"), refusal("link.json")) << "links are followed";
  }
  std::filesystem::create_directory(file("folder"));
  EXPECT_EQ(complaint("folder"), file("folder").string() + ": is a folder; expected the name of a file");
}

TEST_F(Outputs, TwoResultsAreTwoFiles) {
  std::filesystem::create_directory(file("folder"));
  const std::array<Output, 2> outputs = {Output{file("one"), "a"}, Output{file("folder/../one"), "b"}};
  EXPECT_EQ(message_of([&] { require_free(outputs); }),
            outputs[1].file.string() + ": two results would go into this file; expected two names");
}

TEST_F(Outputs, AFileThatCameMeanwhileStays) {
  const std::array<Output, 2> outputs = {Output{file("a"), "mark of a"}, Output{file("b"), "mark of b"}};
  const std::array<std::string, 2> texts = {"mark of a, 1", "mark of b, 1"};
  require_free(outputs);
  write_whole_file(file("b"), "precious");
  EXPECT_EQ(message_of([&] { write_outputs(outputs, texts); }), refusal("b"));
  EXPECT_EQ(tests::contents(folder_.path()), std::set<std::string>{"b"});
  std::filesystem::remove(file("b"));
  EXPECT_TRUE(write_outputs(outputs, texts));
  EXPECT_EQ(read_whole_file(file("a")), texts[0]);
  EXPECT_EQ(read_whole_file(file("b")), texts[1]);
}

TEST_F(Outputs, NothingGoesIntoAFolderThatWasRead) {
  std::filesystem::create_directory(file("trace"));
  std::filesystem::create_symlink("trace", file("link"));
  for (const char* name : {"trace/new", "trace", "link/new", "trace/deep/new"})
    EXPECT_EQ(message_of([&] { require_outside(file(name), file("trace")); }),
              file(name).string() + ": lies in the trace " + file("trace").string() +
                  "; expected a place outside of it");
  for (const char* name : {"new", "trace.json", "trace/../new"}) require_outside(file(name), file("trace"));
  require_outside("/dev/stdout", file("trace"));
}

}  // namespace
}  // namespace quatrain::sim
