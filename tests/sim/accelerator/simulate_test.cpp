#include "sim/accelerator/simulate.hpp"

#include <gtest/gtest.h>

namespace quatrain::sim {
namespace {

RecordResult record(std::string layer, traces::Phase phase, std::int64_t m, unsigned samples,
                    std::uint64_t cycles) {
  RecordResult result;
  result.layer = std::move(layer);
  result.phase = phase;
  result.size = {.m = m, .n = 3, .k = 4};
  result.samples = samples;
  result.tally.records = 1;
  result.tally.use.cycles = cycles;
  return result;
}

/// The last batch of an epoch is smaller than the others.
TEST(Parts, BySizeKeepLayersPhasesSizesAndSamplesApart) {
  using traces::Phase;
  const std::vector<RecordResult> records = {record("a", Phase::forward, 64, 1, 1),
                                             record("a", Phase::backward_weight, 64, 1, 10),
                                             record("a", Phase::forward, 16, 1, 100),
                                             record("b", Phase::forward, 64, 1, 1000),
                                             record("a", Phase::backward_weight, 64, 2, 10'000),
                                             record("a", Phase::forward, 64, 1, 100'000)};
  const auto cycles = [](const std::vector<Part>& parts) {
    std::vector<std::uint64_t> found;
    for (const Part& part : parts) found.push_back(part.tally.use.cycles);
    return found;
  };
  EXPECT_EQ(cycles(parts_by_size(records)), (std::vector<std::uint64_t>{100'001, 10, 100, 1000, 10'000}));
  EXPECT_EQ(cycles(parts_by_phase(records)), (std::vector<std::uint64_t>{100'101, 10'010, 1000}));
}

}  // namespace
}  // namespace quatrain::sim
