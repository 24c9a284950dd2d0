#pragma once
/// Blocks of a GEMM walked with sets of elements: what each visit loads and stores, by the text of
/// docs/hardware-model.md alone. And random designs to walk.

#include "sim/accelerator/mapping/block_traffic.hpp"
#include "tests/support/natural_terms.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace quatrain::tests {

/// One block: bytes of its runs, each from a whole byte on, and the array's cycles.
struct WalkedBlock {
  std::uint64_t left = 0, right = 0, sums = 0, cycles = 0, stored = 0;
  friend bool operator==(const WalkedBlock&, const WalkedBlock&) = default;
};

/// A design with blocks that fit.
struct BlockProblem {
  traces::Gemm gemm;
  sim::Mapping mapping;  ///< with its blocks
  sim::OperandBuffers buffers;
};

inline std::vector<WalkedBlock> walk_blocks(const BlockProblem& p) {
  using Int = std::int64_t;
  const traces::GemmSize size = p.mapping.size;
  const sim::Blocks blocks = p.mapping.blocks.value();
  const auto samples = static_cast<Int>(p.mapping.samples);
  const Int rows = p.mapping.array.rows, columns = p.mapping.array.columns;
  const auto at_most = [](std::uint64_t block, Int all) {
    return static_cast<Int>(std::min(block, static_cast<std::uint64_t>(all)));
  };
  const std::array<Int, 3> sizes = {size.m, size.n, size.k},
                           steps = {at_most(blocks.m, size.m), at_most(blocks.n, size.n),
                                    at_most(blocks.k, size.k)};
  const auto bytes = [&](Int elements) {
    return static_cast<std::uint64_t>((elements * p.buffers.element_bits + 7) / 8);
  };
  const auto left = [&](Int m0, Int m1, Int k0, Int k1) {
    std::set<Int> elements;
    for (Int m = m0; m < m1; ++m)
      for (Int k = k0; k < k1; ++k)
        if (const auto at = left_element(p.gemm, 0, m, k)) elements.insert(*at);
    return static_cast<Int>(elements.size());
  };
  const auto bits = [&](Int elements) {
    return static_cast<std::uint64_t>(elements) * p.buffers.element_bits;
  };
  const bool left_stays = bits(left(0, size.m, 0, size.k)) <= p.buffers.half_bits,
             right_stays = bits(size.n * size.k * samples) <= p.buffers.half_bits,
             results_stay = static_cast<std::uint64_t>(size.m * size.n) * 32 <= p.buffers.accumulator_bits;
  const auto axis = [](char name) { return name == 'm' ? 0U : name == 'n' ? 1U : 2U; };
  const std::string_view order = name_of(blocks.order);
  const std::array<unsigned, 3> loops = {axis(order[0]), axis(order[2]), axis(order[4])};
  std::vector<std::array<Int, 3>> starts;  // of the blocks of a group, in order
  std::array<Int, 3> at{};
  for (at[loops[0]] = 0; at[loops[0]] < sizes[loops[0]]; at[loops[0]] += steps[loops[0]])
    for (at[loops[1]] = 0; at[loops[1]] < sizes[loops[1]]; at[loops[1]] += steps[loops[1]])
      for (at[loops[2]] = 0; at[loops[2]] < sizes[loops[2]]; at[loops[2]] += steps[loops[2]])
        starts.push_back(at);
  // The stream of a tile is interrupted when another tile or another sample comes between two blocks of k.
  bool is_one_stream = steps[0] <= rows && steps[1] <= columns && samples == 1;
  for (std::size_t i = 1; i < starts.size(); ++i)
    if (starts[i][2] > 0 && (starts[i][0] != starts[i - 1][0] || starts[i][1] != starts[i - 1][1]))
      is_one_stream = false;

  std::vector<WalkedBlock> walked;
  for (Int group = 0; group < size.groups; ++group)
    for (std::size_t i = 0; i < starts.size(); ++i) {
      const auto [m0, n0, k0] = starts[i];
      const Int m1 = std::min(m0 + steps[0], size.m), n1 = std::min(n0 + steps[1], size.n),
                k1 = std::min(k0 + steps[2], size.k);
      const auto same = [&](std::size_t other, unsigned a, unsigned b) {
        return starts[i][a] == starts[other][a] && starts[i][b] == starts[other][b];
      };
      WalkedBlock block;
      if (left_stays ? i == 0 : i == 0 || !same(i - 1, 0, 2))
        block.left = left_stays ? bytes(left(0, size.m, 0, size.k)) : bytes(left(m0, m1, k0, k1));
      if (right_stays ? i == 0 : i == 0 || !same(i - 1, 1, 2))
        block.right = bytes(samples * (right_stays ? size.n * size.k : (n1 - n0) * (k1 - k0)));
      const auto results = static_cast<std::uint64_t>((m1 - m0) * (n1 - n0)), sums = 4 * results;
      const bool is_last = k1 == size.k;
      if (!results_stay && k0 > 0 && !same(i - 1, 0, 1)) block.sums = sums;
      if (is_last)
        block.stored = results * p.buffers.result_bytes;
      else if (!results_stay && !same(i + 1, 0, 1))
        block.stored = sums;
      if (is_one_stream) {
        block.cycles = static_cast<std::uint64_t>(k1 - k0);
        if (is_last) block.cycles += static_cast<std::uint64_t>(2 * (m1 - m0) + (n1 - n0) - 2);
      } else {
        for (Int n = n0; n < n1; n += columns)
          for (Int m = m0; m < m1; m += rows)
            block.cycles += static_cast<std::uint64_t>(samples * (k1 - k0) + 2 * std::min(rows, m1 - m) +
                                                       std::min(columns, n1 - n) - 2);
      }
      walked.push_back(block);
    }
  return walked;
}

/// Convolutions and linear layers in blocks that fit, all orders, with sums that leave and come back.
inline BlockProblem random_block_problem(std::mt19937& random) {
  while (true) {
    const auto pick = [&](unsigned least, unsigned most) {
      return least + static_cast<unsigned>(random()) % (most - least + 1);
    };
    const traces::Phase phase = all_phases[random() % 3];
    traces::Geometry geometry;
    if (pick(0, 2) > 0) {
      geometry = random_geometry(random);
    } else {
      geometry.batch = pick(1, 30), geometry.in_channels = pick(1, 30), geometry.out_channels = pick(1, 20);
    }
    BlockProblem p{{phase, geometry}, {}, {}};
    p.mapping.size = traces::gemm_size(phase, geometry);
    p.mapping.samples = phase == traces::Phase::backward_weight ? 1U << pick(0, 2) : 1;
    p.mapping.array = {pick(1, 6), pick(1, 4)};
    p.buffers = {pick(40, 1600), 4, 32ULL * pick(6, 90), 1, geometry.out_channels % 2 == 0 ? 2U : 4U};
    p.mapping.blocks = sim::Blocks{sim::all_loop_orders[random() % 6], p.mapping.array.rows * pick(1, 4),
                                   p.mapping.array.columns * pick(1, 4), pick(1, 20)};
    sim::BlockTraffic traffic(p.gemm, p.mapping, p.buffers);
    if (!traffic.refuses(*p.mapping.blocks)) return p;
  }
}

}  // namespace quatrain::tests
