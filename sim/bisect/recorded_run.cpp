#include "sim/bisect/recorded_run.hpp"

#include "emu/nn/checkpoint.hpp"
#include "emu/nn/network.hpp"
#include "sim/bisect/elements.hpp"
#include "traces/base/joined.hpp"
#include "traces/format/safetensors.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace quatrain::sim::bisect {
namespace {

namespace names = traces::run_names;

/// Updates done, from the header; nothing for a file that is no checkpoint.
std::optional<std::int64_t> updates_of(const std::filesystem::path& file) try {
  const traces::SafetensorsHeader header = traces::read_safetensors_header(base::InputFile(file));
  for (const auto& [key, value] : header.metadata)
    if (std::int64_t step = 0;
        key == "step" && std::from_chars(value.data(), value.data() + value.size(), step).ec == std::errc())
      return step;
  return std::nullopt;
} catch (const base::Error&) {
  return std::nullopt;
}

std::string value_at(const nlohmann::json& config, const nlohmann::json::json_pointer& place) {
  return config.contains(place) ? config.at(place).dump() : "nothing";
}

std::vector<std::uint8_t> bytes_of(const base::InputFile& file, std::uint64_t data,
                                   const traces::StoredTensor& tensor) {
  std::vector<std::uint8_t> bytes(tensor.end - tensor.begin);
  file.read(data + tensor.begin, bytes);
  return bytes;
}

}  // namespace

const emu::HashRow* RecordedRun::row(std::int64_t step) const {
  const auto found = std::ranges::lower_bound(hashes.rows, step, {}, &emu::HashRow::step);
  return found == hashes.rows.end() || found->step != step ? nullptr : &*found;
}

RecordedRun read_run(const std::filesystem::path& directory) {
  const std::filesystem::path config = directory / names::config;
  if (!std::filesystem::exists(config))
    throw base::Error("{}: no config.json here; expected the run directory of a training",
                      directory.string());
  RecordedRun run{.directory = directory,
                  .config = emu::read_training_config(base::JsonNode::read(config)),
                  .config_text = base::read_whole_file(config),
                  .file = emu::read_run_file(directory),
                  .losses = emu::read_step_losses(directory),
                  .hashes = emu::read_hashes(directory),
                  .states = {},
                  .checkpoints = {}};
  for (const emu::EpochMetrics& epoch : emu::read_epochs(directory))
    run.states[epoch.step] = epoch.state_hash;
  if (const std::filesystem::path folder = directory / names::checkpoints;
      std::filesystem::is_directory(folder))
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.path().extension() == ".safetensors")
        if (const auto updates = updates_of(entry.path())) run.checkpoints[*updates] = entry.path();
  return run;
}

std::vector<std::string> differing_keys(const RecordedRun& a, const RecordedRun& b) {
  const auto in_a = nlohmann::json::parse(a.config_text), in_b = nlohmann::json::parse(b.config_text);
  std::vector<std::string> keys;
  for (const auto& change : nlohmann::json::diff(in_a, in_b)) {
    const auto path = change.at("path").get<std::string>();
    const nlohmann::json::json_pointer place(path);
    keys.push_back(fmt::format("{}: {} in A, {} in B", path, value_at(in_a, place), value_at(in_b, place)));
  }
  return keys;
}

std::optional<std::string> differing_data(const RecordedRun& a, const RecordedRun& b) {
  if (!a.file || !b.file || a.file->data == b.file->data) return std::nullopt;
  for (std::size_t i = 0; i < std::min(a.file->data.size(), b.file->data.size()); ++i) {
    const emu::DataSum &in_a = a.file->data[i], &in_b = b.file->data[i];
    if (in_a.name == in_b.name && in_a.sha256 != in_b.sha256)
      return fmt::format("data: {} has SHA-256 {} in A, {} in B", in_a.name, in_a.sha256, in_b.sha256);
  }
  return fmt::format("data: other files, in {} (A) and {} (B)", a.file->data_folder, b.file->data_folder);
}

std::optional<std::string> why_not_its_own(const RecordedRun& run, std::int64_t updates) try {
  emu::Network network(run.config, emu::SimdPath::portable);
  const emu::Checkpoint checkpoint = emu::read_checkpoint(run.checkpoints.at(updates), network.state());
  if (const auto state = run.states.find(updates);
      state != run.states.end() && state->second != checkpoint.state_hash)
    return fmt::format("has state_hash {}; metrics.csv has {}", checkpoint.state_hash, state->second);
  const emu::HashRow* row = run.row(updates - 1);
  if (row == nullptr || row->hashes.size() != run.hashes.tensors.size()) return std::nullopt;
  base::ThreadPool pool(1);
  const std::vector<std::uint32_t> held = emu::hash_tensors(network.state(), pool);
  std::vector<std::string> others;
  for (std::size_t i = 0; i < held.size() && i < row->hashes.size(); ++i)
    if (held[i] != row->hashes[i]) others.push_back(run.hashes.tensors[i]);
  if (others.empty()) return std::nullopt;
  return fmt::format("holds another {} than hashes.csv has after step {}", base::joined(others), updates - 1);
} catch (const base::Error& error) {
  return std::string(error.what());
}

std::optional<std::string> first_tensor(const std::filesystem::path& a, const std::filesystem::path& b) {
  const base::InputFile file_a(a), file_b(b);
  const traces::SafetensorsHeader in_a = traces::read_safetensors_header(file_a),
                                  in_b = traces::read_safetensors_header(file_b);
  for (std::size_t i = 0; i < std::min(in_a.tensors.size(), in_b.tensors.size()); ++i) {
    const traces::StoredTensor &one = in_a.tensors[i], &other = in_b.tensors[i];
    if (one.id != other.id || one.shape != other.shape)
      return fmt::format("tensor {} in A, {} in B", one.id, other.id);
    if (const auto element = first_element(one.type, one.shape, bytes_of(file_a, in_a.data_begin, one),
                                           bytes_of(file_b, in_b.data_begin, other)))
      return fmt::format("{}, {}", one.id, *element);
  }
  return std::nullopt;
}

}  // namespace quatrain::sim::bisect
