#include "emu/nn/checkpoint.hpp"

#include "emu/nn/state_hash.hpp"
#include "traces/base/error.hpp"
#include "traces/base/files.hpp"
#include "traces/format/checksum.hpp"
#include "traces/format/safetensors.hpp"
#include "traces/run_names.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <deque>
#include <functional>
#include <map>
#include <set>

namespace quatrain::emu {
namespace {

using base::Error;
using traces::SafetensorsHeader;
using traces::StoredTensor;

constexpr std::string_view format_name = "quatrain-checkpoint/1";
constexpr std::string_view losses_id = "epoch.losses";  ///< the last tensor, inside an epoch

bool has_losses(const std::vector<StoredTensor>& tensors) {
  return !tensors.empty() && tensors.back().id == losses_id;
}

std::string sha256_of(const std::vector<float>& losses) {
  traces::Sha256 hash;
  hash.add(traces::bytes_of(std::span<const float>(losses)));
  return hash.hex();
}

/// The values that a file holds, in its order.
std::vector<std::span<float>> values_of(std::span<const LayerState> layers) {
  std::vector<std::span<float>> values;
  for (const LayerState& layer : layers) {
    for (Parameter* parameter : layer.parameters) {
      values.emplace_back(parameter->value);
      values.emplace_back(parameter->momentum);
    }
    for (State* state : layer.states) values.emplace_back(state->value);
  }
  return values;
}

/// What the header says of them.
std::vector<StoredTensor> tensors_of(std::span<const LayerState> layers) {
  std::vector<StoredTensor> tensors;
  std::uint64_t begin = 0;
  const auto add = [&](const std::string& name, const traces::Shape& shape, std::size_t count) {
    const std::uint64_t end = begin + count * sizeof(float);
    tensors.push_back({name, traces::StoredType::f32, shape, begin, end});
    begin = end;
  };
  for (const LayerState& layer : layers) {
    for (const Parameter* parameter : layer.parameters)
      for (const char* suffix : {"", ".momentum"})
        add(parameter->name + suffix, parameter->shape, parameter->value.size());
    for (const State* state : layer.states) add(state->name, state->shape, state->value.size());
  }
  return tensors;
}

void require_same(const StoredTensor& found, const StoredTensor& expected, const std::string& file) {
  if (found.id != expected.id)
    throw Error("{}: tensor '{}': expected '{}' here, as the config's layers follow each other", file,
                base::printable(found.id), expected.id);
  const auto text = [](const StoredTensor& tensor) {
    return fmt::format("{} {}", name_of(tensor.type), traces::text_of(tensor.shape));
  };
  if (text(found) != text(expected))
    throw Error("{}: tensor '{}': found {}; expected {} as the config gives", file, found.id, text(found),
                text(expected));
}

void require_tensors(const std::vector<StoredTensor>& found, const std::vector<StoredTensor>& expected,
                     const std::string& file) {
  for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i)
    require_same(found[i], expected[i], file);
  if (found.size() != expected.size())
    throw Error("{}: holds {} tensors; expected {}, those of the config's layers", file, found.size(),
                expected.size());
}

std::uint64_t read_count(const std::string& text, std::string_view key, const std::string& file) {
  std::uint64_t count = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (failure != std::errc() || end != text.data() + text.size())
    throw Error("{}: header: /__metadata__/{}: found '{}'; expected a count", file, key,
                base::printable(text));
  return count;
}

double read_seconds(const std::string& text, const std::string& file) {
  double seconds = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failure != std::errc() || end != text.data() + text.size())
    throw Error("{}: header: /__metadata__/epoch_seconds: found '{}'; expected a number", file,
                base::printable(text));
  return seconds;
}

/// `losses`: of a file inside an epoch, else null.
Checkpoint read_metadata(const traces::SafetensorsMetadata& metadata, const std::vector<float>* losses,
                         const std::string& file) {
  std::map<std::string, std::string> words(metadata.begin(), metadata.end());
  for (const std::string_view key : {"format", "epoch", "step", "state_hash"})
    if (!words.contains(std::string(key)))
      throw Error("{}: header: /__metadata__: the key '{}' is missing", file, key);
  if (words.size() != (losses != nullptr ? 6 : 4) + words.count("data_sha256"))
    throw Error(
        "{}: header: /__metadata__: found {} keys; expected format, epoch, step, state_hash{} and "
        "data_sha256",
        file, words.size(), losses != nullptr ? ", losses_sha256, epoch_seconds" : "");
  if (words["format"] != format_name)
    throw Error("{}: header: /__metadata__/format: found '{}'; expected '{}'", file,
                base::printable(words["format"]), format_name);
  Checkpoint checkpoint{.epoch = read_count(words["epoch"], "epoch", file),
                        .step = read_count(words["step"], "step", file),
                        .state_hash = words["state_hash"],
                        .data_sha256 = words["data_sha256"]};
  if (losses == nullptr) return checkpoint;
  if (sha256_of(*losses) != words["losses_sha256"])
    throw Error("{}: the losses do not have the losses_sha256 that the header states", file);
  checkpoint.so_far = EpochSoFar{*losses, read_seconds(words["epoch_seconds"], file)};
  return checkpoint;
}

}  // namespace

void write_checkpoint(const std::filesystem::path& directory, const Checkpoint& checkpoint,
                      std::span<const LayerState> layers) {
  std::vector<StoredTensor> tensors = tensors_of(layers);
  traces::SafetensorsMetadata metadata = {{"format", std::string(format_name)},
                                          {"epoch", std::to_string(checkpoint.epoch)},
                                          {"step", std::to_string(checkpoint.step)},
                                          {"state_hash", checkpoint.state_hash},
                                          {"data_sha256", checkpoint.data_sha256}};
  std::vector<std::span<const float>> values;
  for (const std::span<float> one : values_of(layers)) values.emplace_back(one);
  std::string name = fmt::format("epoch_{:04}", checkpoint.epoch);
  if (checkpoint.so_far) {
    const std::vector<float>& losses = checkpoint.so_far->losses;
    const std::uint64_t begin = tensors.empty() ? 0 : tensors.back().end;
    tensors.push_back({std::string(losses_id),
                       traces::StoredType::f32,
                       {static_cast<std::int64_t>(losses.size())},
                       begin,
                       begin + losses.size() * sizeof(float)});
    metadata.emplace_back("losses_sha256", sha256_of(losses));
    metadata.emplace_back("epoch_seconds", fmt::format("{}", checkpoint.so_far->seconds));
    values.emplace_back(losses);
    name += fmt::format("_step_{:08}", checkpoint.step);
  }
  std::string bytes = traces::make_safetensors_header(tensors, metadata);
  for (const std::span<const float> one : values)
    bytes.append(reinterpret_cast<const char*>(one.data()), one.size_bytes());
  base::write_whole_file(directory / (name + ".safetensors"), bytes);
}

Checkpoint read_checkpoint(const std::filesystem::path& file, std::span<const LayerState> layers) {
  const base::InputFile input(file);
  SafetensorsHeader header = traces::read_safetensors_header(input);
  std::vector<float> losses;
  const bool is_inside_epoch = has_losses(header.tensors);
  if (is_inside_epoch) {
    losses.resize((header.tensors.back().end - header.tensors.back().begin) / sizeof(float));
    header.tensors.pop_back();
  }
  require_tensors(header.tensors, tensors_of(layers), file.string());
  std::vector<std::span<float>> all = values_of(layers);
  all.emplace_back(losses);
  std::uint64_t place = header.data_begin;
  for (const std::span<float> values : all) {
    input.read(place, {reinterpret_cast<std::uint8_t*>(values.data()), values.size_bytes()});
    place += values.size_bytes();
  }
  Checkpoint checkpoint = read_metadata(header.metadata, is_inside_epoch ? &losses : nullptr, file.string());
  if (state_hash(layers, checkpoint.step, checkpoint.epoch) != checkpoint.state_hash)
    throw Error("{}: the contents do not have the state_hash that the header states", file.string());
  return checkpoint;
}

namespace {

std::set<std::filesystem::path, std::greater<>> newest_first(const std::filesystem::path& directory) {
  std::set<std::filesystem::path, std::greater<>> files;
  if (std::filesystem::is_directory(directory))
    for (const auto& entry : std::filesystem::directory_iterator(directory))
      if (entry.path().extension() == ".safetensors") files.insert(entry.path());
  return files;
}

/// Memory for what a file says that it holds.
struct HeldState {
  std::deque<Parameter> parameters;
  std::deque<State> states;
  std::vector<LayerState> layers;

  explicit HeldState(const std::vector<StoredTensor>& tensors) {
    std::string layer;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const std::string& id = tensors[i].id;
      if (std::string its = id.substr(0, id.rfind('.')); layers.empty() || its != layer) {
        layer = std::move(its);
        layers.emplace_back();
      }
      const bool is_trained = i + 1 < tensors.size() && tensors[i + 1].id == id + ".momentum";
      if (is_trained) {
        layers.back().parameters.push_back(&parameters.emplace_back(make_parameter(id, tensors[i].shape)));
        ++i;
      } else {
        const auto count = static_cast<std::size_t>(traces::element_count(tensors[i].shape));
        layers.back().states.push_back(
            &states.emplace_back(State{id, tensors[i].shape, std::vector<float>(count)}));
      }
    }
  }
};

/// A run never writes others: it ends at the first loss that is no number.
void require_finite(const std::string& name, const std::vector<float>& values, const std::string& file) {
  const auto bad = std::ranges::find_if(values, [](float value) { return !std::isfinite(value); });
  if (bad != values.end())
    throw Error("{}: tensor '{}': element {} is {}; expected weights that are finite", file, name,
                bad - values.begin(), *bad);
}

template <typename Held>
const Held* find_named(const std::deque<Held>& all, const std::string& name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Held& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

void keep_newest(const std::filesystem::path& directory, std::size_t count) {
  for (const std::filesystem::path& file : newest_first(directory)) {
    if (count > 0)
      --count;
    else
      std::filesystem::remove(file);
  }
}

std::filesystem::path find_checkpoint(const std::filesystem::path& path) {
  if (std::filesystem::is_regular_file(path)) return path;
  const auto files = newest_first(path / traces::run_names::checkpoints);
  if (files.empty())
    throw Error("{}: no checkpoint is here; expected a run directory, or a file of its checkpoints",
                path.string());
  return *files.begin();
}

Checkpoint start_from(const std::filesystem::path& file, std::span<const LayerState> layers) {
  std::vector<StoredTensor> tensors = traces::read_safetensors_header(base::InputFile(file)).tensors;
  if (has_losses(tensors)) tensors.pop_back();
  const HeldState held(tensors);
  Checkpoint checkpoint = read_checkpoint(file, held.layers);
  for (const LayerState& layer : layers) {
    for (Parameter* parameter : layer.parameters) {
      const Parameter* found = find_named(held.parameters, parameter->name);
      if (found == nullptr || found->shape != parameter->shape)
        throw Error("{}: holds no tensor '{}' of shape {}; expected the weights of the same network",
                    file.string(), parameter->name, traces::text_of(parameter->shape));
      require_finite(parameter->name, found->value, file.string());
      parameter->value = found->value;
      std::fill(parameter->momentum.begin(), parameter->momentum.end(), 0.0F);
    }
    for (State* state : layer.states)
      if (const State* found = find_named(held.states, state->name);
          found != nullptr && found->shape == state->shape)
        state->value = found->value;
  }
  return checkpoint;
}

std::optional<Checkpoint> read_newest_checkpoint(const std::filesystem::path& directory,
                                                 std::span<const LayerState> layers,
                                                 std::vector<std::string>& skipped) {
  for (const std::filesystem::path& file : newest_first(directory)) {
    try {
      return read_checkpoint(file, layers);
    } catch (const Error& error) {
      skipped.emplace_back(error.what());  // the one before it counts
    }
  }
  if (!skipped.empty()) throw Error("no whole checkpoint is left; {}", skipped.front());
  return std::nullopt;
}

}  // namespace quatrain::emu
