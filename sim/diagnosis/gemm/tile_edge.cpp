/// The rows or columns behind the last whole tile are not computed: they stay zero, or show those of the tile
/// before.
#include "sim/diagnosis/gemm/hypotheses.hpp"

#include <fmt/format.h>

namespace quatrain::sim::diagnosis {
namespace {

enum class Axis : std::uint8_t { rows, columns };
enum class Found : std::uint8_t { zero, tile_before };

GemmClaim claim(Axis axis, Found found, std::int64_t tile) {
  const bool is_rows = axis == Axis::rows;
  const char* word = is_rows ? "rows" : "columns";
  return {fmt::format("tile_edge.{}{}_{}", word, found == Found::zero ? "" : "_repeated", tile),
          [=](const DifferingGemm& gemm) {
            const std::int64_t all = is_rows ? gemm.size.m : gemm.size.n;
            return fmt::format("{} in the {} from {} on, behind the last whole {} of {}",
                               found == Found::zero ? "are 0" : fmt::format("repeat the {} before", tile),
                               word, all - all % tile, tile, all);
          },
          [=](const DifferingGemm& gemm, const Sum& sum) -> std::optional<std::int64_t> {
            const std::int64_t all = is_rows ? gemm.size.m : gemm.size.n, edge = all - all % tile;
            std::int64_t ResultPlace::*coordinate = is_rows ? &ResultPlace::row : &ResultPlace::column;
            if (sum.place.*coordinate < edge) return sum.expected;
            if (found == Found::zero) return 0;
            ResultPlace before = sum.place;
            before.*coordinate -= tile;
            if (before.*coordinate < 0) return std::nullopt;
            return gemm.expected[static_cast<std::size_t>(element_at(gemm.gemm, before))];
          }};
}

}  // namespace

std::vector<GemmClaim> tile_edge(const DifferingGemm&, const Sum&) {
  std::vector<GemmClaim> claims;
  for (const Found found : {Found::zero, Found::tile_before})
    for (const Axis axis : {Axis::rows, Axis::columns})
      for (const std::int64_t tile : {4, 8, 16, 32, 64, 128, 256, 2})
        claims.push_back(claim(axis, found, tile));
  return claims;
}

}  // namespace quatrain::sim::diagnosis
