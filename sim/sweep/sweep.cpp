#include "sim/sweep/sweep.hpp"

#include "sim/embedded/config_file.hpp"
#include "sim/sweep/points.hpp"
#include "sim/workload/open_workload.hpp"
#include "traces/base/files.hpp"
#include "traces/base/names.hpp"
#include "traces/base/parallel_for.hpp"
#include "traces/format/checksum.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

namespace quatrain::sim {
namespace {

namespace fs = std::filesystem;
using Results = std::map<std::uint64_t, DesignResult>;

/// A name inside the program, or a path that counts from the study's folder.
std::string placed(const std::string& argument, const fs::path& folder, bool is_embedded) {
  return is_embedded ? argument : (folder / argument).string();
}

bool is_among(const std::string& name, const auto& names) {
  return std::ranges::find(names, name) != names.end();
}

/// JSON; nothing where the config does not have the key.
std::optional<std::string> value_at(const nlohmann::ordered_json& config, std::string key) {
  if (key.find('~') != std::string::npos) return std::nullopt;
  if (!key.starts_with('/')) {
    std::ranges::replace(key, '.', '/');
    key = fmt::format("/{}", key);
  }
  const nlohmann::ordered_json::json_pointer place(key);
  if (!config.contains(place)) return std::nullopt;
  return config.at(place).dump();
}

bool is_same(const WorkloadSource& a, const WorkloadSource& b) {
  return a.place == b.place && a.phases == b.phases && a.batch == b.batch;
}

class Sweep {
 public:
  Sweep(const Study& study, const SweepOptions& options) : study_(study), options_(options) {
    design_ = placed(study.design, options.folder,
                     is_among(study.design, embedded_configs(ConfigKind::accelerator)));
    std::string inputs =
        options.program + options.study_text + config_sha256(design_, ConfigKind::accelerator);
    for (const StudyWorkload& workload : study.workloads) {
      workloads_.push_back(open_shapes(
          placed(workload.argument, options.folder, is_among(workload.argument, embedded_workloads())),
          workload.options));
      inputs += workloads_.back().source.sha256;
      for (std::size_t i = 0; i + 1 < workloads_.size(); ++i)
        if (is_same(workloads_[i].source, workloads_.back().source))
          throw base::Error("{}: is among the workloads twice; expected different ones, or a weight",
                            base::printable(workload.argument));
    }
    for (const DesignAxis& axis : study.axes) columns_.keys.push_back(axis.key);
    add_technologies(inputs);
    identity_ = traces::sha256_hex(inputs);
  }

  const RowColumns& columns() const { return columns_; }
  const std::string& identity() const { return identity_; }

  std::string name_of(std::uint64_t point) const {
    return name_with(base_name_, overrides_at(study_.axes, point));
  }

  DesignResult simulated(std::uint64_t point) const {
    const std::vector<Override> overrides = overrides_at(study_.axes, point);
    return simulated({name_of(point), overrides}, overrides);
  }

  std::string line_of(std::uint64_t point) const { return Journal::line_of(point, simulated(point)); }

  /// The study's design as it is; its row says what it has for the keys that vary.
  DesignResult simulated_base() const {
    std::vector<Override> values;
    for (const DesignAxis& axis : study_.axes)
      if (const auto value = value_at(base_config_, axis.key)) values.push_back({axis.key, *value});
    return simulated({base_name_, values}, {});
  }

  const std::string& design() const { return design_; }
  std::string base_config() const { return base_config_.dump(); }
  bool wants_layers() const { return study_.layers; }

 private:
  DesignResult simulated(const RowLabel& label, const std::vector<Override>& overrides) const {
    DesignResult result;
    try {
      const AcceleratorConfig config =
          read_accelerator(open_config(design_, ConfigKind::accelerator, overrides));
      SimulationTask task{.config = config,
                          .technologies = read_technologies(config, fs::path(design_).parent_path())};
      result.sums.buffer_kib = config.operand_kib + config.accumulator_kib;
      result.sums.area_mm2 = total_mm2(area_by_component(config, task.technologies.front())).nominal;
      for (std::size_t i = 0; i < workloads_.size(); ++i)
        add(label, i, simulate(task, workloads_[i]), result);
    } catch (const base::Error& error) {  // a combination that no design can have
      result = {};
      result.is_refused = true;
      for (const Workload& workload : workloads_)
        result.rows.push_back(columns_.refused_row(label, workload.source, error.what()));
    }
    return result;
  }

  /// Of the base design with each list of tables that the study varies.
  void add_technologies(std::string& inputs) {
    const base::JsonNode root = open_config(design_, ConfigKind::accelerator);
    base_name_ = root.at("name").string();
    base_config_ = nlohmann::ordered_json::parse(config_text(design_, ConfigKind::accelerator).text);
    std::vector<std::string> tables;
    for (const base::JsonNode& item : root.at("technology").items()) tables.push_back(item.string());
    for (const DesignAxis& axis : study_.axes)
      if (axis.key == "technology")
        for (const std::string& value : axis.values)
          for (const auto& name : nlohmann::json::parse(value))
            if (name.is_string() && !is_among(name.get<std::string>(), tables)) tables.push_back(name);
    for (const std::string& table : tables) {
      const fs::path folder = fs::path(design_).parent_path();
      inputs += config_sha256(table, ConfigKind::technology, folder);
      columns_.technologies.push_back(
          Technology::read(open_config(table, ConfigKind::technology, folder)).name());
    }
  }

  void add(const RowLabel& label, std::size_t workload, const Simulation& simulation,
           DesignResult& result) const {
    const double weight = study_.workloads[workload].weight;
    result.sums.milliseconds += weight * milliseconds(simulation.config, simulation.total);
    result.sums.energy_pj += weight * simulation.technologies.front().energy_pj.nominal;
    result.rows.push_back(columns_.design_row(label, simulation));
    if (!study_.layers) return;
    for (std::string& row : columns_.layer_rows(label, simulation))
      result.layer_rows.push_back(std::move(row));
  }

  const Study& study_;
  const SweepOptions& options_;
  std::string design_, base_name_, identity_;
  nlohmann::ordered_json base_config_;
  std::vector<Workload> workloads_;
  RowColumns columns_;
};

/// journal.jsonl, or journal-3-of-16.jsonl.
std::string journal_name(const Shard& shard) {
  return shard.count == 1 ? "journal.jsonl" : fmt::format("journal-{}-of-{}.jsonl", shard.index, shard.count);
}

/// Of all journals in the folder.
Results all_results(const fs::path& folder, const std::string& identity) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().starts_with("journal") && entry.path().extension() == ".jsonl")
      files.push_back(entry.path());
  std::ranges::sort(files);
  Results results;
  for (const fs::path& file : files) results.merge(Journal::read(file, identity));
  return results;
}

/// Simulates what is missing of these points.
class Runner {
 public:
  Runner(const Sweep& sweep, const SweepOptions& options, base::Progress& progress)
      : sweep_(sweep),
        options_(options),
        progress_(progress),
        pool_(options.ranks != nullptr ? 1 : options.threads, options.stops),
        journal_(options.out / journal_name(options.shard), sweep.identity(), options.resumes),
        results_(all_results(options.out, sweep.identity())) {}

  void run(const std::vector<std::uint64_t>& points, const std::string& what) {
    std::vector<std::uint64_t> pending;
    for (const std::uint64_t point : points)
      if (!results_.contains(point)) pending.push_back(point);
    progress_.begin(what, points.size());
    std::uint64_t done = points.size() - pending.size();
    const auto keep = [&](std::uint64_t point, const std::string& line, DesignResult result) {
      const std::scoped_lock one_at_a_time(mutex_);
      journal_.add(line);
      results_[point] = std::move(result);
      progress_.update(++done, sweep_.name_of(point));
    };
    if (options_.ranks != nullptr)
      options_.ranks->run(
          pending, [&](std::uint64_t point) { return sweep_.line_of(point); },
          [&](std::uint64_t point, const std::string& line) {
            keep(point, line, Journal::result_of(line, "a rank's line").second);
          },
          options_.stops);
    else
      pool_.parallel_for(pending.size(), [&](std::size_t i) {
        DesignResult result = sweep_.simulated(pending[i]);
        const std::string line = Journal::line_of(pending[i], result);
        keep(pending[i], line, std::move(result));
      });
    progress_.finish();
    simulated_ += pending.size();
  }

  const Results& results() const { return results_; }
  std::uint64_t simulated() const { return simulated_; }

 private:
  const Sweep& sweep_;
  const SweepOptions& options_;
  base::Progress& progress_;
  base::ThreadPool pool_;
  Journal journal_;
  Results results_;
  std::mutex mutex_;
  std::uint64_t simulated_ = 0;
};

/// Those that keep the constraints, the best first; of equal ones the first in the study.
std::vector<std::uint64_t> ranked(const Study& study, const std::vector<std::uint64_t>& points,
                                  const Results& results) {
  std::vector<std::uint64_t> best;
  std::ranges::copy_if(points, std::back_inserter(best), [&](std::uint64_t point) {
    const DesignResult& result = results.at(point);
    return !result.is_refused && keeps_constraints(study, result.sums);
  });
  std::ranges::sort(best, {}, [&](std::uint64_t point) {
    return std::pair(value_of(study.objective, results.at(point).sums), point);
  });
  return best;
}

/// The points of the study so far; narrowing asks for the next ones when those are done.
std::vector<std::uint64_t> run_rounds(const Study& study, Runner& runner) {
  std::vector<std::uint64_t> points = first_points(study);
  runner.run(points, study.search == Search::narrowing ? "round 1" : "designs");
  if (study.search != Search::narrowing) return points;
  for (unsigned round = 2; round <= study.rounds; ++round) {
    std::vector<std::uint64_t> best = ranked(study, points, runner.results());
    best.resize(std::min<std::size_t>(best.size(), study.keep));
    const std::vector<std::uint64_t> next = new_neighbours(study.axes, best, points);
    if (next.empty()) break;
    points.insert(points.end(), next.begin(), next.end());
    runner.run(next, fmt::format("round {}", round));
  }
  std::ranges::sort(points);
  return points;
}

StudyTables tables(const Sweep& sweep, const std::vector<std::uint64_t>& points, const Results& results) {
  const auto add = [](const DesignResult& one, std::string& designs, std::string& layers) {
    for (const std::string& row : one.rows) designs += row + "\n";
    for (const std::string& row : one.layer_rows) layers += row + "\n";
  };
  StudyTables tables;
  tables.designs = tables.base = sweep.columns().design_headings() + "\n";
  if (sweep.wants_layers()) tables.layers = tables.base_layers = sweep.columns().layer_headings() + "\n";
  for (const std::uint64_t point : points) add(results.at(point), tables.designs, tables.layers);
  add(sweep.simulated_base(), tables.base, tables.base_layers);
  return tables;
}

}  // namespace

SweepResult run_sweep(const Study& study, const SweepOptions& options, base::Progress& progress) {
  if (study.search == Search::narrowing && options.shard.count > 1)
    throw base::Error(
        "--shard: each round of the search 'narrowing' needs all of the one before; expected the "
        "search grid or random");
  const Sweep sweep(study, options);
  if (options.ranks != nullptr) options.ranks->require_same(sweep.identity());
  Runner runner(sweep, options, progress);
  SweepResult result;
  std::vector<std::uint64_t> points;
  if (options.shard.count > 1) {
    points = first_points(study);
    runner.run(part_of(points, options.shard.index, options.shard.count), "designs");
  } else {
    points = run_rounds(study, runner);
  }
  const Results results = all_results(options.out, sweep.identity());  // those of other parts, too
  result.designs = points.size();
  result.simulated_now = runner.simulated();
  result.is_complete =
      std::ranges::all_of(points, [&](std::uint64_t point) { return results.contains(point); });
  if (!result.is_complete) return result;
  result.tables = tables(sweep, points, results);
  result.design = sweep.design();
  result.config = sweep.base_config();
  for (const std::uint64_t point : points) result.refused += results.at(point).is_refused ? 1 : 0;
  return result;
}

void serve_sweep(Ranks& ranks, const std::function<std::pair<Study, SweepOptions>()>& open) {
  std::optional<std::pair<Study, SweepOptions>> opened;
  std::optional<Sweep> sweep;
  const auto identity = [&] {
    opened = open();
    return sweep.emplace(opened->first, opened->second).identity();
  };
  ranks.serve(identity, [&](std::uint64_t point) { return sweep->line_of(point); });
}

}  // namespace quatrain::sim
