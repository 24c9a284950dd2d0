/// quatrain trace: what is in a trace, whether it is whole and legal, what a tensor holds.
#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/typed_values.hpp"
#include "sim/records/result_place.hpp"
#include "traces/base/checked.hpp"
#include "traces/base/error.hpp"
#include "traces/base/natural_order.hpp"
#include "traces/encoding/nibbles.hpp"
#include "traces/format/check.hpp"
#include "traces/format/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace quatrain::sim {
namespace {

using traces::Encoding;
using traces::GemmRecord;
using traces::Manifest;
using traces::QuantizerRecord;
using traces::TensorRecord;
using traces::TraceReader;

constexpr const char* trace_examples = R"(
Examples:
  quatrain trace info runs/mine/trace     model, steps, layers, and how many records each has
  quatrain trace check runs/mine/trace    whether the files are whole and the records legal
  quatrain trace show runs/mine/trace 0/train/conv2/weight/codes)";

std::uint64_t bytes_of(const TensorRecord& tensor) {
  const auto elements = static_cast<std::size_t>(traces::element_count(tensor.shape));
  return traces::is_four_bit(tensor.encoding) ? traces::packed_size(elements) : 4 * elements;
}

struct Counts {
  std::size_t quantizers = 0, gemms = 0;
  std::uint64_t macs = 0;
};

template <typename Key, typename KeyOf>
std::map<Key, Counts> count_records(const Manifest& manifest, KeyOf&& key_of) {
  std::map<Key, Counts> counts;
  for (const QuantizerRecord& record : manifest.quantizers) ++counts[key_of(record)].quantizers;
  for (const GemmRecord& gemm : manifest.gemms) {
    Counts& count = counts[key_of(gemm)];
    ++count.gemms;
    count.macs = base::checked_sum(count.macs, mac_count(gemm));
  }
  return counts;
}

/// How the kernel moves, all axes; empty for a layer without one.
std::string kernel_of(const traces::LayerRecord& layer) {
  const traces::Geometry& g = layer.geometry;
  switch (layer.kind) {
    case traces::LayerKind::linear:
      return "";
    case traces::LayerKind::conv2d:
      return fmt::format(", kernel {}x{}, stride {}x{}, padding {}x{}", g.kernel_height, g.kernel_width,
                         g.stride_height, g.stride_width, g.padding_height, g.padding_width);
  }
  __builtin_unreachable();
}

std::string sizes_of(const traces::LayerRecord& layer) {
  const traces::Geometry& g = layer.geometry;
  const std::string channels = fmt::format("{} {} -> {}", name_of(layer.kind), g.in_channels, g.out_channels);
  const std::string kernel = kernel_of(layer);
  return kernel.empty() ? channels : channels + kernel + fmt::format(", groups {}", g.groups);
}

struct Line {
  std::string label;
  Counts counts;
  std::string remark;
};

void print_table(const std::vector<Line>& rows) {
  std::size_t width = 0;
  for (const Line& row : rows) width = std::max(width, row.label.size());
  fmt::print("{:{}}  quantizers   GEMMs             MACs\n", "", width);
  for (const Line& row : rows)
    fmt::print("{:{}}  {:10}  {:6}  {:15}{}\n", row.label, width, row.counts.quantizers, row.counts.gemms,
               row.counts.macs, row.remark.empty() ? "" : "  " + row.remark);
}

void print_summary(const TraceReader& reader) {
  const Manifest& manifest = reader.manifest();
  std::uint64_t bytes = 0;
  std::set<std::string> files;
  for (const auto& [id, tensor] : manifest.tensors) {
    bytes += bytes_of(tensor);
    files.insert(tensor.file);
  }
  fmt::print("{}: trace format {}, numerics {}\n", reader.directory().string(), traces::trace_format_version,
             traces::numerics_version);
  fmt::print("model     {}, seed {}\n", base::printable(manifest.run.model), manifest.run.seed);
  fmt::print("producer  {} {}\n", base::printable(manifest.producer.name),
             base::printable(manifest.producer.version));
  fmt::print("config    {}\n", manifest.run.config_sha256.value_or("none"));
  if (!manifest.run.note.empty()) fmt::print("note      {}\n", base::printable(manifest.run.note));
  fmt::print("manifest  {}\n", reader.manifest_sha256());
  fmt::print("tensors   {}, {} bytes; data files {}\n\n", manifest.tensors.size(), bytes, files.size());
}

std::vector<Line> rows_of(const Manifest& manifest) {
  std::vector<Line> rows;
  const auto whole = count_records<bool>(manifest, [](const auto&) { return true; });
  for (const auto& [key, counts] : whole) rows.push_back({"all", counts, ""});
  using Step = std::pair<std::uint32_t, traces::Pass>;
  const auto by_step =
      count_records<Step>(manifest, [](const auto& record) { return Step(record.step, record.pass); });
  for (const auto& [step, counts] : by_step)
    rows.push_back({fmt::format("step {} {}", step.first, traces::name_of(step.second)), counts, ""});
  auto by_layer = count_records<std::uint32_t>(manifest, [](const auto& record) { return record.layer; });
  for (const traces::LayerRecord& layer : manifest.layers)
    rows.push_back({fmt::format("layer {} {}", layer.id, layer.name), by_layer[layer.id], sizes_of(layer)});
  return rows;
}

void print_tensors(const Manifest& manifest) {
  std::vector<std::string> ids;
  for (const auto& [id, tensor] : manifest.tensors) ids.push_back(id);
  std::sort(ids.begin(), ids.end(), base::natural_less);
  for (const std::string& id : ids) {
    const TensorRecord& tensor = manifest.tensors.at(id);
    fmt::print("{}  {} {}\n", id, traces::name_of(tensor.encoding), traces::text_of(tensor.shape));
  }
}

int info(const std::string& directory, bool lists_tensors) {
  const TraceReader reader(directory);
  if (lists_tensors) {
    print_tensors(reader.manifest());
  } else {
    print_summary(reader);
    print_table(rows_of(reader.manifest()));
  }
  return 0;
}

int check(const std::string& directory) {
  const InterruptDeadline deadline;  // nothing is written here
  const auto progress = make_progress();
  const TraceReader reader = traces::check_trace(directory, *progress);
  const Manifest& manifest = reader.manifest();
  fmt::print("{}: ok, {} tensors, {} quantizers, {} GEMMs\n", directory, manifest.tensors.size(),
             manifest.quantizers.size(), manifest.gemms.size());
  return 0;
}

std::string place_of(const Manifest& manifest, std::uint32_t layer, std::uint32_t step, traces::Pass pass) {
  return fmt::format("layer {}, step {}, {}", manifest.layer(layer).name, step, traces::name_of(pass));
}

/// Prints what each record that refers to the tensor says of it. Returns the scale of its codes; where
/// records of several scales share codes, the first one's.
float print_references(const Manifest& manifest, const std::string& id) {
  std::optional<float> scale;
  for (const QuantizerRecord& record : manifest.quantizers) {
    const bool is_codes = record.codes == id;
    if (!is_codes && record.source != id) continue;
    fmt::print("{} of quantizer '{}': {}, {}, {}, scale {} ({:08x})\n", is_codes ? "codes" : "source",
               record.id, place_of(manifest, record.layer, record.step, record.pass),
               traces::name_of(record.role), traces::name_of(record.rule), record.scale,
               std::bit_cast<std::uint32_t>(record.scale));
    if (is_codes && !scale) scale = record.scale;
  }
  for (const GemmRecord& gemm : manifest.gemms) {
    const bool is_output = gemm.output == id;
    if (!is_output && gemm.accumulators != id) continue;
    fmt::print("{} of {}: {}, m {} n {} k {} groups {}{}, scale {} ({:08x})\n",
               is_output ? "output" : "accumulators", traces::name_of(gemm.phase),
               place_of(manifest, gemm.layer, gemm.step, gemm.pass), gemm.size.m, gemm.size.n, gemm.size.k,
               gemm.size.groups, kernel_of(manifest.layer(gemm.layer)), gemm.scale,
               std::bit_cast<std::uint32_t>(gemm.scale));
  }
  return scale.value_or(0);
}

/// Prints `text_of(element)` of the first `limit` elements.
template <typename TextOf>
void print_elements(const traces::Shape& shape, std::size_t limit, TextOf&& text_of) {
  const auto elements = static_cast<std::size_t>(traces::element_count(shape));
  for (std::size_t i = 0; i < std::min(limit, elements); ++i)
    fmt::print("{}  {}\n", traces::text_of(index_in(shape, static_cast<std::int64_t>(i))), text_of(i));
  if (elements > limit) fmt::print("... {} more (--all)\n", elements - limit);
}

int show(const std::string& directory, const std::string& id, std::size_t limit) {
  const TraceReader reader(directory);
  const Manifest& manifest = reader.manifest();
  const auto found = manifest.tensors.find(id);
  if (found == manifest.tensors.end())
    throw base::Error("{}: no tensor has the id '{}'; `quatrain trace info --tensors {}` lists them",
                      directory, base::printable(id), directory);
  const TensorRecord& tensor = found->second;
  fmt::print("{}: {} {}, {} elements, {} bytes in {}, CRC32C {:08x}\n", id, traces::name_of(tensor.encoding),
             traces::text_of(tensor.shape), traces::element_count(tensor.shape), bytes_of(tensor),
             tensor.file, tensor.crc32c);
  const float scale = print_references(manifest, id);
  if (tensor.encoding == Encoding::fp32) {
    const auto values = reader.read_fp32(id);
    print_elements(tensor.shape, limit, [&](std::size_t i) {
      return fmt::format("{:<14} bits {:08x}", values[i], std::bit_cast<std::uint32_t>(values[i]));
    });
  } else if (tensor.encoding == Encoding::int32) {
    const auto values = reader.read_int32(id);
    print_elements(tensor.shape, limit, [&](std::size_t i) { return fmt::format("{}", values[i]); });
  } else {
    const auto codes = reader.read_codes(id);
    print_elements(tensor.shape, limit, [&](std::size_t i) {
      const std::uint8_t code = traces::nibble_at(codes, i);
      const int value = traces::code_values(tensor.encoding)[code];
      return fmt::format("code {:x}  {:>3} * scale = {}", code, value, static_cast<float>(value) * scale);
    });
  }
  return 0;
}

struct TypedTrace {
  std::string directory, tensor;
  bool lists_tensors = false, shows_all = false;
  std::size_t limit = 16;
};

CLI::App* add_part(CLI::App& trace, const std::string& name, const std::string& what,
                   const std::string& example, const std::shared_ptr<TypedTrace>& typed) {
  CLI::App* part = trace.add_subcommand(name, what);
  part->footer("\nExample:\n  " + example);
  part->add_option("DIR", typed->directory, "trace directory")->required();
  return part;
}

}  // namespace

void add_trace_command(CLI::App& program, Action& action) {
  CLI::App* trace = program.add_subcommand("trace", "Look into a trace, or check it");
  trace->require_subcommand(1);
  trace->footer(trace_examples);
  const auto typed = std::make_shared<TypedTrace>();
  CLI::App* info_part =
      add_part(*trace, "info", "Model, steps, layers, records, MACs (multiply-accumulates), bytes",
               "quatrain trace info runs/mine/trace", typed);
  info_part->add_flag("--tensors", typed->lists_tensors, "list the tensors instead");
  info_part->callback([typed, &action] {
    action = [typed](const Provenance&) { return info(typed->directory, typed->lists_tensors); };
  });
  CLI::App* check_part = add_part(
      *trace, "check", "Check all that docs/trace-format.md asks for; the first fault is exit code 2",
      "quatrain trace check runs/mine/trace", typed);
  check_part->callback(
      [typed, &action] { action = [typed](const Provenance&) { return check(typed->directory); }; });
  CLI::App* show_part =
      add_part(*trace, "show", "A tensor: encoding, shape, records that refer to it, elements",
               "quatrain trace show runs/mine/trace 0/train/conv2/weight/codes", typed);
  show_part->add_option("TENSOR", typed->tensor, "id of a tensor, as `trace info --tensors` lists them")
      ->required();
  CLI::Option* limit = show_part->add_option("--limit", typed->limit, "elements to print (default: 16)")
                           ->check(whole_number(0, SIZE_MAX));
  show_part->add_flag("--all", typed->shows_all, "print every element")->excludes(limit);
  show_part->callback([typed, &action] {
    action = [typed](const Provenance&) {
      return show(typed->directory, typed->tensor, typed->shows_all ? SIZE_MAX : typed->limit);
    };
  });
}

}  // namespace quatrain::sim
