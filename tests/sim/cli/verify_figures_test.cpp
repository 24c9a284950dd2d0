/// Every figure that `quatrain verify` shows, on the terminal and in crosscheck.json, against a recount of
/// the trace.
#include "tests/sim/verify/recount.hpp"
#include "tests/support/edited_trace.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/program.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <map>
#include <regex>
#include <sstream>

namespace quatrain::tests {
namespace {

using Json = nlohmann::json;

const std::string outside_trace = QUATRAIN_SOURCE_DIR "/tests/data/outside_trace";

/// Machines that always run. They support every record.
struct Expected {
  std::string name, ran_on;
};

std::vector<Expected> expected_machines() {
  std::vector<Expected> all{
      {"emu.naive", "scalar C\\+\\+"}, {"emu.blocked", "AMX-INT8|AVX-512 VNNI|AVX-512|AVX2|portable C\\+\\+"},
      {"simt.naive", "CPU fibers"},    {"simt.tiled", "CPU fibers"},
      {"simt.octets", "CPU fibers"},   {"simt.mma", "CPU fibers"},
      {"simt.async", "CPU fibers"}};
  if (QUATRAIN_HAS_SYSTEMC)
    for (const char* const name : {"systemc.pe", "systemc.array", "systemc.tile"})
      all.push_back({name, "SystemC 2\\.3\\..*"});
  return all;
}

class VerifyFigures : public testing::Test {
 protected:
  void run(const std::string& trace) {
    const auto begin = std::chrono::steady_clock::now();
    trace_ = trace;
    command_ = run_program(QUATRAIN_PROGRAM,
                           "verify " + trace + " --json " + (folder_ / "found.json").string(), folder_);
    seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::istringstream stream(command_.out);
    for (std::string line; std::getline(stream, line);) lines_.push_back(line);
    const std::string text = base::read_whole_file(folder_ / "found.json");
    EXPECT_EQ(JsonSchema("crosscheck").complaint(text), "");
    json_ = Json::parse(text);
  }

  bool has_line(const std::string& line) const {
    return std::find(lines_.begin(), lines_.end(), line) != lines_.end();
  }

  void expect_the_trace(const Recount& count) {
    std::string steps;
    for (const std::uint32_t step : count.steps) steps += fmt::format("{}{}", steps.empty() ? "" : " ", step);
    ASSERT_GE(lines_.size(), 3U);
    EXPECT_EQ(lines_[0], fmt::format("trace {}: model {}, steps {}", trace_, count.model, steps));
    EXPECT_EQ(lines_[1], fmt::format("{} gemms with {} accumulators, {} quantizers with {} codes",
                                     count.gemms, count.accumulators, count.quantizers, count.codes));
    const auto percent = [&](std::uint64_t part) {
      return 100.0 * static_cast<double>(part) / static_cast<double>(count.macs);
    };
    EXPECT_EQ(lines_[2], fmt::format("{} MACs, {:.2f} % of them in range, {:.2f} % with two non-zero codes",
                                     count.macs, percent(count.in_range_macs), percent(count.non_zero_macs)));
    EXPECT_EQ(json_["records"], (Json{{"gemms", count.gemms},
                                      {"quantizers", count.quantizers},
                                      {"macs", count.macs},
                                      {"in_range_macs", count.in_range_macs},
                                      {"non_zero_macs", count.non_zero_macs},
                                      {"accumulators", count.accumulators},
                                      {"codes", count.codes}}));
    EXPECT_EQ(json_["trace"]["steps"], Json(count.steps));
    EXPECT_EQ(json_["trace"]["model"], count.model);
    const ProgramRun hash = run_program("sha256sum", trace_ + "/manifest.json", folder_);
    EXPECT_EQ(json_["trace"]["manifest_sha256"], hash.out.substr(0, 64));
  }

  void expect_machine(const Recount& count, const Expected& machine) {
    SCOPED_TRACE(machine.name);
    const std::size_t different_quantizers = count.quantizer_differences.size();
    const std::size_t different = count.gemm_differences.size() + different_quantizers;
    const std::uint64_t quantizers = count.quantizers_with_source;
    const std::uint64_t elements = 2 * count.accumulators + count.codes_with_source;
    std::uint64_t different_elements = 0, uncounted = 0;
    std::vector<RecountedDifference> differences = count.quantizer_differences;
    differences.insert(differences.end(), count.gemm_differences.begin(), count.gemm_differences.end());
    for (const RecountedDifference& one : differences) {
      different_elements += one.elements.value_or(0);
      uncounted += !one.elements.has_value();
    }

    const Json& found = json_["machines"][machine.name];
    EXPECT_EQ(found["verdict"], different == 0 ? "equal" : "different");
    EXPECT_EQ(found["gemms"], count.gemms);
    EXPECT_EQ(found["gemms_equal"], count.gemms - count.gemm_differences.size());
    EXPECT_EQ(found["quantizers"], quantizers);
    EXPECT_EQ(found["quantizers_equal"], quantizers - different_quantizers);
    EXPECT_EQ(found["elements"], elements);
    EXPECT_EQ(found["different_records"], different);
    EXPECT_EQ(found["different_elements"], different_elements);
    EXPECT_EQ(found["uncounted_records"], uncounted);
    EXPECT_EQ(found["macs"], count.macs);
    EXPECT_EQ(found["unsupported"].size(), count.quantizers - quantizers);
    EXPECT_GE(found["seconds"].get<double>(), 0.0);
    EXPECT_LE(found["seconds"].get<double>(), seconds_) << "more than the whole command took";
    EXPECT_TRUE(std::regex_match(found["ran_on"].get<std::string>(), std::regex(machine.ran_on)));

    EXPECT_TRUE(has_line(fmt::format("{} gemms {}/{} quantizers {}/{} elements {} {}", machine.name,
                                     count.gemms - count.gemm_differences.size(), count.gemms,
                                     quantizers - different_quantizers, quantizers, elements,
                                     different == 0 ? "equal" : "DIFFERENT")));
    const std::regex row(
        fmt::format("{} +{} +[0-9]+\\.[0-9]{{2}} +({})", machine.name, count.macs, machine.ran_on));
    EXPECT_TRUE(std::any_of(lines_.begin(), lines_.end(),
                            [&](const std::string& line) { return std::regex_match(line, row); }));
    expect_unsupported(machine, found["unsupported"]);
    if (different == 0) {
      EXPECT_TRUE(found["first_difference"].is_null());
      return;
    }
    EXPECT_TRUE(has_line(fmt::format(
        "{} differs in {} of {} records, in {}{} of {} elements{}", machine.name, different,
        count.gemms + quantizers, uncounted > 0 ? "at least " : "", different_elements, elements,
        uncounted > 0 ? fmt::format("; of {} of the records the different elements are not known", uncounted)
                      : "")));
    expect_difference(differences.front(), found["first_difference"]);
    EXPECT_TRUE(has_line(fmt::format("{} first difference: {}", machine.name,
                                     found["first_difference"]["text"].get<std::string>())));
  }

  /// A line a reason.
  void expect_unsupported(const Expected& machine, const Json& unsupported) const {
    std::map<std::string, std::vector<std::string>> by_reason;
    for (const Json& entry : unsupported) by_reason[entry.at("reason")].push_back(entry.at("record"));
    for (const auto& [reason, records] : by_reason) {
      std::string which;
      for (const std::string& record : records) which += (which.empty() ? "" : ", ") + record;
      EXPECT_TRUE(has_line(fmt::format("{} does not support {}: {}", machine.name, which, reason))) << reason;
    }
  }

  static void expect_difference(const RecountedDifference& expected, const Json& found) {
    const auto or_null = [](const auto& value) { return value ? Json(*value) : Json(nullptr); };
    EXPECT_EQ(found["what"], expected.what);
    EXPECT_EQ(found["record"], expected.record);
    EXPECT_EQ(found["layer"], expected.layer);
    EXPECT_EQ(found["step"], expected.step);
    EXPECT_EQ(found["pass"], expected.pass);
    EXPECT_EQ(found[expected.what == "code" ? "role" : "phase"], expected.part);
    EXPECT_EQ(found["group"], or_null(expected.group));
    EXPECT_EQ(found["row"], or_null(expected.row));
    EXPECT_EQ(found["column"], or_null(expected.column));
    EXPECT_EQ(found["sample"], or_null(expected.sample));
    EXPECT_EQ(found["element"], or_null(expected.element));
    EXPECT_TRUE(found["k"].is_null()) << "no machine agrees with the trace";
    const std::string written = found["expected"], got = found["got"];
    EXPECT_EQ(written.substr(0, written.find(" (bits")), expected.expected);
    EXPECT_EQ(got.substr(0, got.find(" (bits")), expected.got);
    std::string text =
        fmt::format("layer {}, step {}, {}, {}", expected.layer, expected.step, expected.pass, expected.part);
    if (expected.group)
      text += fmt::format(", group {}, row {}, column {}", *expected.group, *expected.row, *expected.column);
    if (expected.element) text += fmt::format(" (element {})", *expected.element);
    if (expected.sample) text += fmt::format(", sample {}", *expected.sample);
    EXPECT_THAT(
        found["text"].get<std::string>(),
        testing::StartsWith(text + fmt::format(": {}: expected {}, got {}", expected.what, written, got)));
  }

  /// All of it.
  void expect_the_recount(const std::string& trace) {
    const Recount count(trace);
    run(trace);
    expect_the_trace(count);
    for (const Expected& machine : expected_machines()) expect_machine(count, machine);
    std::vector<std::string> alone;
    for (const auto* list : {&count.quantizer_differences, &count.gemm_differences})
      for (const RecountedDifference& one : *list) alone.push_back(one.record);
    EXPECT_EQ(json_["trace_alone"], Json(alone));
    EXPECT_EQ(json_["equal"], alone.empty());
    EXPECT_EQ(command_.exit_code, alone.empty() ? 0 : 1);
    EXPECT_EQ(command_.err, "");
    if (!alone.empty()) {
      EXPECT_TRUE(has_line(
          fmt::format("the trace stands alone in {} of {} records: all machines that support them agree "
                      "with each other and not with the trace; the first is {}",
                      alone.size(), count.gemms + count.quantizers, alone.front())));
    }
    differences_ = alone.size();
  }

  Folder folder_;
  std::string trace_;
  ProgramRun command_;
  double seconds_ = 0;
  std::vector<std::string> lines_;
  Json json_;
  std::size_t differences_ = 0;
};

TEST_F(VerifyFigures, OfATraceThatAgrees) {
  expect_the_recount(outside_trace);
  EXPECT_EQ(differences_, 0U);
}

/// Two accumulators, of which the second stands in the second group; an output of another record.
TEST_F(VerifyFigures, OfAlteredProducts) {
  EditedTrace edited(outside_trace);
  auto& sums = edited.int32.at(*edited.gemm("1/train/conv_groups/backward_weight").accumulators);
  sums.at(sums.size() - 4) += 2;
  sums.at(sums.size() - 1) -= 3;
  auto& output = edited.fp32.at(*edited.gemm("1/train/conv_asym/forward").output);
  output.at(17) = -output.at(17) - 1;
  edited.write(folder_ / "trace");
  expect_the_recount((folder_ / "trace").string());
  EXPECT_EQ(differences_, 2U);
}

TEST_F(VerifyFigures, OfAnAlteredForwardProductOfGroups) {
  EditedTrace edited(outside_trace);
  edited.int32.at(*edited.gemm("1/train/conv_groups/forward").accumulators).at(2 * 10 * 60 / 2 - 30) += 1;
  edited.write(folder_ / "trace");
  expect_the_recount((folder_ / "trace").string());
  EXPECT_EQ(differences_, 1U);
}

/// Some codes of a sample: its record differs, and so do the products that have it as an operand.
TEST_F(VerifyFigures, OfAlteredCodes) {
  EditedTrace edited(outside_trace);
  auto& codes = edited.codes.at(edited.quantizer("0/train/linear_smp/gradient/2").codes);
  codes.at(3) ^= 0x10;
  codes.at(5) = codes.at(5) == 0x21 ? 0x53 : 0x21;
  edited.write(folder_ / "trace");
  expect_the_recount((folder_ / "trace").string());
  EXPECT_GE(differences_, 2U);
}

/// Nobody can check it.
TEST_F(VerifyFigures, OfAQuantizerWithoutItsSource) {
  const std::string name = "0/train/linear_smp/gradient/2";
  EditedTrace edited(outside_trace);
  const std::string source = edited.quantizer(name).source.value();
  for (traces::QuantizerRecord& record : edited.manifest.quantizers)
    if (record.source == source) record.source.reset();  // its samples share it
  edited.manifest.tensors.erase(source);
  edited.fp32.erase(source);
  edited.write(folder_ / "trace");
  expect_the_recount((folder_ / "trace").string());
  EXPECT_EQ(differences_, 0U);
  std::size_t told = 0;
  for (const std::string& line : lines_)
    if (line.find(name) != std::string::npos) {
      EXPECT_TRUE(line.ends_with(": the trace does not hold the source")) << line;
      ++told;
    }
  EXPECT_EQ(told, expected_machines().size());
}

/// Where the trace holds checksums alone nobody can say which elements differ.
TEST_F(VerifyFigures, OfAnAlteredChecksum) {
  EditedTrace edited(outside_trace);
  edited.gemm("0/evaluation/linear_smp/forward").output_crc32c ^= 1;
  edited.write(folder_ / "trace");
  expect_the_recount((folder_ / "trace").string());
  EXPECT_EQ(differences_, 1U);
}

}  // namespace
}  // namespace quatrain::tests
