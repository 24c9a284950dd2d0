#pragma once
/// The hypotheses about accumulators, a file each.

#include "sim/diagnosis/hypothesis.hpp"

namespace quatrain::sim::diagnosis {

std::vector<GemmClaim> k_tail(const DifferingGemm& gemm, const Sum& first);
std::vector<GemmClaim> tile_edge(const DifferingGemm& gemm, const Sum& first);
std::vector<GemmClaim> nibble_order(const DifferingGemm& gemm, const Sum& first);
std::vector<GemmClaim> sign(const DifferingGemm& gemm, const Sum& first);
std::vector<GemmClaim> accumulator(const DifferingGemm& gemm, const Sum& first);
std::vector<GemmClaim> samples(const DifferingGemm& gemm, const Sum& first);
std::vector<GemmClaim> geometry(const DifferingGemm& gemm, const Sum& first);
std::vector<GemmClaim> transposition(const DifferingGemm& gemm, const Sum& first);
std::vector<GemmClaim> index(const DifferingGemm& gemm, const Sum& first);
std::vector<GemmClaim> stale(const DifferingGemm& gemm, const Sum& first);
std::vector<GemmClaim> term(const DifferingGemm& gemm, const Sum& first);
std::vector<GemmClaim> code_value(const DifferingGemm& gemm, const Sum& first);
std::vector<GemmClaim> product(const DifferingGemm& gemm, const Sum& first);

}  // namespace quatrain::sim::diagnosis
