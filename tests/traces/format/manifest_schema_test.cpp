/// configs/schemas/trace_manifest.schema.json and our reader give the same verdict on what a schema can say.
#include "tests/support/folder.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/traces/format/small_trace.hpp"
#include "traces/base/error.hpp"
#include "traces/base/files.hpp"
#include "traces/format/manifest.hpp"

#include <gtest/gtest.h>

namespace {

using namespace quatrain::tests;
using namespace quatrain::traces;

bool reader_accepts(const std::string& text) {
  try {
    read_manifest(quatrain::base::JsonNode::parse(text, "manifest.json"));
    return true;
  } catch (const quatrain::base::Error&) {
    return false;
  }
}

TEST(ManifestSchema, SameVerdictAsTheReader) {
  const JsonSchema schema("trace_manifest");
  const std::string outside = std::string(QUATRAIN_SOURCE_DIR) + "/tests/data/outside_trace/manifest.json";
  EXPECT_EQ(schema.complaint(quatrain::base::read_whole_file(outside)), "");
  const Folder folder;
  write_small_trace(folder / "trace");
  const TraceBytes good = TraceBytes::read(folder / "trace");
  const std::vector<std::pair<std::string, std::string>> legal = {
      {"\"seed\": 7", "\"seed\": 4294967295"},
      {"\"seed\": 7", "\"seed\": 7, \"x_anything\": [null]"},
      {"\"samples\": 1, \"m\"", "\"x_\": 0, \"samples\": 1, \"m\""},
      {"\"samples\": 1, \"m\"",
       "\"samples\": 1, \"accumulator\": {\"int\": 8, \"overflow\": \"wrap\"}, \"m\""},
      {"\"samples\": 1, \"m\"",
       "\"samples\": 1, \"accumulator\": {\"int\": 31, \"overflow\": \"saturate\"}, \"m\""},
      {"\"samples\": 1, \"m\"",
       "\"samples\": 1, \"accumulator\": {\"int\": 16, \"overflow\": \"wrap\", \"chunk\": 8}, \"m\""},
      {"\"config_sha256\": \"" + std::string(64, 'a') + "\"", "\"config_sha256\": null"},
      {"\"max\": \"3fc00000\"", "\"max\": \"7f7fffff\""},
      {"\"count\": \"18\"", "\"count\": \"0\""},
      {"\"exponent\": 1", "\"exponent\": -99"},
      {"\"1/forward/accumulators\"", "\" ~\""},
  };
  const std::vector<std::pair<std::string, std::string>> illegal = {
      {"quatrain-trace", "trace"},
      {"\"version\": 1,", "\"version\": 2,"},
      {"strict4/1", "strict4/2"},
      {"\"seed\": 7", "\"seed\": 4294967296"},
      {"\"seed\": 7", "\"seed\": -1"},
      {"\"seed\": 7", "\"seed\": 7, \"y\": 0"},
      {"\"seed\": 7, ", ""},
      {"\"tensors\": {", "\"tensors\": {\"x_a\": 0,"},
      {"\"1/forward/accumulators\"", "\"__metadata__\""},
      {"\"1/forward/accumulators\"", "\"\""},
      {"\"1/forward/accumulators\"", "\"\\u007f\""},
      {"\"step_0.safetensors\"", "\".safetensors\""},
      {"\"step_0.safetensors\"", "\"a/b.safetensors\""},
      {"\"step_0.safetensors\"", "\"" + std::string(89, 'n') + ".safetensors\""},
      {"\"int32\"", "\"int8\""},
      {"[1, 3, 2, 1]", "[]"},
      {"[1, 3, 2, 1]", "[1, 3, 2, 0]"},
      {"[1, 3, 2, 1]", "[1, 1, 1, 1, 1, 1, 1, 1, 1]"},
      {"\"b12169dd\"", "\"B12169DD\""},
      {"\"kernel\": [2, 3]", "\"kernel\": [2]"},
      {"\"in_features\": 3", "\"in_channels\": 3"},
      {"\"max\": \"3fc00000\"", "\"max\": \"7f800000\""},
      {"\"max\": \"3fc00000\"", "\"max\": \"7fc00000\""},
      {"\"max\": \"3fc00000\"", "\"max\": \"bfc00000\""},
      {"\"count\": \"18\"", "\"count\": \"018\""},
      {"\"count\": \"18\"", "\"count\": 18"},
      {"\"exponent\": 1", "\"exponent\": 129"},
      {"\"role\": \"weight\", \"rule\": \"sawb_int4\"", "\"role\": \"weight\", \"rule\": \"sawb_uint4\""},
      {"\"random_bits\": 8", "\"random_bits\": 0"},
      {"\"random_bits\": 0", "\"random_bits\": 4"},
      {"\"pass\": \"train\", \"role\": \"gradient\"", "\"pass\": \"evaluation\", \"role\": \"gradient\""},
      {"\"left\": [\"1/input\"]", "\"left\": []"},
      {"\"samples\": 1, \"m\"", "\"samples\": 17, \"m\""},
      {"\"samples\": 1, \"m\"",
       "\"samples\": 1, \"accumulator\": {\"int\": 32, \"overflow\": \"wrap\"}, \"m\""},
      {"\"samples\": 1, \"m\"", "\"samples\": 1, \"accumulator\": {\"int\": 16}, \"m\""},
      {"\"samples\": 1, \"m\"", "\"samples\": 1, \"accumulator\": {\"overflow\": \"wrap\"}, \"m\""},
      {"\"samples\": 1, \"m\"",
       "\"samples\": 1, \"accumulator\": {\"int\": 16, \"overflow\": \"clip\"}, \"m\""},
      {"\"samples\": 1, \"m\"",
       "\"samples\": 1, \"accumulator\": {\"int\": 16, \"overflow\": \"wrap\", \"chunk\": 0}, \"m\""},
      {"\"samples\": 1, \"m\"",
       "\"samples\": 1, \"accumulator\": {\"int\": 16, \"overflow\": \"infinity\"}, \"m\""},
      {"\"samples\": 1, \"m\"", "\"samples\": 1, \"accumulator\": {\"float\": 24}, \"m\""},
      {"\"m\": 2", "\"m\": 0"},
  };
  const auto expect_verdict = [&](const std::pair<std::string, std::string>& edit, bool is_legal) {
    TraceBytes trace = good;
    trace.replace("manifest.json", edit.first, edit.second);
    EXPECT_EQ(reader_accepts(trace["manifest.json"]), is_legal) << edit.first << " -> " << edit.second;
    EXPECT_EQ(schema.complaint(trace["manifest.json"]) == "", is_legal)
        << edit.first << " -> " << edit.second;
  };
  for (const auto& edit : legal) expect_verdict(edit, true);
  for (const auto& edit : illegal) expect_verdict(edit, false);
}

}  // namespace
