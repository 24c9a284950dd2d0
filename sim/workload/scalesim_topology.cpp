/// SCALE-Sim's topologies of convolutions, read as that tool reads them (versions 2 and 3): by position,
/// name, height and width of the input, height and width of the filter, channels, filters, stride, and where
/// there is another column, the stride of the columns. They know no padding and no batch.
#include "sim/workload/shape_lists.hpp"

#include <algorithm>

namespace quatrain::sim {
namespace {

constexpr std::size_t least_columns = 8;

/// ceil((size - kernel + stride) / stride): the tool counts a last window that begins inside the input and
/// reaches out of it.
std::int64_t outputs_of(std::int64_t size, std::int64_t kernel, std::int64_t stride) {
  return (size - kernel + stride - 1) / stride + 1;
}

/// Version 3 may say "N:M" behind the strides.
bool is_sparsity(const std::string& field) { return field.find(':') != std::string::npos; }

LayerShape layer_of(const CsvRow& row, std::int64_t batch) {
  if (row.fields.size() < least_columns)
    throw row.error(
        "has {} fields; expected at least {}: name, input height and width, filter height and "
        "width, channels, filters, stride",
        row.fields.size(), least_columns);
  if (is_sparsity(row.fields.back()) && row.fields.back() != "1:1")
    throw row.error("sparsity '{}' is not modelled; expected no such column",
                    base::printable(row.fields.back()));
  const std::size_t columns = row.fields.size() - (is_sparsity(row.fields.back()) ? 1 : 0);
  traces::Geometry g;
  g.batch = batch;
  g.height = size_at(row, 1, "input height"), g.width = size_at(row, 2, "input width");
  g.kernel_height = size_at(row, 3, "filter height"), g.kernel_width = size_at(row, 4, "filter width");
  g.in_channels = size_at(row, 5, "channels"), g.out_channels = size_at(row, 6, "filters");
  g.stride_height = size_at(row, 7, "stride");
  g.stride_width = columns > least_columns ? size_at(row, 8, "stride of the columns") : g.stride_height;
  if (g.kernel_height > g.height || g.kernel_width > g.width)
    throw row.error("a filter of {}x{} on an input of {}x{}; expected one that fits", g.kernel_height,
                    g.kernel_width, g.height, g.width);
  g.out_height = outputs_of(g.height, g.kernel_height, g.stride_height);
  g.out_width = outputs_of(g.width, g.kernel_width, g.stride_width);
  return {.name = layer_name_at(row, 0), .geometry = g};
}

}  // namespace

bool is_scalesim_topology(const CsvTable& table) {
  return std::ranges::any_of(table.headings.fields,
                             [](const std::string& heading) { return heading.starts_with("ifmap"); });
}

ShapeList read_scalesim_topology(const CsvTable& table, std::int64_t batch) {
  ShapeList list{.kind = WorkloadKind::scalesim_topology,
                 .layers = {},
                 .notes = {"a SCALE-Sim topology has no padding; windows that reach out of the input are "
                           "counted as that tool counts them"}};
  bool has_depthwise = false;
  for (const CsvRow& row : table.rows) {
    LayerShape layer = layer_of(row, batch);
    if (layer.name.find("DP") != std::string::npos) {  // the tool makes one layer per channel of it
      has_depthwise = true;
      layer.geometry.groups = layer.geometry.in_channels;
      layer.geometry.out_channels *= layer.geometry.in_channels;
    }
    list.layers.push_back(std::move(layer));
  }
  if (has_depthwise)
    list.notes.emplace_back("a layer with DP in its name is depthwise, with all filters for each channel");
  return list;
}

}  // namespace quatrain::sim
