/// quatrain bisect: where two runs that should be one part.
#include "sim/bisect/bisect.hpp"

#include "emu/data/data_set.hpp"
#include "sim/bisect/repeated_step_file.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/typed_values.hpp"
#include "sim/jobs/child_process.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace quatrain::sim {
namespace {

constexpr const char* bisect_examples = R"(
Two runs of one config on the same data should be one, bit for bit. When they are not, this names the first step
and the tensor by the files of both runs (hashes.csv, steps.csv, metrics.csv). Then it runs that step again, from
the newest checkpoint of each run before it, and names layer, phase, tensor and element. Runs of different configs
or data are not searched: it says what differs.

Each run is computed again by this program, as it runs here. A run that another program made, or another machine,
is computed by that one:

  --program-a, --program-b    another build or version of quatrain, from the one that has this command on
  --machine-a, --machine-b    a machine (`quatrain machines`), as `quatrain train --machine` takes it

Examples:
  quatrain bisect runs/mine runs/again                        where do they part?
  quatrain bisect runs/mine runs/again --files                by the files alone; nothing is run
  quatrain bisect runs/mine runs/again --machine-b simt.tiled
  quatrain bisect runs/mine runs/again --program-b old/quatrain

Exit codes:
  0    equal, as far as both go
  1    different
  2    bad input)";

struct TypedBisect {
  std::array<std::string, 2> run, program, machine;  ///< of A and B
  std::string data;
  unsigned threads = 0;
  bool only_files = false;
};

/// A folder that goes with this object.
class WorkFolder {
 public:
  WorkFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "quatrain-bisect-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw base::Error("{}: cannot be created", name);
    path_ = name;
  }
  ~WorkFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Steps in a process of their own: another program may be asked, and each run has its own machine.
class StepsAgain {
 public:
  StepsAgain(const TypedBisect& typed, const std::array<bisect::RecordedRun, 2>& runs)
      : typed_(typed), runs_(runs) {}

  emu::RepeatedStep run(const bisect::RepeatRequest& request) const {
    const auto side = static_cast<std::size_t>(request.side);
    const std::filesystem::path file = folder_.path() / "step.json", log = folder_.path() / "log.txt";
    std::vector<std::string> arguments = {"repeat-steps", typed_.run[side],
                                          "--data",       data_of(runs_[side]),
                                          "--step",       std::to_string(request.step),
                                          "--out",        file.string()};
    const auto add = [&](const char* option, const std::string& value) {
      if (!value.empty()) arguments.insert(arguments.end(), {option, value});
    };
    add("--checkpoint", request.checkpoint.string());
    add("--machine", typed_.machine[side]);
    if (typed_.threads > 0) add("--threads", std::to_string(typed_.threads));
    if (request.keep) add("--keep", std::to_string(*request.keep));
    const std::string program = typed_.program[side].empty() ? "/proc/self/exe" : typed_.program[side];
    ChildProcess child(arguments, log, program);
    std::optional<int> code;
    while (!(code = child.poll())) {
      if (interrupted()) child.ask_to_stop();
      wait_a_moment();
    }
    if (interrupted() || *code == 130) throw base::Interrupted();
    if (*code != 0)
      throw base::Error("{}: its step {} cannot be run again: {}", typed_.run[side], request.step,
                        first_line(log, *code));
    return bisect::read_repeated(file);
  }

 private:
  std::string data_of(const bisect::RecordedRun& run) const {
    if (!typed_.data.empty()) return typed_.data;
    if (run.file) return run.file->data_folder;
    return emu::data_directory(std::nullopt).string();
  }
  static std::string first_line(const std::filesystem::path& log, int code) {
    const std::string text = base::read_whole_file(log);
    constexpr std::string_view mark = "error: ";
    const std::string line = text.substr(0, text.find('\n'));
    if (line.empty()) return fmt::format("exit code {}", code);
    return line.starts_with(mark) ? line.substr(mark.size()) : line;
  }

  const TypedBisect& typed_;
  const std::array<bisect::RecordedRun, 2>& runs_;
  WorkFolder folder_;
};

int run_bisect(const TypedBisect& typed) {
  const std::array<bisect::RecordedRun, 2> runs = {bisect::read_run(typed.run[0]),
                                                   bisect::read_run(typed.run[1])};
  const StepsAgain steps(typed, runs);
  bisect::Repeat repeat;
  if (!typed.only_files) repeat = [&](const bisect::RepeatRequest& request) { return steps.run(request); };
  fmt::print("A: {}\nB: {}\n", typed.run[0], typed.run[1]);
  flush_stdout();
  const bisect::Bisection found = bisect::bisect(runs[0], runs[1], repeat);
  for (const std::string& line : found.lines) fmt::print("{}\n", line);
  return found.is_equal ? 0 : 1;
}

}  // namespace

void add_bisect_command(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand("bisect", "Where two runs that should be one part");
  command->footer(bisect_examples);
  const auto typed = std::make_shared<TypedBisect>();
  command->add_option("RUN_A", typed->run[0], "run directory")->required()->check(not_empty());
  command->add_option("RUN_B", typed->run[1], "run directory of the other run")
      ->required()
      ->check(not_empty());
  command->add_flag("--files", typed->only_files, "compare the files alone");
  command
      ->add_option("--data", typed->data,
                   "folder of the data set (default: the one that the run was trained on)")
      ->check(not_empty());
  command->add_option("--program-a", typed->program[0], "computes A again (default: this program)")
      ->check(not_empty());
  command->add_option("--program-b", typed->program[1], "computes B again (default: this program)")
      ->check(not_empty());
  command->add_option("--machine-a", typed->machine[0], "computes A's quantizers and 4-bit products again")
      ->check(not_empty());
  command->add_option("--machine-b", typed->machine[1], "computes B's quantizers and 4-bit products again")
      ->check(not_empty());
  command->add_option("--threads", typed->threads, "how many threads (default: one per processor)")
      ->check(whole_number(1, 1024));
  command->callback([typed, &action] { action = [typed](const Provenance&) { return run_bisect(*typed); }; });
}

}  // namespace quatrain::sim
