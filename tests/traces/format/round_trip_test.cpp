/// Writer -> check -> reader; the trace from outside; a second writer's copy of what was read.
#include "tests/support/edited_trace.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/message_of.hpp"
#include "tests/traces/format/small_trace.hpp"
#include "traces/base/files.hpp"
#include "traces/encoding/nibbles.hpp"
#include "traces/format/checksum.hpp"
#include "traces/format/reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace {

using namespace quatrain::traces;
using namespace quatrain::tests;
namespace fs = std::filesystem;

const fs::path outside = fs::path(QUATRAIN_SOURCE_DIR) / "tests/data/outside_trace";

TEST(TraceRoundTrip, SmallTrace) {
  const Folder scratch;
  write_small_trace(scratch / "a");
  EXPECT_EQ(check_message(scratch / "a"), "ok");
  const TraceReader reader(scratch / "a");
  EXPECT_EQ(reader.manifest().gemms.size(), 7U);
  EXPECT_EQ(reader.manifest_sha256(), sha256_of_file(scratch / "a/manifest.json"));
  EXPECT_THAT(reader.read_int32("2/forward/accumulators"), testing::ElementsAre(-3, -2));
  EXPECT_THAT(reader.read_fp32("2/forward/output"), testing::ElementsAre(-3.0F, -2.0F));
  EXPECT_THAT(unpack_nibbles(reader.read_codes("2/input/codes"), 3), testing::ElementsAre(1, 6, 4));
  EditedTrace(scratch / "a").write(scratch / "b");
  EXPECT_EQ(TraceReader(scratch / "b").manifest(), reader.manifest());
  EXPECT_EQ(check_message(scratch / "b"), "ok");
  EXPECT_FALSE(fs::exists(scratch / "b.partial"));
}

TEST(TraceRoundTrip, WritesOfTheSameRecordsAreTheSameBytes) {
  const Folder scratch;
  write_small_trace(scratch / "a");
  write_small_trace(scratch / "b");
  EXPECT_EQ(TraceBytes::read(scratch / "a").files(), TraceBytes::read(scratch / "b").files());
}

TEST(TraceRoundTrip, SumsAreThoseOfSha256sum) {
  const Folder scratch;
  write_small_trace(scratch / "a");
  EXPECT_EQ(
      std::system(
          ("cd '" + (scratch / "a").string() + "' && sha256sum --strict --quiet -c SHA256SUMS").c_str()),
      0);
  EXPECT_EQ(
      std::system(("cd '" + outside.string() + "' && sha256sum --strict --quiet -c SHA256SUMS").c_str()), 0);
}

TEST(OutsideTrace, PassesAndReadsBack) {
  ASSERT_TRUE(fs::exists(outside)) << "it is part of the repository";
  EXPECT_EQ(check_message(outside), "ok");
  EXPECT_EQ(read_message(outside), "ok");
  const TraceReader reader(outside);
  EXPECT_EQ(reader.manifest().producer.name, "python-oracle");
  EXPECT_EQ(reader.manifest().quantizers.size(), 53U);
  EXPECT_EQ(reader.manifest().gemms.size(), 47U);
  std::int64_t macs = 0, codes = 0;
  for (const GemmRecord& gemm : reader.manifest().gemms) {
    macs += mac_count(gemm.size) * gemm.samples;
    EXPECT_EQ(gemm_size(gemm.phase, geometry_of(reader.manifest(), gemm)), gemm.size);
  }
  for (const QuantizerRecord& record : reader.manifest().quantizers)
    codes += element_count(reader.manifest().tensors.at(record.codes).shape);
  EXPECT_EQ(macs, 1'254'438);
  EXPECT_EQ(codes, 29'584);
  const Folder scratch;
  EditedTrace(outside).write(scratch / "copy");
  EXPECT_EQ(check_message(scratch / "copy"), "ok");
  EXPECT_EQ(TraceReader(scratch / "copy").manifest(), reader.manifest());
}

TEST(TraceReader, UnknownIdsAndWrongEncodingsAreNamed) {
  const Folder scratch;
  write_small_trace(scratch / "a");
  const TraceReader reader(scratch / "a");
  const std::string folder = (scratch / "a").string();
  EXPECT_EQ(message_of([&] { reader.read_fp32("3/input"); }), folder + ": no tensor has the id '3/input'");
  EXPECT_EQ(message_of([&] { reader.read_fp32("2/input/codes"); }),
            folder + ": tensor '2/input/codes' is int4; expected fp32");
  EXPECT_EQ(message_of([&] { reader.read_int32("2/forward/output"); }),
            folder + ": tensor '2/forward/output' is fp32; expected int32");
  EXPECT_EQ(message_of([&] { reader.read_codes("2/forward/output"); }),
            folder + ": tensor '2/forward/output' is fp32; expected codes");
}

/// Files may change between opening and reading.
TEST(TraceReader, TensorChangedSinceIsNoticed) {
  const Folder scratch;
  write_small_trace(scratch / "a");
  const TraceReader reader(scratch / "a");
  TraceBytes trace = TraceBytes::read(scratch / "a");
  trace["step_0_evaluation.safetensors"].back() ^= 1;
  trace.write(scratch / "a");
  const std::string file = (scratch / "a/step_0_evaluation.safetensors").string();
  EXPECT_THAT(
      message_of([&] { reader.read_codes("evaluation/2/input/codes"); }),
      testing::MatchesRegex(file + ": tensor 'evaluation/2/input/codes' at byte [0-9]+: CRC32C is [0-9a-f]+; "
                                   "manifest.json says [0-9a-f]+"));
  trace["step_0_evaluation.safetensors"].pop_back();
  trace.write(scratch / "a");
  EXPECT_THAT(message_of([&] { reader.read_codes("evaluation/2/input/codes"); }),
              testing::MatchesRegex(file + ": ends at byte [0-9]+; expected 1 more"));
}

}  // namespace
