#include "emu/nn/run_file.hpp"

#include "traces/base/files.hpp"
#include "traces/base/strict_json.hpp"
#include "traces/run_names.hpp"

#include <nlohmann/json.hpp>

#include <limits>

namespace quatrain::emu {
namespace {

using base::JsonNode;

constexpr std::array<std::string_view, 1> format = {"quatrain-run"};

nlohmann::ordered_json object_of(const DataSums& sums) {
  nlohmann::ordered_json object;
  for (const DataSum& sum : sums) object[sum.name] = sum.sha256;
  return object;
}

std::int64_t count_at(const JsonNode& node, std::string_view key) {
  return node.at(key).integer(0, std::numeric_limits<std::int64_t>::max());
}

}  // namespace

std::string_view name_of(RunState state) { return run_state_words[static_cast<std::size_t>(state)]; }

bool write_run_file(const std::filesystem::path& directory, const RunFile& run) {
  nlohmann::ordered_json json = {{"format", format.front()},
                                 {"version", 1},
                                 {"program", run.program},
                                 {"commands", run.commands},
                                 {"data", {{"folder", run.data_folder}, {"sha256", object_of(run.data)}}},
                                 {"state", name_of(run.state)},
                                 {"epochs", run.epochs},
                                 {"of_epochs", run.of_epochs},
                                 {"steps", run.steps},
                                 {"reason", nullptr}};
  if (run.reason) json["reason"] = *run.reason;
  // A path that is no UTF-8 is written with what is none replaced: JSON has no other bytes.
  return base::write_whole_file(directory / traces::run_names::run,
                                json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

std::optional<RunFile> read_run_file(const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / traces::run_names::run;
  if (!std::filesystem::exists(file)) return std::nullopt;
  const JsonNode root = JsonNode::read(file);
  root.at("format").one_of(format);
  root.at("version").integer(1, 1);
  RunFile run;
  run.program = root.at("program").string();
  for (const JsonNode& command : root.at("commands").items()) run.commands.push_back(command.string());
  run.data_folder = root.at("data").at("folder").string();
  for (const auto& [name, sum] : root.at("data").at("sha256").members())
    run.data.push_back({name, sum.string()});
  run.state = static_cast<RunState>(root.at("state").one_of(run_state_words));
  run.epochs = count_at(root, "epochs");
  run.of_epochs = count_at(root, "of_epochs");
  run.steps = count_at(root, "steps");
  if (const JsonNode reason = root.at("reason"); !reason.is_null()) run.reason = reason.string();
  root.reject_unread_keys();
  return run;
}

}  // namespace quatrain::emu
