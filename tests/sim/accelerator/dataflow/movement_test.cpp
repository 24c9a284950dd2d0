#include "sim/accelerator/dataflow/movement.hpp"

#include "sim/accelerator/cycles.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace quatrain::tests {
namespace {

using namespace rtl_models;
using Int = std::int64_t;
using U = std::uint64_t;

struct Counted {
  U operand_hops = 0, sum_hops = 0, clocked_pes = 0;
};

/// Tile by tile and PE by PE. A PE of row i of r hands on the words of the rows above it, and its own.
void count_tile(Int rows, Int columns, Int stream, Counted& c) {
  for (Int i = 0; i < rows; ++i)
    for (Int j = 0; j < columns; ++j) {
      c.operand_hops += static_cast<U>(2 * stream);
      c.sum_hops += static_cast<U>(i + 1);
      const bool waits = i + 1 < rows;  // the bottom row sends its own word at once
      c.clocked_pes += static_cast<U>(stream + waits + i + 1);
    }
}

/// Row i of a fold hands the held operands of the rows below it on, after its own has come.
void count_fold(Int rows, Int columns, Int stream, Counted& c) {
  for (Int i = 0; i < rows; ++i)
    for (Int j = 0; j < columns; ++j) {
      const Int handed = rows - i;
      c.operand_hops += static_cast<U>(stream + handed);
      c.sum_hops += static_cast<U>(stream);
      c.clocked_pes += static_cast<U>(stream + 1 + handed);
    }
}

Counted counted(const sim::Mapping& mapping) {
  Counted c;
  const Int m = mapping.size.m, n = mapping.size.n, k = mapping.size.k, rows = mapping.array.rows,
            columns = mapping.array.columns, samples = mapping.samples;
  const auto each = [](Int all, Int side, const auto& call) {
    for (Int first = 0; first < all; first += side) call(std::min(side, all - first));
  };
  for (Int group = 0; group < mapping.size.groups; ++group) {
    if (std::holds_alternative<OutputStationary>(mapping.dataflow)) {
      const Int passes = static_cast<Int>(mapping.passes());
      each(n, columns, [&](Int width) {
        each(m, rows, [&](Int height) {
          Int left = samples * k;  // whatever the parts of the stream are, each ends with a drain
          for (Int pass = 1; pass < passes; ++pass, --left) count_tile(height, width, 1, c);
          count_tile(height, width, left, c);
        });
      });
    } else if (std::holds_alternative<WeightStationary>(mapping.dataflow)) {
      for (Int sample = 0; sample < samples; ++sample)
        each(n, columns,
             [&](Int width) { each(k, rows, [&](Int height) { count_fold(height, width, m, c); }); });
    } else {
      each(m, columns,
           [&](Int width) { each(k, rows, [&](Int height) { count_fold(height, width, samples * n, c); }); });
    }
  }
  return c;
}

TEST(Movement, EqualsACountPeByPe) {
  std::mt19937 random(5);
  const auto draw = [&](Int most) { return 1 + static_cast<Int>(random() % static_cast<U>(most)); };
  for (int round = 0; round < 300; ++round) {
    const Int side = draw(9);
    sim::Mapping mapping{{draw(20), draw(20), draw(20), draw(3)},
                         1U << random() % 3,
                         {static_cast<std::uint32_t>(side), static_cast<std::uint32_t>(draw(9))}};
    const Dataflow dataflows[] = {OutputStationary{}, OutputStationary{Drain::shadow}, WeightStationary{},
                                  WeightStationary{Preload::exposed}, InputStationary{}};
    mapping.dataflow = dataflows[round % 5];
    if (round % 5 == 0)
      mapping.blocks = sim::Blocks{sim::LoopOrder::m_n_k, static_cast<U>(side) * 2, mapping.array.columns, 7};
    const sim::Movement found = movement_of(mapping);
    const Counted expected = counted(mapping);
    ASSERT_EQ(found.operand_hops, expected.operand_hops) << round;
    ASSERT_EQ(found.sum_hops, expected.sum_hops) << round;
    ASSERT_EQ(found.clocked_pes, expected.clocked_pes) << round;
    if (mapping.dataflow == Dataflow(OutputStationary{Drain::serial})) {
      const sim::UseOfArray use = use_of_array(mapping);
      ASSERT_LE(found.clocked_pes, use.pes * use.cycles)
          << "a gated PE is clocked no more than an ungated one";
    }
  }
}

}  // namespace
}  // namespace quatrain::tests
