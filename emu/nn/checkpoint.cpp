#include "emu/nn/checkpoint.hpp"

#include "emu/nn/state_hash.hpp"
#include "traces/base/error.hpp"
#include "traces/base/files.hpp"
#include "traces/base/strict_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <functional>
#include <map>
#include <set>

namespace quatrain::emu {
namespace {

using traces::Error;
using traces::JsonNode;

constexpr std::string_view format_name = "quatrain-checkpoint/1";

struct NamedValues {
  std::string name;
  const traces::Shape& shape;
  std::vector<float>& values;
};

std::vector<NamedValues> tensors_of(std::span<Parameter* const> parameters) {
  std::vector<NamedValues> tensors;
  for (Parameter* parameter : parameters) {
    tensors.push_back({parameter->name, parameter->shape, parameter->value});
    tensors.push_back({parameter->name + ".momentum", parameter->shape, parameter->momentum});
  }
  return tensors;
}

std::string header_of(const Checkpoint& checkpoint, const std::vector<NamedValues>& tensors) {
  nlohmann::ordered_json header = {{"__metadata__",
                                    {{"format", format_name},
                                     {"epoch", std::to_string(checkpoint.epoch)},
                                     {"step", std::to_string(checkpoint.step)},
                                     {"state_hash", checkpoint.state_hash}}}};
  std::size_t begin = 0;
  for (const NamedValues& tensor : tensors) {
    const std::size_t end = begin + tensor.values.size() * sizeof(float);
    header[tensor.name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
    begin = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the data begin at a multiple of 8
  return text;
}

std::uint64_t read_count(const JsonNode& node) {
  const std::string text = node.string(1, 20);
  std::uint64_t count = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (failure != std::errc() || end != text.data() + text.size())
    throw node.error("found '{}'; expected a count", traces::printable(text));
  return count;
}

void expect_word(const JsonNode& node, std::string_view word) { node.one_of({&word, 1}); }

void read_tensor(const JsonNode& header, std::string_view data, const NamedValues& tensor) {
  const JsonNode entry = header.at(tensor.name);
  expect_word(entry.at("dtype"), "F32");
  traces::Shape shape;
  for (const JsonNode& size : entry.at("shape").items(1, 8)) shape.push_back(size.integer(1, 1LL << 40));
  if (shape != tensor.shape) throw entry.at("shape").error("not the shape that the config gives");
  const auto offsets = entry.at("data_offsets").items(2, 2);
  const auto begin = static_cast<std::size_t>(offsets[0].integer(0, static_cast<std::int64_t>(data.size())));
  const auto end = static_cast<std::size_t>(offsets[1].integer(0, static_cast<std::int64_t>(data.size())));
  const std::size_t expected = tensor.values.size() * sizeof(float);
  if (end < begin || end - begin != expected) throw entry.error("expected {} bytes of data", expected);
  std::memcpy(tensor.values.data(), data.data() + begin, expected);
}

}  // namespace

void write_checkpoint(const std::filesystem::path& directory, const Checkpoint& checkpoint,
                      std::span<Parameter* const> parameters) {
  const std::vector<NamedValues> tensors = tensors_of(parameters);
  const std::string header = header_of(checkpoint, tensors);
  const std::uint64_t length = header.size();
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof length);
  bytes += header;
  for (const NamedValues& tensor : tensors)
    bytes.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(float));
  traces::write_whole_file(directory / fmt::format("epoch_{:04}.safetensors", checkpoint.epoch), bytes);
}

Checkpoint read_checkpoint(const std::filesystem::path& file, std::span<Parameter* const> parameters) {
  const std::string bytes = traces::read_whole_file(file);
  std::uint64_t length = 0;
  if (bytes.size() >= sizeof length) std::memcpy(&length, bytes.data(), sizeof length);
  if (bytes.size() < sizeof length || length > bytes.size() - sizeof length)
    throw Error("{}: byte {}: the file ends inside its header", file.string(), bytes.size());
  const JsonNode header =
      JsonNode::parse(std::string_view(bytes).substr(sizeof length, length), file.string());
  const JsonNode metadata = header.at("__metadata__");
  expect_word(metadata.at("format"), format_name);
  const Checkpoint checkpoint{.epoch = read_count(metadata.at("epoch")),
                              .step = read_count(metadata.at("step")),
                              .state_hash = metadata.at("state_hash").string(64, 64)};
  const std::string_view data = std::string_view(bytes).substr(sizeof length + length);
  for (const NamedValues& tensor : tensors_of(parameters)) read_tensor(header, data, tensor);
  if (state_hash(parameters, checkpoint.step, checkpoint.epoch) != checkpoint.state_hash)
    throw Error("{}: the contents do not have the state_hash that the header states", file.string());
  return checkpoint;
}

std::optional<Checkpoint> read_newest_checkpoint(const std::filesystem::path& directory,
                                                 std::span<Parameter* const> parameters) {
  std::set<std::filesystem::path, std::greater<>> files;  // by name: the newest first
  if (std::filesystem::is_directory(directory))
    for (const auto& entry : std::filesystem::directory_iterator(directory))
      if (entry.path().extension() == ".safetensors") files.insert(entry.path());
  for (const std::filesystem::path& file : files) {
    try {
      return read_checkpoint(file, parameters);
    } catch (const Error&) {
      continue;  // damaged: the one before it counts
    }
  }
  return std::nullopt;
}

}  // namespace quatrain::emu
