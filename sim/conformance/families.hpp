#pragma once
/// The cases of a conformance trace, by family. A family is a file of the trace and a function here; its
/// layers are called FAMILY.WHAT. To add one: write the function, and put it into the list of families().

#include "sim/conformance/case.hpp"

#include <functional>
#include <span>
#include <string_view>

namespace quatrain::sim {

struct ConformanceOptions {
  bool is_quick = false;                 ///< fewer and smaller cases of every kind
  std::vector<traces::GemmSize> shapes;  ///< m, n, k of products to add, in all five modes
  std::vector<traces::Geometry> convs;   ///< convolutions to add, all phases; output sizes filled in
};

/// What a family is given while it makes its layers.
struct CaseMaking {
  const ConformanceOptions& options;
  std::uint32_t seed;       ///< of all draws of the trace
  traces::Machine& prober;  ///< asked where edges are (boundaries.hpp)
  std::function<void(const CaseLayer&)> emit;
  std::uint32_t next_layer = 1;

  bool is_quick() const { return options.is_quick; }
  /// A layer with an id of its own, to be filled and emitted.
  CaseLayer layer(std::string name, traces::LayerKind kind = traces::LayerKind::linear) {
    return {std::move(name), next_layer++, kind, {}};
  }
};

// products (gemm_cases.cpp)
void make_pairs(CaseMaking& making);
void make_index(CaseMaking& making);
void make_saturate(CaseMaking& making);
void make_cancel(CaseMaking& making);
void make_sums(CaseMaking& making);
void make_scales(CaseMaking& making);
// sizes (shape_cases.cpp)
/// Tiles that end raggedly, paddings that reach over whole kernels, strides beyond the kernel, groups, planes
/// of one element.
std::vector<traces::Geometry> edge_linears();
std::vector<traces::Geometry> edge_convolutions();
void make_edges(CaseMaking& making);
void make_large(CaseMaking& making);
void make_shapes(CaseMaking& making);
// quantizers (fp4_cases.cpp, sawb_cases.cpp, tensor_cases.cpp)
void make_luq(CaseMaking& making);
void make_nearest(CaseMaking& making);
void make_sawb(CaseMaking& making);
void make_tails(CaseMaking& making);
void make_steps(CaseMaking& making);

struct CaseFamily {
  std::string_view name;  ///< of its file, too
  void (*make)(CaseMaking&);
};
std::span<const CaseFamily> case_families();

}  // namespace quatrain::sim
