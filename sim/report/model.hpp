#pragma once
/// Everything a report says, as data: read once from a run directory or a demo's directory, rendered three
/// times (terminal, report.json, report.html). What is not there is a `Missing`, never a made-up figure.

#include "emu/nn/run_directory.hpp"
#include "emu/nn/training_config.hpp"
#include "sim/report/gradient_study.hpp"
#include "traces/base/parallel_for.hpp"
#include "traces/base/progress.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quatrain::sim::report {

struct TrainingRun {
  std::string recipe;  ///< "fp32", "luq", "nearest"
  emu::TrainingConfig config;
  std::vector<emu::EpochMetrics> epochs;
  std::vector<float> step_losses;
};

struct Unsupported {
  std::string record, reason;
};

struct MachineCheck {
  std::string machine, verdict, reason, ran_on;  ///< verdict: "equal", "different", "skipped"
  std::uint64_t gemms = 0, gemms_equal = 0, quantizers = 0, quantizers_equal = 0, elements = 0, macs = 0;
  double seconds = 0;
  std::vector<Unsupported> unsupported;
  std::string first_difference;  ///< in words; "" for none
};

struct CrossCheck {
  std::string model;
  std::vector<std::int64_t> steps;
  std::uint64_t gemms = 0, quantizers = 0, macs = 0, in_range_macs = 0, non_zero_macs = 0, accumulators = 0,
                codes = 0;
  std::vector<std::string> contradictions;  ///< records that contradict themselves
  bool equal = false;
  std::vector<MachineCheck> machines;
};

struct Bounds {
  double low = 0, nominal = 0, high = 0;
  Bounds& operator+=(const Bounds& other);
};

struct EnergyComponent {
  std::string component, unit, kind, source;
  std::uint64_t events = 0;
  Bounds pj_per_event, energy_pj;
};

struct TechnologyEnergy {
  std::string node;
  Bounds energy_pj;
  std::vector<EnergyComponent> components;
};

/// A layer and phase, summed over the traced steps.
struct SimulatedPart {
  std::string layer, phase;
  std::uint64_t cycles = 0, macs = 0, in_range_macs = 0, bytes = 0;
  std::vector<std::pair<std::string, Bounds>> energy_pj;  ///< by node, in the order of `technologies`
};

struct Activity {
  std::uint64_t macs = 0, zero_operand_macs = 0, left_toggles = 0, right_toggles = 0, accumulator_toggles = 0;
};

struct Replay {
  std::string fidelity, ran_on;
  std::uint64_t gemms = 0, gemms_equal = 0, pe_tiles_checked = 0;
  bool cycles_equal = false;
  std::vector<std::string> differences;
  bool is_equal() const { return cycles_equal && gemms_equal == gemms && differences.empty(); }
};

/// What moves over the DRAM's pins: operands, results, and the tensors that quantizers read and write.
inline constexpr std::array<std::string_view, 4> byte_words = {"left", "right", "result", "quantizer"};

struct Simulation {
  std::string accelerator, scope, pe;
  std::int64_t rows = 0, columns = 0;
  double clock_mhz = 0;
  std::uint64_t cycles = 0, macs = 0, in_range_macs = 0;
  double milliseconds = 0, dram_milliseconds = 0;
  std::array<std::uint64_t, byte_words.size()> bytes{};  ///< in the order of byte_words
  std::array<double, 3> utilization{};                   ///< spatial, temporal, overall
  std::optional<Activity> activity;
  std::optional<Replay> replay;
  std::vector<SimulatedPart> parts;
  std::vector<TechnologyEnergy> technologies;
  std::vector<std::string> limits;
};

struct Stage {
  std::string name;
  double seconds = 0;
  std::string command;
};

struct Missing {
  std::string part, why, how;  ///< how: the command that would make it
};

struct Report {
  std::string kind;     ///< "demo" or "run"
  std::string subject;  ///< name of the directory
  std::vector<TrainingRun> training;
  std::optional<CrossCheck> crosscheck;
  std::vector<Simulation> simulations;  ///< those that replayed the trace first, then by name
  std::optional<GradientStudy> gradients;
  std::vector<Stage> stages;
  std::vector<std::string> commands;  ///< that repeat it
  std::vector<Missing> missing;
};

/// Throws Error when `directory` is neither kind of directory, or a file in it is not what it should be, or
/// belongs to another trace than the one beside it.
Report read_report(const std::filesystem::path& directory, traces::ThreadPool& pool,
                   traces::Progress& progress);

}  // namespace quatrain::sim::report
