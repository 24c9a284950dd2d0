#include "sim/experiment/experiment.hpp"

#include "traces/base/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace quatrain::sim::experiment {
namespace {

using base::JsonNode;

std::vector<Override> read_set(const JsonNode& object, const char* key) {
  return object.has(key) ? read_overrides(object.at(key)) : std::vector<Override>{};
}

Variant read_variant(const JsonNode& node, const std::vector<Override>& for_all) {
  Variant variant;
  variant.name = base::read_file_name(node.at("name"));
  variant.title = node.has("title") ? node.at("title").string(1, 60) : variant.name;
  variant.set = for_all;
  for (Override& one : read_set(node, "set")) variant.set.push_back(std::move(one));
  if (node.has("quantize")) variant.quantize = node.at("quantize").one_of<emu::Recipe>();
  node.reject_unread_keys();
  return variant;
}

std::vector<Variant> read_variants(const JsonNode& node, const std::vector<Override>& for_all) {
  std::vector<Variant> variants;
  for (const JsonNode& item : node.items(1, most_variants)) {
    Variant variant = read_variant(item, for_all);
    for (const Variant& other : variants)
      if (other.name == variant.name || other.title == variant.title)
        throw item.error("'{}' stands twice; expected a name and a title of its own", variant.title);
    variants.push_back(std::move(variant));
  }
  return variants;
}

std::vector<std::uint32_t> read_seeds(const JsonNode& node) {
  std::vector<std::uint32_t> seeds;
  for (const JsonNode& item : node.items(1, most_seeds)) {
    const auto seed = static_cast<std::uint32_t>(item.integer(0, std::numeric_limits<std::uint32_t>::max()));
    if (std::ranges::find(seeds, seed) != seeds.end())
      throw item.error("found {} again; expected another seed", seed);
    seeds.push_back(seed);
  }
  return seeds;
}

std::size_t read_baseline(const JsonNode& root, const std::vector<Variant>& variants) {
  if (!root.has("baseline")) return 0;
  const JsonNode node = root.at("baseline");
  const std::string name = node.string();
  const auto found = std::ranges::find(variants, name, &Variant::name);
  if (found == variants.end())
    throw node.error("found '{}'; expected the name of a variant", base::printable(name));
  return static_cast<std::size_t>(found - variants.begin());
}

/// A config inside the program keeps its name; a file counts from the folder of the experiment.
std::string config_from(const JsonNode& node) {
  const std::string name = node.string(1);
  const std::vector<std::string_view> embedded = embedded_configs(ConfigKind::training);
  if (std::ranges::find(embedded, name) != embedded.end()) return name;
  return (std::filesystem::path(node.file()).parent_path() / name).string();
}

}  // namespace

Experiment read_experiment(const JsonNode& root) {
  Experiment experiment;
  experiment.name = base::read_file_name(root.at("name"));
  experiment.config = config_from(root.at("config"));
  experiment.seeds = read_seeds(root.at("seeds"));
  const JsonNode variants = root.at("variants");
  experiment.variants = read_variants(variants, read_set(root, "set"));
  experiment.baseline = read_baseline(root, experiment.variants);
  root.read_schema_key();
  root.reject_unread_keys();
  const std::vector<JsonNode> places = variants.items();
  for (std::size_t i = 0; i < places.size(); ++i) {
    try {
      config_of(experiment, experiment.variants[i], experiment.seeds.front());
    } catch (const base::Error& error) {
      throw places[i].error("{}", error.what());
    }
  }
  return experiment;
}

emu::TrainingConfig config_of(const Experiment& experiment, const Variant& variant, std::uint32_t seed) {
  try {
    const JsonNode file = open_config(experiment.config, ConfigKind::training, variant.set);
    return emu::with_overrides(emu::read_training_config(file), {.seed = seed, .quantize = variant.quantize},
                               file.file());
  } catch (base::Error& error) {
    if (!variant.set.empty()) error.add_context("{}", context_of(variant.set));
    throw;
  }
}

std::vector<Cell> cells_of(const Experiment& experiment) {
  std::vector<Cell> cells;
  for (const std::uint32_t seed : experiment.seeds)
    for (std::size_t variant = 0; variant < experiment.variants.size(); ++variant)
      cells.push_back({variant, seed});
  return cells;
}

std::filesystem::path run_directory_of(const std::filesystem::path& directory, const Experiment& experiment,
                                       const Cell& cell) {
  return directory / experiment.variants[cell.variant].name / fmt::format("seed_{}", cell.seed);
}

std::vector<std::string> train_words(const Experiment& experiment, const Cell& cell,
                                     const std::filesystem::path& run_directory) {
  const Variant& variant = experiment.variants[cell.variant];
  std::vector<std::string> words = {"train", experiment.config};
  for (const Override& one : variant.set) {
    words.emplace_back("--set");
    words.push_back(text_of(one));
  }
  if (variant.quantize) {
    words.emplace_back("--quantize");
    words.emplace_back(name_of(*variant.quantize));
  }
  for (const std::string& word :
       {std::string("--seed"), std::to_string(cell.seed), std::string("--out"), run_directory.string()})
    words.push_back(word);
  return words;
}

}  // namespace quatrain::sim::experiment
