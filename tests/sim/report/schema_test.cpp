/// report.json and stages.json against their schemas, by a validator that is not ours.
#include "sim/report/json.hpp"
#include "tests/sim/report/synthetic_run.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/json_schema.hpp"
#include "traces/base/files.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace quatrain::sim::report {
namespace {

using nlohmann::json;

const tests::JsonSchema report_schema("report");

json report_of(const std::filesystem::path& directory) {
  return json::parse(render_json(read_report(directory)));
}

TEST(ReportSchema, WholeDemoIsValid) {
  const tests::Folder folder;
  tests::write_demo(folder.path());
  EXPECT_EQ(report_schema.complaint(report_of(folder.path()).dump()), "");
}

TEST(ReportSchema, BareRunIsValid) {
  const tests::Folder folder;
  tests::write_training_run(folder.path(), "luq", "90.75", 'c');
  EXPECT_EQ(report_schema.complaint(report_of(folder.path()).dump()), "");
}

TEST(ReportSchema, RefusesWhatIsNotAReport) {
  const tests::Folder folder;
  tests::write_demo(folder.path());
  const json report = report_of(folder.path());
  for (const char* pointer :
       {"/training/luq/state_hash", "/crosscheck/emu.naive/ran_on", "/simulation/luq_32x32/cycles",
        "/simulation/luq_32x32/technologies/7nm/energy_pj_low", "/gradients/fidelity/0/gain"}) {
    json changed = report;
    changed[json::json_pointer(pointer)] = json::array({"not this"});
    EXPECT_NE(report_schema.complaint(changed.dump()), "") << pointer;
    changed = report;
    const json::json_pointer place(pointer);
    changed[place.parent_pointer()].erase(place.back());
    EXPECT_NE(report_schema.complaint(changed.dump()), "") << pointer << " removed";
    changed = report;
    changed[place.parent_pointer()]["not_a_key"] = 1;
    EXPECT_NE(report_schema.complaint(changed.dump()), "") << pointer << " with a neighbour";
  }
}

/// The inputs that the other tests make are what verify, sim and demo write.
TEST(ReportSchema, SyntheticInputsAreValid) {
  const tests::Folder folder;
  tests::write_demo(folder.path());
  const auto complaint = [&](const char* kind, const std::string& file) {
    return tests::JsonSchema(kind).complaint(base::read_whole_file(folder / file));
  };
  EXPECT_EQ(complaint("crosscheck", "luq/crosscheck.json"), "");
  EXPECT_EQ(complaint("simulation", "luq/simulation/luq_32x32.json"), "");
  EXPECT_EQ(complaint("simulation", "luq/simulation/bf16_32x32.json"), "");
  EXPECT_EQ(complaint("gradients", "luq/gradients.json"), "");
  EXPECT_EQ(complaint("stages", "stages.json"), "");
}

}  // namespace
}  // namespace quatrain::sim::report
