/// quatrain report: what a run directory holds, as text, report.json and report.html.
#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/typed_values.hpp"
#include "sim/embedded/resources.hpp"
#include "sim/records/outputs.hpp"
#include "sim/report/html.hpp"
#include "sim/report/json.hpp"
#include "sim/report/model.hpp"
#include "sim/report/terminal.hpp"
#include "traces/run_names.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <memory>
#include <string>

namespace quatrain::sim {
namespace {

constexpr const char* examples = R"(
RUN_DIR is a run directory of `quatrain train`, a folder of `quatrain demo`, or a folder of `quatrain sim --out`.
The report names the parts that are not there, and the command that makes each: trace, gradient study, simulation,
cross-check.
A damaged file costs its part. The report is made without it, a line on stderr names the file, and the exit code
is 2.

Examples:
  quatrain report runs/mine                     report.html and report.json in that folder, text here
  quatrain report runs/mine --html mine.html    the page goes to another place)";

struct Typed {
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

int make_report(const Typed& typed, const Provenance& provenance) {
  const std::filesystem::path html =
      typed.html.empty() ? typed.directory / traces::run_names::report_html : typed.html;
  const std::filesystem::path json =
      typed.json.empty() ? typed.directory / traces::run_names::report_json : typed.json;
  for (const std::filesystem::path& file : {html, json}) require_no_input_of_report(file, typed.directory);
  const std::array<Output, 2> outputs = {Output{json, json_mark("quatrain-report")},
                                         Output{html, std::string(report::page_mark)}};
  require_free(outputs);
  const report::Report result = report::read_report(typed.directory);
  const report::Page page = report::make_page(result);
  const std::array<std::string, 2> texts = {
      with_provenance(report::render_json(result), provenance, 2),
      report::render_html(page, embedded_resource("chart.js").value_or(""))};
  warn_unless_flushed(write_outputs(outputs, texts), html);
  fmt::print("{}\n{}\n{}\n", report::render_terminal(page), json.string(), html.string());
  return told_damage(result) ? 2 : 0;
}

}  // namespace

void add_report_command(CLI::App& program, Action& action) {
  CLI::App* command =
      program.add_subcommand("report", "Accuracy, cycles, energy and cross-check of a run, on one page");
  command->footer(examples);
  const auto typed = std::make_shared<Typed>();
  command->add_option("RUN_DIR", typed->directory, "folder of train, demo or sim --out")->required();
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
