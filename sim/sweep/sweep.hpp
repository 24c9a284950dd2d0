#pragma once
/// Runs a study: closed forms of every design on every workload, on all cores, each result kept as it ends.

#include "sim/accelerator/technology.hpp"
#include "sim/sweep/journal.hpp"
#include "sim/sweep/ranks.hpp"
#include "sim/sweep/result_rows.hpp"
#include "sim/sweep/study.hpp"
#include "sim/sweep/study_tables.hpp"
#include "traces/base/progress.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace quatrain::sim {

/// Part `index` (from 1) of `count`: the designs whose place in the study is index - 1 modulo count.
struct Shard {
  std::uint64_t index = 1, count = 1;
};

struct SweepOptions {
  std::filesystem::path out;
  std::filesystem::path folder;     ///< the study's: design and workloads count from it
  std::string study_text, program;  ///< what a journal is of, beside the files that the study names
  bool resumes = false;
  Shard shard;
  unsigned threads = 0;              ///< 0: all cores
  Ranks* ranks = nullptr;            ///< of an mpirun; this is the one that hands designs out
  std::function<bool()> stops = {};  ///< true makes run_sweep() throw Interrupted
};

struct SweepResult {
  std::uint64_t designs = 0, refused = 0, simulated_now = 0;
  bool is_complete = false;  ///< all parts are there: `tables` and `design` are filled
  StudyTables tables = {};
  std::string design = {};  ///< the base: a name inside the program, or its path
  std::string config = {};  ///< of the base, as its file has it
};

/// Throws Error for a study of other inputs in the folder, Interrupted when it is stopped.
SweepResult run_sweep(const Study& study, const SweepOptions& options, base::Progress& progress);

/// What the other ranks do meanwhile. What `open` throws, rank 0 is told.
void serve_sweep(Ranks& ranks, const std::function<std::pair<Study, SweepOptions>()>& open);

}  // namespace quatrain::sim
