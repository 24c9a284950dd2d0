#include "sim/accelerator/config.hpp"

#include "sim/embedded/resources.hpp"
#include "tests/support/json_change.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/message_of.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace quatrain::tests {
namespace {

using nlohmann::ordered_json;

ordered_json embedded(std::string_view name) {
  return ordered_json::parse(*sim::embedded_resource("configs/accelerators/" + std::string(name) + ".json"));
}

sim::AcceleratorConfig read(const std::string& text) {
  return sim::read_accelerator(base::JsonNode::parse(text, "a.json"));
}

/// An array of 32 x 32 with these keys.
ordered_json array_with(ordered_json keys) {
  keys["rows"] = 32;
  keys["columns"] = 32;
  return keys;
}

/// Changes of luq_32x32.
const std::vector<JsonChange>& changes() {
  static const std::vector<JsonChange> all = {
      {"/name", "x", ""},
      {"/name", removed, "a.json: /: the key 'name' is missing"},
      {"/name", "", "a.json: /name: found a string of 0 bytes; expected from 1 to 100"},
      {"/name", "a/b",
       "a.json: /name: found 'a/b'; expected characters of A-Z a-z 0-9 _ . -, no dot in front"},
      {"/name", ".hidden",
       "a.json: /name: found '.hidden'; expected characters of A-Z a-z 0-9 _ . -, no dot in front"},
      {"/array", 3, "a.json: /array: found 3; expected an object with the key 'rows'"},
      {"/array/rows", 1, ""},
      {"/array/columns", 1024, ""},
      {"/array/rows", 0, "a.json: /array/rows: found 0; expected an integer from 1 to 1024"},
      {"/array/columns", 1025, "a.json: /array/columns: found 1025; expected an integer from 1 to 1024"},
      {"/array/rows", "32", "a.json: /array/rows: found '32'; expected an integer from 1 to 1024"},
      {"/array/rows", 2.5, "a.json: /array/rows: found 2.5; expected an integer from 1 to 1024"},
      {"/array/colums", 3, "a.json: /array/colums: unknown key; did you mean 'columns'?"},
      {"/array/dataflow", "row_stationary",
       "a.json: /array/dataflow: found 'row_stationary'; expected 'output_stationary', 'weight_stationary' "
       "or "
       "'input_stationary'"},
      {"/array/dataflow", "weight_stationary",
       "a.json: /array/drain: stands beside 'weight_stationary', which has none; expected no such key"},
      {"/array/preload", "hidden",
       "a.json: /array/preload: stands beside 'output_stationary', which has none; expected no such key"},
      {"/array", array_with({{"dataflow", "weight_stationary"}, {"preload", "hidden"}}), ""},
      {"/array", array_with({{"dataflow", "input_stationary"}, {"preload", "exposed"}}), ""},
      {"/array", array_with({{"dataflow", "input_stationary"}, {"preload", "early"}}),
       "a.json: /array/preload: found 'early'; expected 'hidden' or 'exposed'"},
      {"/array", array_with({{"dataflow", "input_stationary"}}),
       "a.json: /array: the key 'preload' is missing"},
      {"/array/convention", "quatrain", ""},
      {"/array/convention", "scalesim",
       "a.json: /array/drain: stands beside the convention 'scalesim', which has none; expected no such key"},
      {"/array/convention", "scale-sim",
       "a.json: /array/convention: found 'scale-sim'; expected 'quatrain' or 'scalesim'"},
      {"/array", array_with({{"dataflow", "output_stationary"}, {"convention", "scalesim"}}), ""},
      {"/array", array_with({{"dataflow", "weight_stationary"}, {"convention", "scalesim"}}), ""},
      {"/array",
       array_with({{"dataflow", "weight_stationary"}, {"convention", "scalesim"}, {"preload", "hidden"}}),
       "a.json: /array/preload: stands beside the convention 'scalesim', which has none; expected no such "
       "key"},
      {"/array",
       array_with({{"dataflow", "weight_stationary"}, {"convention", "quatrain"}, {"preload", "hidden"}}),
       ""},
      {"/array/drain", "skewed", ""},
      {"/array/drain", "shadow", ""},
      {"/array/drain", "parallel",
       "a.json: /array/drain: found 'parallel'; expected 'serial', 'skewed' or 'shadow'"},
      {"/array/drain", removed, "a.json: /array: the key 'drain' is missing"},
      {"/pe", "int4", ""},
      {"/pe", "fp7", ""},
      {"/pe", "int8", ""},
      {"/pe", "int16",
       "a.json: /pe: found 'int16'; expected 'dual_int4_fp4', 'int4', 'fp7', 'int8', 'bf16', 'fp8_e4m3' or "
       "'fp8_e5m2'"},
      {"/accumulator/int", 24,
       "a.json: /accumulator/int: found 24 without 'overflow' beside it; expected 'wrap' or 'saturate' "
       "there, or "
       "32: sums may leave 24 bits"},
      {"/accumulator/int", 33, "a.json: /accumulator/int: found 33; expected an integer from 8 to 32"},
      {"/accumulator/int", 7, "a.json: /accumulator/int: found 7; expected an integer from 8 to 32"},
      {"/accumulator", ordered_json{{"int", 8}, {"overflow", "wrap"}}, ""},
      {"/accumulator", ordered_json{{"int", 31}, {"overflow", "saturate"}}, ""},
      {"/accumulator", ordered_json{{"int", 16}, {"overflow", "clip"}},
       "a.json: /accumulator/overflow: found 'clip'; expected 'wrap' or 'saturate'"},
      {"/accumulator", ordered_json{{"int", 32}, {"overflow", "wrap"}},
       "a.json: /accumulator/overflow: unknown key; expected 'int' or 'float'"},
      {"/accumulator", ordered_json{{"float", 32}}, ""},
      {"/accumulator", ordered_json{{"float", 32}, {"chunk", 1}}, ""},
      {"/accumulator", ordered_json{{"float", 16}, {"overflow", "infinity"}}, ""},
      {"/accumulator", ordered_json{{"float", 16}, {"overflow", "saturate"}, {"chunk", 65536}}, ""},
      {"/accumulator", ordered_json{{"int", 12}, {"overflow", "wrap"}, {"chunk", 64}}, ""},
      {"/accumulator", ordered_json{{"float", 16}}, "a.json: /accumulator: the key 'overflow' is missing"},
      {"/accumulator", ordered_json{{"float", 16}, {"overflow", "wrap"}},
       "a.json: /accumulator/overflow: found 'wrap'; expected 'infinity' or 'saturate'"},
      {"/accumulator", ordered_json{{"float", 24}},
       "a.json: /accumulator/float: found 24; expected 16 or 32"},
      {"/accumulator", ordered_json{{"float", 32}, {"chunk", 0}},
       "a.json: /accumulator/chunk: found 0; expected an integer from 1 to 65536"},
      {"/accumulator", ordered_json{{"float", 32}, {"overflow", "infinity"}},
       "a.json: /accumulator/overflow: unknown key; expected 'float' or 'chunk'"},
      {"/accumulator/chunk", 64, "a.json: /accumulator/chunk: unknown key; expected 'int' or 'float'"},
      {"/lowering", "sub_pixel", "a.json: /lowering: found 'sub_pixel'; expected 'as_recorded'"},
      {"/random_source", "lfsr", ""},
      {"/random_source", "none", "a.json: /random_source: found 'none'; expected 'philox' or 'lfsr'"},
      {"/clock_mhz", 1250.5, ""},
      {"/clock_gating", "none", ""},
      {"/clock_gating", "idle_pes", ""},
      {"/clock_gating", "all", "a.json: /clock_gating: found 'all'; expected 'none' or 'idle_pes'"},
      {"/zero_gating", true, ""},
      {"/zero_gating", false, ""},
      {"/zero_gating", 1, "a.json: /zero_gating: found 1; expected true or false"},
      {"/buffers/unified", false, ""},
      {"/switching", "uniform", ""},
      {"/switching", "toggles", ""},
      {"/switching", "zeros", "a.json: /switching: found 'zeros'; expected 'uniform' or 'toggles'"},
      {"/buffers/banks", 2, ""},
      {"/buffers/banks", 4, ""},
      {"/buffers/banks", 0, "a.json: /buffers/banks: found 0; expected an integer from 1 to 1024"},
      {"/buffers/banks", 1, ""},
      {"/buffers/width_bits", 96, "a.json: /buffers/width_bits: found 96; expected 64, 128, 256 or 512"},
      {"/buffers",
       ordered_json{{"operand_kib", 64}, {"accumulator_kib", 64}, {"banks", 2}, {"width_bits", 512}}, ""},
      {"/buffers",
       ordered_json{{"operand_kib", 64}, {"accumulator_kib", 64}, {"banks", 4}, {"width_bits", 256}}, ""},
      {"/buffers/unified", "all", "a.json: /buffers/unified: found 'all'; expected true or false"},
      {"/clock_mhz", 0, "a.json: /clock_mhz: found 0; expected a number from 1 to 10000"},
      {"/clock_mhz", nullptr, "a.json: /clock_mhz: found null; expected a number from 1 to 10000"},
      {"/buffers/operand_kib", 8,
       "a.json: /buffers/operand_kib: found 8; expected an integer from 16 to 131072"},
      {"/buffers/operand_kib", 131072, ""},
      {"/buffers/accumulator_kib", 65536, ""},
      {"/buffers/accumulator_kib", 65537,
       "a.json: /buffers/accumulator_kib: found 65537; expected an integer from 8 to 65536"},
      {"/dram/kind", "ddr5",
       "a.json: /dram/kind: found 'ddr5'; expected 'hbm2', 'gddr6', 'lpddr4' or 'ddr3'"},
      {"/dram/gib_per_s", -1, "a.json: /dram/gib_per_s: found -1; expected a number from 0.001 to 100000"},
      {"/dram/gib_per_s", 0, "a.json: /dram/gib_per_s: found 0; expected a number from 0.001 to 100000"},
      {"/dram/latency_ns", 70,
       "a.json: /dram/latency_ns: unknown key; expected 'kind', 'gib_per_s' or 'stalls'"},
      {"/buffers/buffering", "double", ""},
      {"/buffers/buffering", "single", ""},
      {"/buffers/buffering", 2, "a.json: /buffers/buffering: found 2; expected 'single' or 'double'"},
      {"/$schema", "../schemas/accelerator.schema.json", ""},
      {"/$schema", 7, "a.json: /$schema: found 7; expected a string"},
      {"/technology", ordered_json::array(), "a.json: /technology: found 0 items; expected from 1 to 8"},
      {"/technology", "7nm", "a.json: /technology: found '7nm'; expected an array"},
      {"/technology", ordered_json{"7nm", 7}, "a.json: /technology/1: found 7; expected a string"},
      {"/technology", ordered_json{"7nm", "7nm"},
       "a.json: /technology/1: found '7nm' twice; expected different tables"},
      {"/mapping", ordered_json{{"search", "dram_bytes"}}, ""},
      {"/mapping", ordered_json{{"order", "n k m"}, {"m", 64}, {"n", 32}, {"k", 7}}, ""},
      {"/mapping", ordered_json{{"search", "energy"}}, ""},
      {"/mapping", ordered_json{{"search", "area"}},
       "a.json: /mapping/search: found 'area'; expected 'dram_bytes', 'time' or 'energy'"},
      {"/mapping", ordered_json{{"search", "dram_bytes"}, {"m", 64}},
       "a.json: /mapping/m: unknown key; expected 'search'"},
      {"/mapping", ordered_json{{"order", "mnk"}, {"m", 64}, {"n", 32}, {"k", 7}},
       "a.json: /mapping/order: found 'mnk'; expected 'm n k', 'n m k', 'm k n', 'n k m', 'k m n' or 'k n "
       "m'"},
      {"/mapping", ordered_json{{"order", "m n k"}, {"m", 64}, {"n", 32}, {"k", 0}},
       "a.json: /mapping/k: found 0; expected an integer from 1 to 1000000000"},
      {"/mapping", ordered_json{{"order", "m n k"}, {"m", 64}, {"k", 8}},
       "a.json: /mapping: the key 'n' is missing"},
      {"/quantizers", ordered_json{{"lanes", 1}}, ""},
      {"/quantizers", ordered_json{{"lanes", 0}},
       "a.json: /quantizers/lanes: found 0; expected an integer from 1 to 1024"},
      {"/quantizers", ordered_json{{"lanes", 1025}},
       "a.json: /quantizers/lanes: found 1025; expected an integer from 1 to 1024"},
      {"/quantizers", ordered_json::object(), "a.json: /quantizers: the key 'lanes' is missing"},
      {"/quantizers", ordered_json{{"lanes", 8}, {"bits", 4}},
       "a.json: /quantizers/bits: unknown key; expected 'lanes', 'placement' or 'sample_groups'"},
      {"/quantizers", ordered_json{{"lanes", 8}, {"placement", "dram"}}, ""},
      {"/quantizers", ordered_json{{"lanes", 8}, {"placement", "fused"}, {"sample_groups", 16}}, ""},
      {"/quantizers", ordered_json{{"lanes", 8}, {"placement", "array"}},
       "a.json: /quantizers/placement: found 'array'; expected 'dram' or 'fused'"},
      {"/quantizers", ordered_json{{"placement", "fused"}},
       "a.json: /quantizers: the key 'lanes' is missing"},
      {"/quantizers", ordered_json{{"lanes", 8}, {"sample_groups", 3}},
       "a.json: /quantizers/sample_groups: found 3; expected 1, 2, 4, 8 or 16"},
      {"/quantizers", ordered_json{{"lanes", 8}, {"sample_groups", 32}},
       "a.json: /quantizers/sample_groups: found 32; expected an integer from 1 to 16"},
      {"/transposer", ordered_json{{"side", 0}}, ""},
      {"/transposer", ordered_json{{"side", 128}}, ""},
      {"/transposer", ordered_json{{"side", 1}},
       "a.json: /transposer/side: found 1; expected 0, for none, or 2 to 128"},
      {"/transposer", ordered_json{{"side", 129}},
       "a.json: /transposer/side: found 129; expected an integer from 0 to 128"},
      {"/transposer", ordered_json::object(), "a.json: /transposer: the key 'side' is missing"},
      {"/transposer", ordered_json{{"side", 8}, {"rows", 4}},
       "a.json: /transposer/rows: unknown key; expected 'side'"},
      {"/vector_unit", ordered_json{{"lanes", 1}}, ""},
      {"/vector_unit", ordered_json{{"lanes", 65536}}, ""},
      {"/vector_unit", ordered_json{{"lanes", 0}},
       "a.json: /vector_unit/lanes: found 0; expected an integer from 1 to 65536"},
      {"/vector_unit", ordered_json::object(), "a.json: /vector_unit: the key 'lanes' is missing"},
      {"/vector_unit", ordered_json{{"lanes", 8}, {"bits", 4}},
       "a.json: /vector_unit/bits: unknown key; expected 'lanes'"},
      {"/sparsity", true,
       "a.json: /sparsity: unknown key; expected 'name', 'array', 'pe', 'accumulator', 'lowering', "
       "'random_source', 'clock_mhz', 'buffers', 'dram', 'technology', 'clock_gating', 'zero_gating', "
       "'switching', "
       "'mapping', "
       "'quantizers', 'transposer' or 'vector_unit'"}};
  return all;
}

TEST(AcceleratorConfig, ReaderAndSchemaGiveTheSameVerdicts) {
  const JsonSchema schema("accelerator");
  for (const JsonChange& change : changes()) {
    const std::string text = changed(embedded("luq_32x32"), change);
    SCOPED_TRACE(text);
    const std::string expected = change.message.empty() ? "nothing was thrown" : change.message;
    EXPECT_EQ(message_of([&] { read(text); }), expected);
    EXPECT_EQ(schema.complaint(text).empty(), change.message.empty()) << schema.complaint(text);
  }
}

/// No sum of a chunk moves down a column: only the reader compares the two keys.
TEST(AcceleratorConfig, ANarrowAccumulatorKeepsItsChunks) {
  ordered_json narrow = embedded("luq_32x32");
  narrow["accumulator"] = {{"int", 16}, {"overflow", "saturate"}};
  const auto of = [](const ordered_json& config) { return message_of([&] { read(config.dump()); }); };
  EXPECT_EQ(of(narrow), "nothing was thrown");
  EXPECT_EQ(read(narrow.dump()).accumulator, (traces::Accumulator{16, traces::Overflow::saturate}));
  EXPECT_EQ(sim::to_json_object(read(narrow.dump())), narrow);
  ordered_json half = narrow;
  half["accumulator"] = {{"float", 16}, {"overflow", "infinity"}, {"chunk", 64}};
  EXPECT_EQ(read(half.dump()).accumulator,
            (traces::Accumulator{16, traces::Overflow::infinity, traces::SumFormat::floating, 64}));
  EXPECT_EQ(sim::to_json_object(read(half.dump())), half);
  ordered_json held = narrow, mapped = half;
  held["array"] = array_with({{"dataflow", "weight_stationary"}, {"preload", "hidden"}});
  EXPECT_EQ(of(held), "nothing was thrown");
  held["accumulator"] = {{"float", 32}, {"chunk", 64}};
  EXPECT_EQ(
      of(held),
      "a.json: /accumulator/chunk: found 64 beside /array/dataflow 'weight_stationary', where sums move "
      "down the columns; expected 'output_stationary' there, or no chunk");
  mapped["mapping"] = {{"search", "dram_bytes"}};
  EXPECT_EQ(of(mapped), "nothing was thrown");
}

TEST(AcceleratorConfig, Bf16NeedsAFloatAccumulatorAndNoRandomSource) {
  const JsonSchema schema("accelerator");
  const std::vector<JsonChange> of_bf16 = {
      {"/name", "x", ""},
      {"/accumulator", ordered_json{{"int", 32}}, "a.json: /accumulator: the key 'float' is missing"},
      {"/accumulator/float", 16, "a.json: /accumulator/float: found 16; expected an integer from 32 to 32"},
      {"/random_source", "philox", "a.json: /random_source: found 'philox'; expected 'none'"},
      {"/quantizers", ordered_json{{"lanes", 8}},
       "a.json: /quantizers: the pe 'bf16' has no quantizers; expected no such key"},
      {"/transposer", ordered_json{{"side", 8}},
       "a.json: /transposer: the pe 'bf16' has no codes to transpose; expected no such key"}};
  for (const JsonChange& change : of_bf16) {
    const std::string text = changed(embedded("bf16_32x32"), change);
    SCOPED_TRACE(text);
    EXPECT_EQ(message_of([&] { read(text); }),
              change.message.empty() ? "nothing was thrown" : change.message);
    EXPECT_EQ(schema.complaint(text).empty(), change.message.empty()) << schema.complaint(text);
  }
}

TEST(AcceleratorConfig, DramIsHbm2WhereItsKindIsNotNamed) {
  ordered_json text = embedded("luq_32x32");
  text["dram"] = {{"gib_per_s", 17.1}};
  EXPECT_EQ(JsonSchema("accelerator").complaint(text.dump()), "");
  const sim::AcceleratorConfig config = read(text.dump());
  EXPECT_EQ(config.dram, sim::Dram::hbm2);
  EXPECT_EQ(config.dram_gib_per_s, 17.1);
}

/// Changes of luq_32x32 with a mapping and a DRAM that stalls.
TEST(AcceleratorConfig, KeysOfStalls) {
  const JsonSchema schema("accelerator");
  ordered_json stalling = embedded("luq_32x32");
  stalling["mapping"] = {{"search", "dram_bytes"}};
  stalling["dram"] = {{"kind", "hbm2"},    {"gib_per_s", 100},  {"stalls", true},     {"latency_ns", 70},
                      {"burst_bytes", 32}, {"efficiency", 0.8}, {"page_bytes", 1024}, {"page_miss_ns", 15}};
  const std::vector<JsonChange> of_stalls = {
      {"/name", "x", ""},
      {"/dram/stalls", false, ""},
      {"/dram/stalls", 1, "a.json: /dram/stalls: found 1; expected true or false"},
      {"/dram/stalls", removed,
       "a.json: /dram/latency_ns: unknown key; expected 'kind', 'gib_per_s' or 'stalls'"},
      {"/dram/latency_ns", 0, ""},
      {"/dram/latency_ns", -1, "a.json: /dram/latency_ns: found -1; expected a number from 0 to 1000000"},
      {"/dram/latency_ns", removed, "a.json: /dram: the key 'latency_ns' is missing"},
      {"/dram/burst_bytes", 0, "a.json: /dram/burst_bytes: found 0; expected an integer from 1 to 65536"},
      {"/dram/burst_bytes", removed,
       "a.json: /dram: the key 'burst_bytes' is missing; the nearest one there is 'page_bytes'"},
      {"/dram/efficiency", removed, ""},
      {"/dram/efficiency", 0, "a.json: /dram/efficiency: found 0; expected a number from 0.01 to 1"},
      {"/dram/efficiency", 1.01, "a.json: /dram/efficiency: found 1.01; expected a number from 0.01 to 1"},
      {"/dram/page_bytes", 0, "a.json: /dram/page_bytes: found 0; expected an integer from 1 to 16777216"},
      {"/dram/page_bytes", removed, "a.json: /dram: the key 'page_bytes' is missing"},
      {"/dram/page_miss_ns", removed, "a.json: /dram: the key 'page_miss_ns' is missing"},
      {"/dram/page_miss_ns", 1e7,
       "a.json: /dram/page_miss_ns: found 10000000.0; expected a number from 0 to 1000000"}};
  for (const JsonChange& change : of_stalls) {
    const std::string text = changed(stalling, change);
    SCOPED_TRACE(text);
    EXPECT_EQ(message_of([&] { read(text); }),
              change.message.empty() ? "nothing was thrown" : change.message);
    EXPECT_EQ(schema.complaint(text).empty(), change.message.empty()) << schema.complaint(text);
  }
  stalling["buffers"]["buffering"] = "double";
  EXPECT_EQ(ordered_json::parse(sim::to_json_object(read(stalling.dump())).dump())["dram"], stalling["dram"]);
  EXPECT_EQ(sim::to_json_object(read(stalling.dump()))["buffers"], stalling["buffers"]);
  // What a schema cannot say.
  stalling["dram"]["page_bytes"] = 48;
  EXPECT_EQ(message_of([&] { read(stalling.dump()); }),
            "a.json: /dram/page_bytes: found 48; expected a multiple of burst_bytes, which is 32");
  stalling["mapping"]["search"] = "time";
  stalling["dram"]["page_bytes"] = 1024;
  EXPECT_EQ(sim::to_json_object(read(stalling.dump()))["mapping"], stalling["mapping"]);
  stalling["dram"]["stalls"] = false;
  EXPECT_EQ(message_of([&] { read(stalling.dump()); }),
            "a.json: /mapping/search: found 'time'; expected /dram/stalls true beside it: without stalls no "
            "mapping "
            "is faster than tile after tile");
  stalling["dram"]["stalls"] = true;
  stalling["dram"].erase("page_bytes"), stalling["dram"].erase("page_miss_ns"), stalling.erase("mapping");
  EXPECT_EQ(message_of([&] { read(stalling.dump()); }),
            "a.json: /dram/stalls: found true; expected /mapping beside it: the memory loads the blocks of a "
            "mapping");
}

/// What a schema cannot say. The array takes 128 bits a side in a cycle, and 1024 of sums.
TEST(AcceleratorConfig, BanksGiveTheWordsOfACycle) {
  ordered_json text = embedded("luq_32x32");
  const auto complaint = [&](const ordered_json& keys) {
    ordered_json changed = text;
    changed["buffers"].update(keys);
    return message_of([&] { read(changed.dump()); });
  };
  EXPECT_EQ(complaint({{"banks", 8}}),
            "a.json: /buffers/banks: 8 banks of 4 KiB; expected banks of 8 KiB or more");
  EXPECT_EQ(
      complaint({{"width_bits", 512}}),
      "a.json: /buffers/width_bits: 1 bank with words of 512 bits; the array takes 2 words of one memory in "
      "a cycle");
  EXPECT_EQ(
      complaint({{"banks", 2}, {"width_bits", 256}}),
      "a.json: /buffers/width_bits: 2 banks with words of 256 bits; the array takes 4 words of one memory "
      "in a cycle");
  EXPECT_EQ(complaint({{"banks", 4}, {"width_bits", 256}}), "nothing was thrown");
  text["mapping"] = {{"search", "energy"}};
  EXPECT_EQ(complaint({{"banks", 4}, {"width_bits", 512}, {"unified", true}}), "nothing was thrown");
  EXPECT_EQ(
      complaint({{"banks", 2}, {"unified", true}}),
      "a.json: /buffers/banks: 2 banks with words of 512 bits; the array takes 4 words of one memory in a "
      "cycle");
  text["zero_gating"] = true;
  text["switching"] = "toggles";
  EXPECT_EQ(
      complaint(ordered_json::object()),
      "a.json: /switching: found 'toggles' beside /zero_gating true; expected one of the two: each says how "
      "much logic switches");
}

/// What a schema cannot say.
TEST(AcceleratorConfig, BlocksHoldWholeTiles) {
  ordered_json text = embedded("luq_32x32");
  text["mapping"] = {{"order", "m n k"}, {"m", 64}, {"n", 48}, {"k", 7}};
  EXPECT_EQ(message_of([&] { read(text.dump()); }),
            "a.json: /mapping/n: found 48; expected a multiple of /array/columns, which is 32");
}

TEST(AcceleratorConfig, BlocksAreThoseOfOutputStationaryTiles) {
  ordered_json text = embedded("luq_32x32");
  text["mapping"] = {{"search", "dram_bytes"}};
  text["array"] = array_with({{"dataflow", "input_stationary"}, {"preload", "hidden"}});
  EXPECT_EQ(
      message_of([&] { read(text.dump()); }),
      "a.json: /mapping: stands beside /array/dataflow 'input_stationary'; expected 'output_stationary' "
      "there, or no mapping");
  text["array"] = array_with({{"dataflow", "output_stationary"}, {"convention", "scalesim"}});
  EXPECT_EQ(message_of([&] { read(text.dump()); }),
            "a.json: /mapping: stands beside /array/convention 'scalesim'; expected no mapping");
}

TEST(AcceleratorConfig, EveryDataflowIsWrittenAsItIsRead) {
  for (const ordered_json& keys :
       std::vector<ordered_json>{{{"dataflow", "output_stationary"}, {"drain", "skewed"}},
                                 {{"dataflow", "output_stationary"}, {"drain", "shadow"}},
                                 {{"dataflow", "weight_stationary"}, {"preload", "hidden"}},
                                 {{"dataflow", "weight_stationary"}, {"preload", "exposed"}},
                                 {{"dataflow", "input_stationary"}, {"preload", "hidden"}},
                                 {{"dataflow", "input_stationary"}, {"convention", "scalesim"}},
                                 {{"dataflow", "output_stationary"}, {"convention", "scalesim"}}}) {
    ordered_json text = embedded("luq_32x32");
    text["array"] = array_with(keys);
    const nlohmann::json written = to_json_object(read(text.dump()))["array"];
    EXPECT_EQ(written, nlohmann::json(text["array"]));
  }
}

TEST(AcceleratorConfig, EmbeddedConfigIsReadCompletely) {
  const sim::AcceleratorConfig config = read(embedded("luq_32x32").dump());
  EXPECT_EQ(config.name, "luq_32x32");
  EXPECT_EQ(config.array, (rtl_models::ArrayShape{32, 32}));
  EXPECT_EQ(config.pe, &sim::pe_kind("dual_int4_fp4"));
  EXPECT_EQ(config.random_source, sim::RandomSource::philox);
  EXPECT_EQ(config.clock_mhz, 1000);
  EXPECT_EQ(config.operand_kib, 64U);
  EXPECT_EQ(config.accumulator_kib, 64U);
  EXPECT_EQ(config.dram, sim::Dram::hbm2);
  EXPECT_EQ(config.dram_gib_per_s, 100);
  EXPECT_EQ(config.technology, (std::vector<std::string>{"7nm", "45nm"}));
  EXPECT_EQ(config.pe->operand_bits, 4U);
  EXPECT_EQ(read(embedded("bf16_32x32").dump()).pe->operand_bits, 16U);
}

TEST(AcceleratorConfig, WrittenBackItIsTheSame) {
  for (const std::string_view name : {"luq_32x32", "bf16_32x32"})
    EXPECT_EQ(sim::to_json_object(read(embedded(name).dump())), embedded(name));
  ordered_json with_blocks = sim::to_json_object(read(embedded("luq_32x32").dump()));
  for (const ordered_json& mapping : {ordered_json{{"search", "dram_bytes"}},
                                      ordered_json{{"order", "k n m"}, {"m", 64}, {"n", 96}, {"k", 7}}}) {
    with_blocks["mapping"] = mapping;
    EXPECT_EQ(ordered_json::parse(sim::to_json_object(read(with_blocks.dump())).dump())["mapping"], mapping);
  }
}

TEST(AcceleratorConfig, DuplicateKeyIsRefused) {
  EXPECT_EQ(message_of([] { read(R"({"name": "a", "name": "b"})"); }),
            "a.json: /name: duplicate key, again at line 1, column 15");
}

}  // namespace
}  // namespace quatrain::tests
