/// quatrain repeat-steps: the process in which `quatrain bisect` runs steps of a run again. No command for
/// users.
#include "emu/simd/dispatch.hpp"
#include "sim/bisect/repeated_step_file.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "sim/machines.hpp"
#include "traces/run_names.hpp"

#include <algorithm>
#include <memory>
#include <string>

namespace quatrain::sim {
namespace {

struct TypedRepeatSteps {
  std::string run, data, checkpoint, machine, out;
  std::int64_t step = 0, keep = -1;
  unsigned threads = 0;
};

int repeat(const TypedRepeatSteps& typed) {
  emu::RepeatOptions options{
      .config = emu::read_training_config(
          base::JsonNode::read(std::filesystem::path(typed.run) / traces::run_names::config)),
      .data = typed.data,
      .checkpoint = typed.checkpoint,
      .step = typed.step,
      .keep = typed.keep < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(typed.keep)),
      .threads = typed.threads,
      .path = emu::chosen_path(),
      .stops = interrupted};
  base::ThreadPool pool(typed.threads, interrupted);
  std::vector<RegisteredMachine> machines;
  if (!typed.machine.empty()) {
    machines = make_machines(std::vector<std::string>{typed.machine}, pool);
    const auto named = std::ranges::find(machines, typed.machine, &RegisteredMachine::name);
    if (named == machines.end() || !named->machine)
      throw base::Error("{} cannot run here: {}", typed.machine,
                        named == machines.end() ? "it is no machine's name" : named->why_not);
    options.machine = named->machine.get();
  }
  const auto progress = make_progress();
  bisect::write_repeated(typed.out, emu::repeat_steps(options, *progress));
  return 0;
}

}  // namespace

void add_repeat_steps_command(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand("repeat-steps", "Runs steps again for `quatrain bisect`");
  command->group("");  // not in --help
  const auto typed = std::make_shared<TypedRepeatSteps>();
  command->add_option("RUN", typed->run)->required();
  command->add_option("--data", typed->data)->required();
  command->add_option("--checkpoint", typed->checkpoint);
  command->add_option("--machine", typed->machine);
  command->add_option("--step", typed->step)->required();
  command->add_option("--keep", typed->keep);
  command->add_option("--threads", typed->threads);
  command->add_option("--out", typed->out)->required();
  command->callback([typed, &action] { action = [typed](const Provenance&) { return repeat(*typed); }; });
}

}  // namespace quatrain::sim
