/// quatrain price: the energies of an earlier simulation with other technology tables.
#include "sim/accelerator/pricing.hpp"
#include "sim/accelerator/simulation_file.hpp"
#include "sim/accelerator/table.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/typed_values.hpp"
#include "sim/embedded/config_file.hpp"
#include "sim/records/outputs.hpp"
#include "traces/format/checksum.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace quatrain::sim {
namespace {

namespace fs = std::filesystem;

constexpr const char* price_examples = R"(
RESULT is a NAME.json of quatrain sim. It holds the event counts of every record, so that nothing is simulated and no
trace is read: the energies are those that quatrain sim gives with these tables, to the last digit.

docs/energy.md says where the constants come from, and how to write a table of your own.

Examples:
  quatrain price runs/mine/simulation/luq_32x32.json --technology 28nm 16nm
      the same design at two other nodes
  quatrain price study/luq_32x32.json --technology foundry.json --out priced
      with a table of your own; the result is priced/NAME.json and priced/NAME.csv, which quatrain report reads)";

struct TypedPrice {
  std::string result, out;
  std::vector<std::string> tables;
};

/// An embedded table keeps its name; a file is named in full, because the result may stand elsewhere.
std::string stored_name(const std::string& table) {
  const std::vector<std::string_view> embedded = embedded_configs(ConfigKind::technology);
  if (std::ranges::find(embedded, table) != embedded.end()) return table;
  return fs::absolute(table).lexically_normal().string();
}

/// None of them goes over the result that is priced.
std::vector<Output> outputs_of(const TypedPrice& typed, const Simulation& simulation) {
  std::vector<Output> outputs =
      simulation_outputs(simulation.config, simulation.workload, fs::path(typed.out).lexically_normal());
  for (const Output& output : outputs)
    if (std::error_code failed; fs::equivalent(output.file, typed.result, failed))
      throw base::Error("{}: is the result that is priced; expected another folder", output.file.string());
  require_free(outputs);
  return outputs;
}

int price_typed(const TypedPrice& typed, const Provenance& provenance) {
  Simulation simulation = read_simulation(typed.result, "");
  simulation.config.technology.clear();
  for (const std::string& table : typed.tables) simulation.config.technology.push_back(stored_name(table));
  std::vector<Output> outputs;
  if (!typed.out.empty()) outputs = outputs_of(typed, simulation);
  const std::vector<Technology> technologies = read_technologies(simulation.config, {});
  price(simulation, technologies);
  simulation.provenance = provenance;
  simulation.provenance.inputs = {{typed.result, traces::sha256_of_file(typed.result)}};
  for (std::size_t i = 0; i < technologies.size(); ++i)
    simulation.provenance.inputs.push_back({simulation.config.technology[i], technologies[i].table_sha256});
  fmt::print("{}", simulation_table(simulation));
  if (outputs.empty()) return 0;
  warn_unless_flushed(write_simulation(simulation, outputs), outputs.front().file);
  fmt::print("{}\n", outputs.front().file.string());
  return 0;
}

}  // namespace

void add_price_command(CLI::App& program, Action& action) {
  constexpr int most_tables = 8;
  CLI::App* command = program.add_subcommand("price", "Energy of an earlier simulation with other tables");
  command->footer(price_examples);
  const auto typed = std::make_shared<TypedPrice>();
  command->add_option("RESULT", typed->result, "NAME.json of quatrain sim")->required();
  command
      ->add_option("--technology", typed->tables, "tables: names (7nm, 16nm, 28nm, 45nm) or files; up to 8")
      ->required()
      ->expected(1, most_tables)
      ->check(not_empty());
  command->add_option("--out", typed->out, "folder for NAME.json and NAME.csv (default: only the table here)")
      ->check(not_empty());
  command->callback([typed, &action] {
    action = [typed](const Provenance& provenance) { return price_typed(*typed, provenance); };
  });
}

}  // namespace quatrain::sim
