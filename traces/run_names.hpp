#pragma once
/// The names in a run directory (docs/architecture.md, "Commands, exit codes, files"), spelled once for all
/// that write or read there.

namespace quatrain::traces::run_names {

inline constexpr const char* config = "config.json";       ///< the configuration, complete, as run
inline constexpr const char* run = "run.json";             ///< what it was started with, and how it ended
inline constexpr const char* metrics = "metrics.csv";      ///< one row per epoch
inline constexpr const char* steps = "steps.csv";          ///< one row per step
inline constexpr const char* gradients = "gradients.csv";  ///< one row per layer and looked-at step
inline constexpr const char* hashes = "hashes.csv";  ///< one row per step: a hash of each tensor of the state
inline constexpr const char* log = "log.txt";
inline constexpr const char* checkpoints = "checkpoints";
inline constexpr const char* trace = "trace";
inline constexpr const char* difference = "difference";  ///< a trace of the record in which machines differ
inline constexpr const char* simulation = "simulation";  ///< one JSON and one CSV file per accelerator
inline constexpr const char* crosscheck = "crosscheck.json";
inline constexpr const char* gradient_study = "gradients.json";  ///< what `quatrain study` found
inline constexpr const char* report_json = "report.json";
inline constexpr const char* report_html = "report.html";
inline constexpr const char* stages = "stages.json";  ///< of a demo

}  // namespace quatrain::traces::run_names
