#include "sim/cli/workload_options.hpp"

#include "sim/cli/typed_values.hpp"
#include "traces/base/error.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace quatrain::sim {
namespace {

/// "input=1x3x224x224"; the name may have any character, so the last "=" counts.
std::pair<std::string, std::vector<std::int64_t>> shape_of(const std::string& typed) {
  const auto refused = [&] {
    return base::Error("--shape: found '{}'; expected INPUT=SIZExSIZE..., as in input=1x3x224x224",
                       base::printable(typed));
  };
  const std::size_t equals = typed.rfind('=');
  if (equals == std::string::npos || equals == 0) throw refused();
  std::vector<std::int64_t> sizes;
  const std::string_view text = std::string_view(typed).substr(equals + 1);
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('x', begin), text.size());
    std::int32_t size = 0;
    const auto [behind, failure] = std::from_chars(text.data() + begin, text.data() + end, size);
    if (failure != std::errc() || behind != text.data() + end || size < 1) throw refused();
    sizes.push_back(size);
    begin = end + 1;
  }
  return {typed.substr(0, equals), std::move(sizes)};
}

}  // namespace

std::string TypedWorkloadOptions::first() const {
  return !phases.empty() ? "--phases" : batch > 0 ? "--batch" : !shapes.empty() ? "--shape" : "";
}

WorkloadOptions TypedWorkloadOptions::options() const {
  WorkloadOptions options;
  if (!phases.empty())
    options.phases = static_cast<Phases>(std::ranges::find(phases_words, phases) - phases_words.begin());
  if (batch > 0) options.batch = batch;
  for (const std::string& typed : shapes) {
    auto [name, sizes] = shape_of(typed);
    if (!options.shapes.emplace(name, std::move(sizes)).second)
      throw base::Error("--shape {}: typed twice; expected it once", base::printable(name));
  }
  return options;
}

std::shared_ptr<TypedWorkloadOptions> add_workload_options(CLI::App& command) {
  const auto typed = std::make_shared<TypedWorkloadOptions>();
  command
      .add_option("--phases", typed->phases,
                  "of a workload without values.\nforward: default of lists and ONNX models.\n"
                  "training: default of a training config; all three products of each layer")
      ->check(CLI::IsMember(std::vector<std::string>(phases_words.begin(), phases_words.end())));
  command
      .add_option("--batch", typed->batch,
                  "inputs at once, of a workload without values\n(default: 1, or that of the training config "
                  "or ONNX model)")
      ->check(whole_number(1, 65'536));
  command
      .add_option("--shape", typed->shapes,
                  "INPUT=SIZES: of an ONNX model's input, as in input=1x3x224x224;\nfor sizes that the file "
                  "leaves open")
      ->allow_extra_args(false);
  return typed;
}

}  // namespace quatrain::sim
