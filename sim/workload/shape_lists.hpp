#pragma once
/// Lists of layers as CSV files, told apart by their headings:
/// - layer,m,n,k[,groups,count,right]: GEMMs, as SCALE-Sim's GEMM topologies are too;
/// - layer,channels,height,width,filters,kernel,stride,padding[,groups,count]: convolutions;
/// - SCALE-Sim's topologies of convolutions (Layer name, IFMAP height, ...).
/// docs/guides/studies.md describes their columns.

#include "sim/workload/csv_table.hpp"
#include "sim/workload/layer_shapes.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace quatrain::sim {

struct ShapeList {
  WorkloadKind kind = WorkloadKind::gemm_list;
  std::vector<LayerShape> layers;
  std::vector<std::string> notes;  ///< how it was read, where that is not plain
};

/// `batch`: so many inputs at once. Throws Error naming file, line and column.
ShapeList read_shape_list(const CsvTable& table, std::int64_t batch);

// Each format; read_shape_list() chooses.
bool is_scalesim_topology(const CsvTable& table);
ShapeList read_gemm_list(const CsvTable& table, std::int64_t batch);
ShapeList read_convolution_list(const CsvTable& table, std::int64_t batch);
ShapeList read_scalesim_topology(const CsvTable& table, std::int64_t batch);

}  // namespace quatrain::sim
