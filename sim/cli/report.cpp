/// quatrain report: what a run directory, a folder of simulations or a sweep holds, as text, JSON and pages.
#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/typed_values.hpp"
#include "sim/embedded/resources.hpp"
#include "sim/records/outputs.hpp"
#include "sim/report/html.hpp"
#include "sim/report/json.hpp"
#include "sim/report/model.hpp"
#include "sim/report/terminal.hpp"
#include "sim/sweep/results/simulated_designs.hpp"
#include "sim/sweep/results/study_commands.hpp"
#include "sim/sweep/results/study_json.hpp"
#include "sim/sweep/results/study_page.hpp"
#include "traces/base/error.hpp"
#include "traces/run_names.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::sim {
namespace {

constexpr const char* report_examples = R"(
RUN_DIR is a run directory of `quatrain train`, a folder of `quatrain demo`, or a folder of `quatrain sim --out`, and
of several designs in such a folder a second page, study.html, compares them. Of a folder of `quatrain sweep` the
report is study.html, from the tables that are there.
Of a trace alone it stands beside the trace, and so do the results that it shows.
The report names the parts that are not there, and the command that makes each: trace, gradient study, simulation,
cross-check.
A damaged file costs its part. The report is made without it, a line on stderr names the file, and the exit code
is 2.

Examples:
  quatrain report runs/mine                     report.html and report.json in that folder, text here
  quatrain report studies/array_sizes           study.html in that folder, text here
  quatrain report runs/mine --html mine.html    the page goes to another place)";

struct TypedReport {
  std::filesystem::path directory, html, json;
};

/// One line for each file that the report had to do without; false when there is none.
bool told_damage(const report::Report& result) {
  bool is_damaged = false;
  for (const report::Missing& missing : result.missing) {
    if (!missing.is_damaged) continue;
    is_damaged = true;
    print_to_stderr(fmt::format("error: {}; the report lacks {}", missing.why, missing.part));
  }
  return is_damaged;
}

bool is_sweep(const std::filesystem::path& directory) {
  return std::filesystem::exists(directory / results_json_name);
}

std::string html_of(const report::Page& page) {
  return report::render_html(page, embedded_resource("chart.js").value_or(""));
}

int report_sweep(const TypedReport& typed) {
  if (!typed.json.empty())
    throw base::Error("--json: {} says a sweep's figures to programs; expected no --json",
                      (typed.directory / results_json_name).string());
  const StudyOrigin origin = read_origin(typed.directory);
  const std::array<Output, 1> output = {Output{
      typed.html.empty() ? typed.directory / study_html_name : typed.html, std::string(report::page_mark)}};
  require_free(output);
  const StudyResults results = read_results_in(typed.directory, origin);
  const report::Page page = make_page(results, study_commands(results, origin, typed.directory));
  warn_unless_flushed(write_outputs(output, std::array<std::string, 1>{html_of(page)}), output[0].file);
  fmt::print("{}\n{}\n", report::render_terminal(page), output[0].file.string());
  return 0;
}

/// Of several designs in a folder of simulations: study.html beside the report, which is what this returns;
/// nothing for one.
std::optional<report::Page> comparison_of(const report::Report& result) {
  if (result.kind != "simulations" || result.designs.size() + result.others.size() < 2) return std::nullopt;
  SimulatedDesigns found = simulated_designs(result);
  if (found.results.designs.size() < 2) return std::nullopt;
  report::Page page = make_page(found.results, {.all = result.commands});
  std::vector<std::string>& limits = page.sections.back().limits;
  limits.insert(limits.end(), found.left_out.begin(), found.left_out.end());
  return page;
}

/// Without a slash at its end. Of a trace inside a run: the run.
std::filesystem::path subject_of(const std::filesystem::path& typed) {
  std::filesystem::path directory = typed.lexically_normal();
  if (!directory.has_filename()) directory = directory.parent_path();
  if (!report::is_trace_folder(directory)) return directory;
  if (directory == "." || directory.filename() == "..") directory = std::filesystem::canonical(directory);
  const std::filesystem::path run = directory.parent_path();
  return std::filesystem::exists(run / traces::run_names::config) ? run : directory;
}

int make_report(TypedReport typed, const Provenance& provenance) {
  if (is_sweep(typed.directory)) return report_sweep(typed);
  typed.directory = subject_of(typed.directory);
  const bool is_trace = report::is_trace_folder(typed.directory);
  const std::filesystem::path beside = is_trace ? typed.directory.parent_path() : typed.directory;
  const std::filesystem::path html =
      typed.html.empty() ? beside / traces::run_names::report_html : typed.html;
  const std::filesystem::path json =
      typed.json.empty() ? beside / traces::run_names::report_json : typed.json;
  for (const std::filesystem::path& file : {html, json}) require_no_input_of_report(file, typed.directory);
  std::vector<Output> outputs = {Output{json, json_mark("quatrain-report")},
                                 Output{html, std::string(report::page_mark)}};
  require_free(outputs);
  const report::Report result = report::read_report(typed.directory);
  const report::Page page = report::make_page(result);
  std::vector<std::string> texts = {with_provenance(report::render_json(result), provenance, 2),
                                    html_of(page)};
  if (const auto comparison = comparison_of(result)) {
    outputs.push_back({html.parent_path() / study_html_name, std::string(report::page_mark)});
    texts.push_back(html_of(*comparison));
  }
  warn_unless_flushed(write_outputs(outputs, texts), html);
  fmt::print("{}\n", report::render_terminal(page));
  for (const Output& output : outputs) fmt::print("{}\n", output.file.string());
  return told_damage(result) ? 2 : 0;
}

}  // namespace

void add_report_command(CLI::App& program, Action& action) {
  CLI::App* command =
      program.add_subcommand("report", "Accuracy, cycles, energy and cross-check of a run, on one page");
  command->footer(report_examples);
  const auto typed = std::make_shared<TypedReport>();
  command->add_option("RUN_DIR", typed->directory, "folder of train, demo, sim --out or sweep, or a trace")
      ->required();
  command->add_option("--html", typed->html, "where the page goes (default: RUN_DIR/report.html)")
      ->check(not_empty());
  command
      ->add_option("--json", typed->json, "where the figures for programs go (default: RUN_DIR/report.json)")
      ->check(not_empty());
  command->callback([typed, &action] {
    action = [typed](const Provenance& provenance) { return make_report(*typed, provenance); };
  });
}

}  // namespace quatrain::sim
