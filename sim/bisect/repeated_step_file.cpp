#include "sim/bisect/repeated_step_file.hpp"

#include "traces/base/files.hpp"
#include "traces/base/strict_json.hpp"

#include <nlohmann/json.hpp>

#include <bit>
#include <limits>

namespace quatrain::sim::bisect {
namespace {

using base::JsonNode;
using nlohmann::ordered_json;

constexpr std::array<std::string_view, 3> type_words = {"F32", "I32", "U8"};

std::filesystem::path values_of(const std::filesystem::path& file) { return file.string() + ".values"; }

std::uint32_t word_at(const JsonNode& node) {
  return static_cast<std::uint32_t>(node.integer(0, std::numeric_limits<std::uint32_t>::max()));
}

emu::StepTensor read_tensor(const JsonNode& node) {
  emu::StepTensor tensor;
  tensor.layer = node.at("layer").string();
  tensor.phase = node.at("phase").string();
  tensor.name = node.at("name").string();
  const std::string_view type = type_words[node.at("type").one_of(type_words)];
  for (const traces::StoredType one :
       {traces::StoredType::f32, traces::StoredType::i32, traces::StoredType::u8})
    if (traces::name_of(one) == type) tensor.type = one;
  for (const JsonNode& size : node.at("shape").items())
    tensor.shape.push_back(size.integer(0, std::numeric_limits<std::int64_t>::max()));
  tensor.sha256 = node.at("sha256").string();
  return tensor;
}

}  // namespace

void write_repeated(const std::filesystem::path& file, const emu::RepeatedStep& step) {
  ordered_json json = {{"rows", ordered_json::array()}, {"tensors", ordered_json::array()}};
  for (std::size_t i = 0; i < step.rows.size(); ++i)
    json["rows"].push_back({{"step", step.rows[i].step},
                            {"loss", std::bit_cast<std::uint32_t>(step.losses[i])},
                            {"hashes", step.rows[i].hashes}});
  for (const emu::StepTensor& tensor : step.tensors)
    json["tensors"].push_back({{"layer", tensor.layer},
                               {"phase", tensor.phase},
                               {"name", tensor.name},
                               {"type", traces::name_of(tensor.type)},
                               {"shape", tensor.shape},
                               {"sha256", tensor.sha256}});
  base::write_whole_file(values_of(file),
                         {reinterpret_cast<const char*>(step.kept.data()), step.kept.size()});
  base::write_whole_file(file, json.dump() + "\n");
}

emu::RepeatedStep read_repeated(const std::filesystem::path& file) {
  const JsonNode root = JsonNode::read(file);
  emu::RepeatedStep step;
  for (const JsonNode& row : root.at("rows").items()) {
    emu::HashRow& read = step.rows.emplace_back();
    read.step = row.at("step").integer(0, std::numeric_limits<std::int64_t>::max());
    step.losses.push_back(std::bit_cast<float>(word_at(row.at("loss"))));
    for (const JsonNode& hash : row.at("hashes").items()) read.hashes.push_back(word_at(hash));
  }
  for (const JsonNode& tensor : root.at("tensors").items()) step.tensors.push_back(read_tensor(tensor));
  const std::string values = base::read_whole_file(values_of(file));
  step.kept.assign(values.begin(), values.end());
  return step;
}

}  // namespace quatrain::sim::bisect
