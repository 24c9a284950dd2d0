/// A conformance trace as a whole: legal, right by the exact oracle, the same bytes each time, and never
/// there when the two machines that make it differ.
#include "sim/conformance/make.hpp"

#include "emu/machine.hpp"
#include "sim/verify/cross_check.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/oracle_machine.hpp"
#include "traces/base/files.hpp"
#include "traces/format/check.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

namespace quatrain::tests {
namespace {

class Conformance : public testing::Test {
 protected:
  sim::ConformanceCounts make(const std::string& name, const sim::ConformanceOptions& options) {
    return sim::make_conformance(folder / name, options, *naive, *blocked, progress);
  }
  traces::TraceReader checked(const std::string& name) {
    return traces::check_trace(folder / name, progress);
  }

  Folder folder;
  base::SilentProgress progress;
  base::ThreadPool pool{2};
  std::unique_ptr<traces::Machine> naive = emu::make_naive_machine(),
                                   blocked = emu::make_blocked_machine(pool);
};

TEST_F(Conformance, AgreesWithTheExactOracle) {
  make("trace", {.is_quick = true, .shapes = {{3, 5, 7, 1}}, .convs = {}});
  const traces::TraceReader trace = checked("trace");
  OracleMachine oracle("oracle");
  oracle.refuse_gemm = [](const traces::Gemm& gemm) -> traces::Refusal {
    if (traces::mac_count(traces::gemm_size(gemm.phase, gemm.geometry)) > 40'000) return "it takes long";
    return std::nullopt;
  };
  const sim::CrossCheck found =
      sim::cross_check(trace, {{.name = "oracle", .machine = &oracle, .why_not = {}}}, {}, progress);
  const sim::MachineFindings& findings = found.machines[0];
  EXPECT_EQ(findings.first_difference ? describe(*findings.first_difference) : "", "");
  EXPECT_GT(findings.gemms, 250U);
  EXPECT_GT(findings.quantizers, 300U);
  EXPECT_TRUE(found.equal());
}

TEST_F(Conformance, IsTheSameBytesEachTime) {
  const sim::ConformanceOptions options{.is_quick = true, .shapes = {{17, 33, 5, 1}}, .convs = {}};
  const sim::ConformanceCounts counts = make("one", options);
  make("two", options);
  EXPECT_EQ(base::read_whole_file(folder / "one/SHA256SUMS"),
            base::read_whole_file(folder / "two/SHA256SUMS"));
  const traces::Manifest manifest = checked("one").manifest();
  EXPECT_EQ(manifest.gemms.size(), counts.gemms);
  EXPECT_EQ(manifest.quantizers.size(), counts.quantizers);
  EXPECT_EQ(manifest.producer.name, "quatrain conformance");
  EXPECT_EQ(
      manifest.run.note,
      "conformance set 1, quick; expected results: emu.naive, confirmed by emu.blocked; --shape 17,33,5");
}

/// What one machine computes is no expected result before another one confirms it.
TEST_F(Conformance, IsNotWrittenWhereTheMachinesDiffer) {
  OracleMachine liar("liar");
  const auto fails = [&](traces::Machine& second) {
    try {
      sim::make_conformance(folder / "trace", {.is_quick = true, .shapes = {}, .convs = {}}, *naive, second,
                            progress);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string("made");
  };
  liar.spoil_product = [](const GemmCase&, traces::GemmResult& result) { result.accumulators.back() += 1; };
  EXPECT_EQ(fails(liar),
            "emu.naive and liar differ on 0/train/pairs.int4_int4.k1.at0/forward, so nothing can be expected "
            "of it");
  EXPECT_TRUE(contents(folder.path()).empty());
  liar.spoil_product = {};
  liar.spoil_quantizer = [](const traces::QuantizerTask& task, traces::QuantizerResult& result) {
    if (task.source.size() > 1) result.codes.front() ^= 1;
  };
  EXPECT_THAT(fails(liar),
              testing::MatchesRegex(
                  "emu.naive and liar differ on 0/train/.*/(input|weight|gradient.*), so nothing can be "
                  "expected of it"));
  EXPECT_TRUE(contents(folder.path()).empty());
}

TEST_F(Conformance, ShapesThatCannotBeMadeAreRefusedBeforehand) {
  const auto message = [&](const sim::ConformanceOptions& options) {
    return message_of([&] { sim::require_makeable(options); });
  };
  EXPECT_EQ(message({.is_quick = true, .shapes = {{1 << 15, 1 << 15, 8, 1}}, .convs = {}}),
            "--shape 32768,32768,8: a tensor of 1073741824 elements; expected at most 268435456");
  EXPECT_THAT(message({.is_quick = true, .shapes = {{1, 1, 2'236'963, 1}}, .convs = {}}),
              testing::StartsWith("--shape 1,1,2236963: backward_weight: "));
  traces::Geometry g;
  g.kernel_height = 3, g.out_height = 0;
  EXPECT_EQ(message({.is_quick = true, .shapes = {}, .convs = {g}}),
            "--conv batch=1,in=1,...: a kernel of 3 x 1 on 1 x 1 with padding 0 x 0; expected one that fits");
}

}  // namespace
}  // namespace quatrain::tests
