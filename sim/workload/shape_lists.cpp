#include "sim/workload/shape_lists.hpp"

#include "traces/base/joined.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace quatrain::sim {
namespace {

using Headings = std::span<const std::string_view>;

constexpr std::array<std::string_view, 4> gemm_headings = {"layer", "m", "n", "k"};
constexpr std::array<std::string_view, 3> optional_gemm_headings = {"groups", "count", "right"};
constexpr std::array<std::string_view, 8> convolution_headings = {"layer",   "channels", "height", "width",
                                                                  "filters", "kernel",   "stride", "padding"};
constexpr std::array<std::string_view, 2> optional_convolution_headings = {"groups", "count"};

bool begins_with(const CsvTable& table, Headings headings) {
  return table.headings.fields.size() >= headings.size() &&
         std::equal(headings.begin(), headings.end(), table.headings.fields.begin());
}

/// Behind the headings that must be there stand some of the optional ones, each once.
void require_known(const CsvTable& table, Headings required, Headings optional) {
  const std::span<const std::string> found(table.headings.fields);
  for (std::size_t i = required.size(); i < found.size(); ++i) {
    if (std::ranges::find(optional, found[i]) == optional.end() || table.column(found[i]) != i)
      throw table.headings.error("found the heading '{}'; expected {}, then once each any of {}",
                                 base::printable(found[i]), base::joined(required, ","),
                                 base::joined(optional));
  }
  for (const CsvRow& row : table.rows)
    if (row.fields.size() > found.size())
      throw row.error("has {} fields; expected {}: {}", row.fields.size(), found.size(),
                      base::joined(table.headings.fields, ","));
}

std::int64_t optional_size(const CsvTable& table, const CsvRow& row, std::string_view heading) {
  const std::size_t column = table.column(heading);
  const bool is_there = column < row.fields.size() && !row.fields[column].empty();
  return is_there ? size_at(row, column, heading) : 1;
}

/// Whether the right operand is another layer's output, as in attention: then each input of a batch has its
/// own.
bool right_is_activation(const CsvTable& table, const CsvRow& row) {
  constexpr std::array<std::string_view, 2> words = {"weight", "activation"};
  const std::size_t column = table.column("right");
  const std::string word = column < row.fields.size() ? row.fields[column] : "";
  if (word.empty() || word == words[0]) return false;
  if (word == words[1]) return true;
  throw row.error("right: found '{}'; expected one of {}", base::printable(word), base::joined(words));
}

/// "3", or "3x5" for height and width.
std::array<std::int64_t, 2> pair_at(const CsvTable& table, const CsvRow& row, std::string_view heading,
                                    std::int64_t least) {
  const std::size_t column = table.column(heading);
  if (column >= row.fields.size()) size_at(row, column, heading, least);
  const std::string& text = row.fields[column];
  const std::size_t cross = text.find('x');
  CsvRow parts{row.file, row.line, {text.substr(0, cross)}};
  parts.fields.push_back(cross == std::string::npos ? parts.fields[0] : text.substr(cross + 1));
  return {size_at(parts, 0, heading, least), size_at(parts, 1, heading, least)};
}

LayerShape convolution_of(const CsvTable& table, const CsvRow& row, std::int64_t batch) {
  const auto size = [&](std::string_view heading) { return size_at(row, table.column(heading), heading); };
  traces::Geometry g;
  g.batch = batch;
  g.in_channels = size("channels"), g.height = size("height"), g.width = size("width");
  g.out_channels = size("filters");
  const auto kernel = pair_at(table, row, "kernel", 1), stride = pair_at(table, row, "stride", 1),
             padding = pair_at(table, row, "padding", 0);
  g.kernel_height = kernel[0], g.kernel_width = kernel[1];
  g.stride_height = stride[0], g.stride_width = stride[1];
  g.padding_height = padding[0], g.padding_width = padding[1];
  g.out_height = traces::output_size(g.height, kernel[0], stride[0], padding[0]);
  g.out_width = traces::output_size(g.width, kernel[1], stride[1], padding[1]);
  if (padding[0] >= kernel[0] || padding[1] >= kernel[1])
    throw row.error("padding {}x{} beside a kernel of {}x{}; expected less than the kernel", padding[0],
                    padding[1], kernel[0], kernel[1]);
  if (g.out_height == 0 || g.out_width == 0)
    throw row.error("a kernel of {}x{} on {}x{} with padding {}x{} gives no result; expected one that fits",
                    kernel[0], kernel[1], g.height, g.width, padding[0], padding[1]);
  g.groups = optional_size(table, row, "groups");
  if (g.in_channels % g.groups != 0 || g.out_channels % g.groups != 0)
    throw row.error("groups: found {}; expected a divisor of the {} channels and {} filters", g.groups,
                    g.in_channels, g.out_channels);
  return {.name = layer_name_at(row, 0),
          .geometry = g,
          .count = static_cast<std::uint64_t>(optional_size(table, row, "count"))};
}

}  // namespace

ShapeList read_gemm_list(const CsvTable& table, std::int64_t batch) {
  require_known(table, gemm_headings, optional_gemm_headings);
  ShapeList list{.kind = WorkloadKind::gemm_list, .layers = {}, .notes = {}};
  for (const CsvRow& row : table.rows) {
    const std::int64_t m = size_at(row, 1, "m"), n = size_at(row, 2, "n"), k = size_at(row, 3, "k"),
                       groups = optional_size(table, row, "groups");
    const bool is_per_input = right_is_activation(table, row);
    if (k > INT32_MAX / (groups * (is_per_input ? batch : 1)) ||
        n > INT32_MAX / (groups * (is_per_input ? batch : 1)))
      throw row.error("groups: found {} with n {}, k {} and a batch of {}; expected fewer", groups, n, k,
                      batch);
    list.layers.push_back({.name = layer_name_at(row, 0),
                           .geometry = is_per_input ? gemm_geometry(m, n, k, groups * batch)
                                                    : gemm_geometry(m * batch, n, k, groups),
                           .count = static_cast<std::uint64_t>(optional_size(table, row, "count"))});
  }
  return list;
}

ShapeList read_convolution_list(const CsvTable& table, std::int64_t batch) {
  require_known(table, convolution_headings, optional_convolution_headings);
  ShapeList list{.kind = WorkloadKind::convolution_list, .layers = {}, .notes = {}};
  for (const CsvRow& row : table.rows) list.layers.push_back(convolution_of(table, row, batch));
  return list;
}

ShapeList read_shape_list(const CsvTable& table, std::int64_t batch) {
  if (begins_with(table, gemm_headings)) return read_gemm_list(table, batch);
  if (begins_with(table, convolution_headings)) return read_convolution_list(table, batch);
  if (is_scalesim_topology(table)) return read_scalesim_topology(table, batch);
  throw table.headings.error(
      "found the headings {}; expected {}, or {}, or those of a SCALE-Sim topology (Layer name, IFMAP "
      "height, "
      "...)",
      base::printable(base::joined(table.headings.fields, ",")), base::joined(gemm_headings, ","),
      base::joined(convolution_headings, ","));
}

}  // namespace quatrain::sim
