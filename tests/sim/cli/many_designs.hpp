#pragma once
/// What tests of many designs have in common: a folder with two workloads and a study, the program in it, and
/// its tables read back.
#include "tests/support/json_schema.hpp"
#include "tests/support/program.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace quatrain::tests {

using Json = nlohmann::ordered_json;
using Row = std::map<std::string, std::string>;

inline std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  bool is_quoted = false;
  for (const char c : line) {
    if (c == '"')
      is_quoted = !is_quoted;
    else if (c == ',' && !is_quoted)
      fields.emplace_back();
    else
      fields.back() += c;
  }
  return fields;
}

inline std::vector<Row> rows_of(const std::filesystem::path& file) {
  std::istringstream lines(base::read_whole_file(file));
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> headings = fields_of(line);
  std::vector<Row> rows;
  while (std::getline(lines, line)) {
    const std::vector<std::string> fields = fields_of(line);
    EXPECT_EQ(fields.size(), headings.size()) << line;
    Row& row = rows.emplace_back();
    for (std::size_t i = 0; i < headings.size(); ++i) row[headings[i]] = fields.at(i);
  }
  return rows;
}

class ManyDesigns : public testing::Test {
 protected:
  ManyDesigns() {
    write("a.csv", "layer,m,n,k,groups,count\none,100,70,50,1,2\ntwo,9,8,7,3\n");
    write("b.csv", "layer,m,n,k\nonly,33,65,17\n");
  }
  ProgramRun run(const std::string& arguments, const std::string& before = "") const {
    return run_program("cd " + folder.path().string() + " && " + before + QUATRAIN_PROGRAM, arguments,
                       folder);
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder / name) << text; }
  void write_study(const Json& changes = Json::object()) const {
    Json study = Json::parse(R"({"name": "sizes", "design": "luq_32x32",
      "workloads": [{"workload": "a.csv", "phases": "training", "weight": 2}, {"workload": "b.csv", "batch": 3}],
      "vary": {"array.rows": [8, 16, 32], "array.drain": ["serial", "shadow"], "clock_mhz": [500, 1000]}})");
    study.merge_patch(changes);
    EXPECT_EQ(JsonSchema("study").complaint(study.dump()), "");
    write("study.json", study.dump());
  }
  std::string text(const std::string& name) const { return base::read_whole_file(folder / name); }
  void expect_refused(const std::string& arguments, const std::string& message) const {
    const ProgramRun done = run(arguments);
    EXPECT_EQ(done.exit_code, 2) << arguments;
    EXPECT_EQ(done.err, "error: " + message + "\n");
  }

  Folder folder;
};

}  // namespace quatrain::tests
