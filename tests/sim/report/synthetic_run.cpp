#include "tests/sim/report/synthetic_run.hpp"

#include "emu/nn/training_config.hpp"
#include "sim/embedded/config_file.hpp"
#include "sim/study/study_file.hpp"
#include "traces/base/files.hpp"
#include "traces/format/checksum.hpp"
#include "traces/format/reader.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

namespace fs = std::filesystem;
using base::write_whole_file;

std::string crosscheck(const std::string& manifest_sha256) {
  return fmt::format(R"({{"format": "quatrain-crosscheck", "version": 1,
 "trace": {{"directory": "trace", "manifest_sha256": "{}", "model": "outside_model", "steps": [0, 7]}},
 "records": {{"gemms": 31, "quantizers": 32, "macs": 33000, "in_range_macs": 34000, "non_zero_macs": 35000,
   "accumulators": 36000, "codes": 37000}},
 "contradictions": [], "trace_alone": [], "equal": true,
 "machines": {{
  "emu.naive": {{"verdict": "equal", "reason": null, "ran_on": "CPU", "gemms": 41, "gemms_equal": 41, "quantizers": 42,
    "quantizers_equal": 42, "elements": 43000, "different_records": 0, "different_elements": 0,
    "uncounted_records": 0, "macs": 44000, "seconds": 4.5, "unsupported": [], "misbehaved": [],
    "first_difference": null,
    "pattern": {{"gemms": null, "quantizers": null}}, "diagnosis": {{"gemms": null, "quantizers": null}}}},
  "systemc.array": {{"verdict": "equal", "reason": null, "ran_on": "SystemC 2.3.4", "gemms": 51, "gemms_equal": 51,
    "quantizers": 0, "quantizers_equal": 0, "elements": 53000, "different_records": 0, "different_elements": 0,
    "uncounted_records": 0, "macs": 54000, "seconds": 5.5, "misbehaved": [],
    "unsupported": [{{"record": "0/train/conv_groups/forward", "reason": "groups & <such>"}}],
    "first_difference": null,
    "pattern": {{"gemms": null, "quantizers": null}}, "diagnosis": {{"gemms": null, "quantizers": null}}}},
  "simt.naive": {{"verdict": "equal", "reason": null, "ran_on": "CPU fibers", "gemms": 61, "gemms_equal": 61,
    "quantizers": 62, "quantizers_equal": 62, "elements": 63000, "different_records": 0, "different_elements": 0,
    "uncounted_records": 0, "macs": 64000, "seconds": 6.5, "unsupported": [], "misbehaved": [],
    "first_difference": null,
    "pattern": {{"gemms": null, "quantizers": null}}, "diagnosis": {{"gemms": null, "quantizers": null}}}},
  "cuda.naive": {{"verdict": "skipped", "reason": "no GPU here", "ran_on": null, "gemms": 0, "gemms_equal": 0,
    "quantizers": 0, "quantizers_equal": 0, "elements": 0, "different_records": 0, "different_elements": 0,
    "uncounted_records": 0, "macs": 0, "seconds": 0, "unsupported": [], "misbehaved": [],
    "first_difference": null,
    "pattern": {{"gemms": null, "quantizers": null}}, "diagnosis": {{"gemms": null, "quantizers": null}}}}}}}}
)",
                     manifest_sha256);
}

/// One record of `cycles`, `macs` and energies low, low + 1, low + 2 millions of pJ at 7nm, ten times that at
/// 45nm.
std::string record(int step, const std::string& phase, int cycles, int macs, int low) {
  return fmt::format(
      R"({{"step": {}, "layer": "conv2", "phase": "{}", "m": 1, "n": 2, "k": 3, "groups": 1, "samples": 1, "tiles": 1,
   "cycles": {}, "macs": {}, "in_range_macs": {}, "outputs": 6, "streamed_cycles": 7, "milliseconds": 0.5,
   "dram_milliseconds": 0.75, "longer_milliseconds": 0.75, "memory_bound": 1,
   "utilization": {{"spatial": 1, "temporal": 1, "overall": 1, "in_range": 1}}, "bytes": {{"left": 1, "right": 2, "result": 3, "quantizer": 4, "accumulator": 0}},
   "compulsory_bytes": {{"left": 1, "right": 1, "result": 3}}, "stalls": null, "activity": null,
   "events": {{"dram": {{"dram_hbm2": 1}}}}, "energy_pj": {{"7nm": {{"low": {}000000, "nominal": {}000000, "high": {}000000}},
                  "45nm": {{"low": {}0000000, "nominal": {}0000000, "high": {}0000000}}}}}})",
      step, phase, cycles, macs, macs - 1, low, low + 1, low + 2, low, low + 1, low + 2);
}

std::string technology(int low, int events) {
  return fmt::format(
      R"({{"table_sha256": "", "energy_pj_low": {}000000, "energy_pj_nominal": {}000000, "energy_pj_high": {}000000,
   "components": [{{"component": "pe_combinational", "events": {}, "unit": "MAC",
     "pj_per_event": {{"low": 0.25, "nominal": 0.5, "high": 0.75}},
     "energy_pj": {{"low": 1000000, "nominal": 2000000, "high": 3000000}}, "kind": "derived", "source": "gates", "constant": "pe_dual_int32",
     "node": "7nm", "voltage": null, "family": "gates", "conditions": ""}},
    {{"component": "pe_combinational", "events": 1, "unit": "MAC",
     "pj_per_event": {{"low": 0, "nominal": 0, "high": 0}}, "energy_pj": {{"low": 0, "nominal": 0, "high": 0}},
     "kind": "assumed", "source": "a guess", "constant": "fp32_add", "node": "7nm",
     "voltage": {{"volts": 0.7, "kind": "assumed"}}, "family": "guesses", "conditions": ""}}],
   "area_mm2": {{"low": 1, "nominal": 2, "high": 3}}, "area": []}})",
      low, low + 1, low + 2, events);
}

std::string simulation(const std::string& name, const std::string& manifest_sha256, bool is_replayed,
                       int cycles) {
  const std::string replay =
      R"({"fidelity": "array", "ran_on": "SystemC 2.3.4", "gemms": 27, "gemms_equal": 27, "cycles_equal": true,
   "pe_tiles_checked": 28, "differences": []})";
  const std::string activity =
      R"({"macs": 71, "zero_operand_macs": 72, "left_toggles": 73, "right_toggles": 74, "accumulator_toggles": 75})";
  return fmt::format(R"({{"format": "quatrain-simulation", "version": 1, "accelerator": "{}",
 "config": {{"name": "{}", "array": {{"rows": 32, "columns": 16, "dataflow": "output_stationary", "drain": "serial"}},
   "pe": "dual_int4_fp4", "accumulator": {{"int": 32}}, "lowering": "as_recorded", "random_source": "lfsr",
   "clock_mhz": 800, "buffers": {{"operand_kib": 64, "accumulator_kib": 64}},
   "dram": {{"kind": "hbm2", "gib_per_s": 100}}, "technology": ["7nm", "45nm"]}},
 "replayed": {}, "trace": {{"directory": "trace", "manifest_sha256": "{}", "model": "outside_model"}},
 "provenance": {{"command": "quatrain sim", "program": "quatrain 0", "inputs": []}}, "scope": "all of it", "tiles": 30, "cycles": {}, "macs": 8100, "in_range_macs": 8200, "outputs": 7680,
 "streamed_cycles": 2004, "milliseconds": 0.125, "dram_milliseconds": 0.25, "longer_milliseconds": 0.5, "memory_bound": 2,
 "bytes": {{"left": 8300, "right": 8400, "result": 8500, "quantizer": 8600, "accumulator": 0}},
 "compulsory_bytes": {{"left": 8310, "right": 8410, "result": 8510}},
 "utilization": {{"spatial": 0.5, "temporal": 0.25, "overall": 0.125, "in_range": 0.1}}, "stalls": null, "activity": {}, "replay": {},
 "records": [{}, {}, {}],
 "technologies": {{"7nm": {}, "45nm": {}}}, "limits": ["limit of {}"]}}
)",
                     name, name, is_replayed, manifest_sha256, cycles, is_replayed ? activity : "null",
                     is_replayed ? replay : "null", record(0, "forward", cycles / 4, 910, 10),
                     record(7, "forward", cycles / 2, 920, 20),
                     record(0, "backward_data", cycles / 8, 930, 30), technology(cycles % 100, 5),
                     technology(cycles % 100 + 10, 6), name);
}

}  // namespace

void write_training_run(const fs::path& directory, const std::string& recipe, const std::string& accuracy,
                        char digit) {
  fs::create_directories(directory);
  const base::JsonNode file = sim::open_config("demo_quick", sim::ConfigKind::training);
  emu::TrainingOverrides overrides;
  overrides.quantize = base::named<emu::Recipe>(recipe);
  overrides.epochs = 2;
  const emu::TrainingConfig config =
      emu::with_overrides(emu::read_training_config(file), overrides, file.file());
  write_whole_file(directory / "config.json", emu::dump_training_config(config));
  write_whole_file(
      directory / "metrics.csv",
      fmt::format("epoch,step,train_loss,test_loss,test_accuracy_percent,learning_rate,seconds,state_hash\n"
                  "1,2,0.75,0.625,70.5,0.05,1.250,{}\n2,3,0.5,0.375,{},0.025,1.500,{}\n",
                  std::string(64, 'a'), accuracy, std::string(64, digit)));
  write_whole_file(directory / "steps.csv", "step,loss\n0,2.25\n1,1.75\n2,1.5\n");
}

void write_trace_results(const fs::path& run) {
  fs::copy(QUATRAIN_SOURCE_DIR "/tests/data/outside_trace", run / "trace");
  const std::string manifest = traces::sha256_of_file(run / "trace" / "manifest.json");
  write_whole_file(run / "crosscheck.json", crosscheck(manifest));
  base::ThreadPool pool(1);
  base::SilentProgress progress;
  const traces::TraceReader trace((run / "trace").string());
  write_whole_file(run / "gradients.json",
                   sim::study::study_json(sim::study::study_gradients(
                       trace, pool, progress, {.asked = {.samples = {1, 2}, .trials = 2}})));
  fs::create_directories(run / "simulation");
  write_whole_file(run / "simulation" / "luq_32x32.json", simulation("luq_32x32", manifest, true, 8016));
  write_whole_file(run / "simulation" / "bf16_32x32.json", simulation("bf16_32x32", manifest, false, 8048));
}

void write_demo(const fs::path& directory) {
  write_training_run(directory / "fp32", "fp32", "91.25", 'b');
  write_training_run(directory / "luq", "luq", "90.75", 'c');
  write_training_run(directory / "nearest", "nearest", "89.5", 'd');
  write_trace_results(directory / "luq");
  write_whole_file(
      directory / "stages.json",
      R"({"format": "quatrain-stages", "version": 1, "seconds": {"train_fp32": 11.5, "verify": 12.25},
 "commands": {"train_fp32": "quatrain train demo_quick --quantize fp32", "verify": "quatrain verify it"}}
)");
}

void replace_in_file(const fs::path& file, const std::string& what, const std::string& with) {
  std::string text = base::read_whole_file(file);
  const std::size_t at = text.find(what);
  ASSERT_NE(at, std::string::npos) << what;
  text = text.substr(0, at) + with + text.substr(at + what.size());
  write_whole_file(file, text);
}

}  // namespace quatrain::tests
