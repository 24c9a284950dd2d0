/// Every mistake that can be planted in the emulator differs from the exact oracle at its place and not
/// before, and the healthy machines do not.
#include "emu/machine.hpp"
#include "tests/support/emu_faults.hpp"
#include "tests/support/exact_oracle.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/sharp_tensors.hpp"

#include <gtest/gtest.h>

#include <set>

namespace quatrain::tests {
namespace {

using traces::Phase;

const std::vector<PlantedFault>& faults() {
  static const std::vector<PlantedFault> all = emu_faults();
  return all;
}

std::unique_ptr<traces::Machine> healthy(const std::string& name, traces::ThreadPool& pool) {
  return name == "emu.naive" ? emu::make_naive_machine() : emu::make_blocked_machine(pool);
}

bool same(const traces::GemmResult& a, const traces::GemmResult& b) {
  return a.accumulators == b.accumulators && a.output == b.output && a.scale == b.scale;
}

bool same(const traces::QuantizerResult& a, const traces::QuantizerResult& b) {
  return a.codes == b.codes && a.max == b.max && a.max_used == b.max_used && a.exponent == b.exponent &&
         a.count == b.count && a.sum1 == b.sum1 && a.sum2 == b.sum2 && a.clip == b.clip && a.scale == b.scale;
}

/// The case with the right operand zeroed from k on (the linear layers of the faults; one sample).
GemmCase prefix(GemmCase c, std::int64_t k) {
  const traces::GemmSize size = traces::gemm_size(c.gemm.phase, c.gemm.geometry);
  std::vector<std::uint8_t> codes =
      traces::unpack_nibbles(c.right.front(), static_cast<std::size_t>(size.n * size.k));
  for (std::int64_t row = 0; row < size.n; ++row)
    for (std::int64_t at = k; at < size.k; ++at) {
      const bool is_forward = c.gemm.phase == Phase::forward;  // W [n, k]; backward_weight has dZ [k, n]
      codes[static_cast<std::size_t>(is_forward ? row * size.k + at : at * size.n + row)] = 0;
    }
  c.right = {traces::pack_nibbles(codes)};
  return c;
}

class EmulatorFault : public testing::TestWithParam<std::size_t> {
 protected:
  traces::GemmResult run(traces::Machine& machine, const GemmCase& c) {
    if (fault_.kind == "stale") {  // what an earlier call may have left
      const GemmCase zero = prefix(c, 0);
      machine.multiply(zero.gemm, left_operand(zero), right_operands(zero));
    }
    return machine.multiply(c.gemm, left_operand(c), right_operands(c));
  }

  const PlantedFault& fault_ = faults()[GetParam()];
  traces::ThreadPool pool_{2};
};

TEST_P(EmulatorFault, ShowsAtItsPlaceAndOnlyWhenPlanted) {
  const auto faulty = fault_.make();
  EXPECT_EQ(faulty->name(), fault_.machine);
  const auto sound = healthy(fault_.machine, pool_);
  ASSERT_NE(fault_.gemm.has_value(), fault_.quantizer.has_value());
  if (fault_.quantizer) {
    const traces::QuantizerTask task = task_of(*fault_.quantizer);
    const auto expected = exact::quantize(task), got = faulty->quantize(task);
    EXPECT_TRUE(same(sound->quantize(task), expected));
    EXPECT_FALSE(same(got, expected));
    if (got.codes == expected.codes) return;
    std::size_t element = 0;
    while (traces::nibble_at(got.codes, element) == traces::nibble_at(expected.codes, element)) ++element;
    EXPECT_EQ(static_cast<std::int64_t>(element), fault_.place.element);
    return;
  }
  const auto expected = exact::multiply(*fault_.gemm), got = run(*faulty, *fault_.gemm);
  EXPECT_TRUE(same(run(*sound, *fault_.gemm), expected));
  EXPECT_FALSE(same(got, expected));
  EXPECT_EQ(got.accumulators != expected.accumulators, fault_.place.k.has_value());
  if (!fault_.place.k) return;
  const traces::GemmSize size = traces::gemm_size(fault_.gemm->gemm.phase, fault_.gemm->gemm.geometry);
  std::size_t first = 0;
  while (got.accumulators[first] == expected.accumulators[first]) ++first;
  const auto flat = static_cast<std::int64_t>(first);
  const bool is_forward = fault_.gemm->gemm.phase == Phase::forward;  // Z [m, n]; dW [n, m]
  EXPECT_EQ(is_forward ? flat / size.n : flat % size.m, fault_.place.row);
  EXPECT_EQ(is_forward ? flat % size.n : flat / size.m, fault_.place.column);
  // k terms are still right, k + 1 are not.
  const auto agrees = [&](std::int64_t terms) {
    const GemmCase c = prefix(*fault_.gemm, terms);
    return same(run(*faulty, c), exact::multiply(c));
  };
  EXPECT_TRUE(agrees(*fault_.place.k));
  EXPECT_FALSE(agrees(*fault_.place.k + 1));
}

INSTANTIATE_TEST_SUITE_P(EveryFault, EmulatorFault, testing::Range(std::size_t{0}, faults().size()),
                         [](const auto& which) {
                           std::string name = faults()[which.param].id;
                           for (char& character : name)
                             if (character == '.' || character == '/') character = '_';
                           return name;
                         });

TEST(EmulatorFaults, HaveNamesOfTheirOwnInBothMachines) {
  std::set<std::string> ids, machines;
  for (const PlantedFault& fault : faults()) {
    EXPECT_TRUE(ids.insert(fault.id).second) << fault.id;
    EXPECT_EQ(fault.id.substr(0, fault.id.find('/')), fault.machine);
    machines.insert(fault.machine);
  }
  EXPECT_EQ(machines, (std::set<std::string>{"emu.naive", "emu.blocked"}));
}

}  // namespace
}  // namespace quatrain::tests
