/// quatrain sweep: many designs on several workloads.
#include "sim/sweep/sweep.hpp"

#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/typed_values.hpp"
#include "sim/embedded/resources.hpp"
#include "sim/records/outputs.hpp"
#include "sim/report/html.hpp"
#include "sim/sweep/results/study_commands.hpp"
#include "sim/sweep/results/study_json.hpp"
#include "sim/sweep/results/study_page.hpp"
#include "traces/base/error.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace quatrain::sim {
namespace {

constexpr const char* sweep_examples = R"(
STUDY is a JSON file: a base design, the keys that vary, workloads, a search and constraints
(configs/schemas/study.schema.json; docs/guides/studies.md has an example of every key). Cycles, bytes and energy are
closed forms.

Each result is added to OUT/journal.jsonl as it ends. A sweep that was interrupted or killed goes on with --resume and
simulates nothing twice. When all designs are there, OUT/designs.csv has one row per design and workload, and
OUT/layers.csv one per layer; OUT/base.csv and OUT/base_layers.csv are the base itself. OUT/study.html shows all of
it, OUT/results.json says the same to programs. The tables are the same bytes whatever happened on the way.

Parts of a study may run on several computers: --shard 1/4 to --shard 4/4 with the same OUT, or with the journals
copied into one folder, where --resume without --shard then writes the tables.

Examples:
  quatrain sweep study.json
      results in studies/NAME
  mpirun -n 8 quatrain sweep study.json
      the same results, from eight processes of one or several computers (Open MPI)
  quatrain sweep study.json --out parts --shard 1/2
      the first half of the designs
  quatrain sweep study.json --out parts --resume
      the rest of them, and the tables)";

struct TypedSweep {
  std::string study, out, shard;
  bool resumes = false;
  unsigned threads = 0;
};

/// "3/16".
Shard shard_of(const std::string& typed) {
  if (typed.empty()) return {};
  const std::size_t slash = std::min(typed.find('/'), typed.size());
  const auto number = [](std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    return failure == std::errc() && end == text.data() + text.size() ? value : 0;
  };
  const Shard shard{number(std::string_view(typed).substr(0, slash)),
                    slash == typed.size() ? 0 : number(std::string_view(typed).substr(slash + 1))};
  constexpr std::uint64_t most = 100'000;
  if (shard.index < 1 || shard.index > shard.count || shard.count > most)
    throw base::Error("--shard: found '{}'; expected PART/PARTS, as in 3/16", base::printable(typed));
  return shard;
}

void print_best(const StudyResults& results) {
  constexpr std::size_t most = 10;
  constexpr double uj_per_pj = 1e-6;
  fmt::print("{}\n", headline_of(results));
  if (!results.best()) return;
  std::vector<std::size_t> kept = results.ranked();
  std::erase_if(kept, [&](std::size_t i) { return !results.designs[i].keeps_constraints; });
  std::size_t width = 6;
  const std::size_t shown = std::min(most, kept.size());
  for (std::size_t i = 0; i < shown; ++i) width = std::max(width, results.designs[kept[i]].name.size());
  fmt::print("the best {} of {} by {}, weighted sums over the workloads:\n", shown, kept.size(),
             objective_words[static_cast<std::size_t>(results.study.objective)]);
  fmt::print("{:<{}} {:>14} {:>14} {:>10} {:>10} {:>11}\n", "design", width, "milliseconds", "uJ nominal",
             "watts", "mm2", "buffer KiB");
  for (std::size_t i = 0; i < shown; ++i) {
    const StudiedDesign& one = results.designs[kept[i]];
    fmt::print("{:<{}} {:>14.6f} {:>14.3f} {:>10.4f} {:>10.4f} {:>11}\n", one.name, width,
               one.sums.milliseconds, uj_per_pj * one.sums.energy_pj, one.sums.watts(), one.sums.area_mm2,
               one.sums.buffer_kib);
  }
}

std::vector<Output> outputs_in(const std::filesystem::path& out, bool has_layers) {
  const std::string mark = "design,workload,file,phases,batch";
  std::vector<Output> outputs = {{out / designs_csv_name, mark},
                                 {out / base_csv_name, mark},
                                 {out / results_json_name, json_mark(study_results_format)},
                                 {out / study_html_name, std::string(report::page_mark)}};
  if (has_layers)
    for (const std::string_view name : {layers_csv_name, base_layers_csv_name})
      outputs.push_back({out / name, mark});
  return outputs;
}

std::vector<std::string> texts_of(const StudyTables& tables, const StudyResults& results,
                                  const StudyOrigin& origin, const std::filesystem::path& out,
                                  const Provenance& provenance) {
  const report::Page page = make_page(results, study_commands(results, origin, out));
  std::vector<std::string> texts = {tables.designs, tables.base,
                                    with_provenance(study_json(results, origin), provenance, 1),
                                    report::render_html(page, embedded_resource("chart.js").value_or(""))};
  if (results.study.layers) texts.insert(texts.end(), {tables.layers, tables.base_layers});
  return texts;
}

std::pair<Study, SweepOptions> opened(const TypedSweep& typed, const Provenance& provenance) {
  const std::filesystem::path file = typed.study;
  SweepOptions options;
  options.study_text = base::read_whole_file(file, base::JsonLimits{}.bytes);
  Study study = read_study(options.study_text, file.string());
  options.out =
      typed.out.empty() ? std::filesystem::path("studies") / study.name : std::filesystem::path(typed.out);
  options.folder = file.parent_path();
  options.program = provenance.program;
  options.resumes = typed.resumes;
  options.shard = shard_of(typed.shard);
  options.threads = typed.threads;
  options.stops = interrupted;
  return {std::move(study), std::move(options)};
}

int sweep(const TypedSweep& typed, const Provenance& provenance) {
  const std::unique_ptr<Ranks> ranks = Ranks::of_mpirun();
  if (ranks && !ranks->hands_out()) {
    serve_sweep(*ranks, [&] { return opened(typed, provenance); });
    return 0;
  }
  auto [study, options] = opened(typed, provenance);
  options.ranks = ranks.get();
  const std::vector<Output> outputs = outputs_in(options.out, study.layers);
  require_free(outputs);
  const auto progress = make_progress();
  const SweepResult result = run_sweep(study, options, *progress);
  if (!result.is_complete) {
    fmt::print("{}: {} designs of part {} are done; the others of {} are missing\n", study.name,
               result.simulated_now, typed.shard, result.designs);
    return 0;
  }
  StudyResults results = read_results(study, options.out.string(), result.tables);
  results.base_config = result.config;
  const StudyOrigin origin{.text = options.study_text,
                           .file = typed.study,
                           .design = result.design,
                           .directory = std::filesystem::current_path(),
                           .config = result.config};
  const std::filesystem::path page = options.out / study_html_name;
  warn_unless_flushed(
      write_outputs(outputs, texts_of(result.tables, results, origin, options.out, provenance)), page);
  fmt::print("{}: {} designs, {} simulated now, {} refused\n", study.name, result.designs,
             result.simulated_now, result.refused);
  print_best(results);
  fmt::print("{}\n{}\n", (options.out / designs_csv_name).string(), page.string());
  return 0;
}

}  // namespace

void add_sweep_command(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand("sweep", "Many designs on several workloads, as tables");
  command->footer(sweep_examples);
  const auto typed = std::make_shared<TypedSweep>();
  command->add_option("STUDY", typed->study, "what is varied, on which workloads: a JSON file")->required();
  command->add_option("--out", typed->out, "folder of journal and tables (default: studies/NAME)")
      ->check(not_empty());
  command->add_flag("--resume", typed->resumes, "go on with the journal that is there");
  command->add_option("--shard", typed->shard, "PART/PARTS: only these designs, as in 3/16")
      ->check(not_empty());
  command
      ->add_option("--threads", typed->threads,
                   "default: one per processor; under mpirun each process has one")
      ->check(whole_number(1, 1024));
  command->callback([typed, &action] {
    action = [typed](const Provenance& provenance) { return sweep(*typed, provenance); };
  });
}

}  // namespace quatrain::sim
