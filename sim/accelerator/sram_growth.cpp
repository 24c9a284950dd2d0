#include "sim/accelerator/sram_growth.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstddef>

namespace quatrain::sim {
namespace {

/// Rows of CACTI 7 (conditions of the tables) over the row of 256 KiB. Nominal: geometric mean of 45, 32 and
/// 22 nm, itrs-lstp. Low and high: the extremes of these and of itrs-hp.
struct Growth {
  unsigned width_bits;
  Access access;
  Bounds at_512, at_1024, at_4096;
};
constexpr std::array<Growth, 8> growths = {{
    {64, Access::read, {1.39, 1.53, 1.62}, {1.84, 1.95, 2.14}, {3.97, 4.11, 4.29}},
    {128, Access::read, {1.27, 1.53, 1.54}, {1.96, 2.05, 2.19}, {4.09, 4.29, 4.51}},
    {256, Access::read, {1.18, 1.54, 1.71}, {1.99, 2.25, 2.8}, {4.35, 4.76, 6.07}},
    {512, Access::read, {1.46, 1.73, 1.9}, {2.36, 2.9, 3.3}, {5.15, 6.15, 6.78}},
    {64, Access::write, {1.31, 1.38, 1.55}, {1.88, 2.04, 2.12}, {3.46, 3.92, 3.99}},
    {128, Access::write, {0.92, 1.13, 1.52}, {1.72, 1.96, 2.01}, {3.28, 3.7, 3.77}},
    {256, Access::write, {1.02, 1.16, 1.7}, {1.68, 2.11, 2.53}, {2.86, 3.58, 3.83}},
    {512, Access::write, {1.26, 1.39, 1.62}, {1.39, 1.74, 2.26}, {2.36, 3.44, 3.52}},
}};

/// Beyond 4 MiB: the size to these powers. From 256 KiB to 4 MiB the rows grow by powers of 0.31 to 0.69.
constexpr Bounds powers = {0.3, 0.5, 0.7};

/// On the straight line of log(energy) over log(size).
double between(double below, double above, double kib, double below_kib, double above_kib) {
  return below * std::pow(above / below, std::log2(kib / below_kib) / std::log2(above_kib / below_kib));
}

}  // namespace

Bounds sram_growth(unsigned width_bits, Access access, double kib) {
  assert(kib >= largest_table_kib && kib <= largest_sram_kib && "the config's bounds say so");
  const Growth& growth = *std::ranges::find_if(
      growths, [&](const Growth& row) { return row.width_bits == width_bits && row.access == access; });
  struct Size {
    double kib;
    Bounds factor;
  };
  const std::array<Size, 4> sizes = {{{largest_table_kib, {1, 1, 1}},
                                      {512, growth.at_512},
                                      {1024, growth.at_1024},
                                      {largest_grown_kib, growth.at_4096}}};
  std::size_t above = 1;
  while (above < sizes.size() && sizes[above].kib < kib) ++above;
  const auto of = [&](double Bounds::*bound) {
    if (above == sizes.size())
      return growth.at_4096.*bound * std::pow(kib / largest_grown_kib, powers.*bound);
    const Size &lower = sizes[above - 1], &upper = sizes[above];
    return between(lower.factor.*bound, upper.factor.*bound, kib, lower.kib, upper.kib);
  };
  return {of(&Bounds::low), of(&Bounds::nominal), of(&Bounds::high)};
}

}  // namespace quatrain::sim
