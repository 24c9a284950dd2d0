/// Every planted fault is seen where it was planted, and nothing is seen without one.
#include "kernels/machine.hpp"
#include "tests/kernels/compare.hpp"
#include "tests/support/exact_oracle.hpp"
#include "tests/support/kernel_faults.hpp"

#include <gmock/gmock.h>

#include <set>

namespace quatrain::tests {
namespace {

using traces::Geometry;
using traces::Phase;

/// Group, row and column of a result's flat element (numerics.md section 6).
ExpectedPlace place_of(const traces::Gemm& gemm, std::int64_t flat) {
  const Geometry& g = gemm.geometry;
  const traces::GemmSize size = traces::gemm_size(gemm.phase, g);
  if (gemm.phase == Phase::backward_weight)
    return {flat / size.m / size.n, flat % size.m, flat / size.m % size.n, std::nullopt, std::nullopt, 0};
  const bool is_forward = gemm.phase == Phase::forward;
  const std::int64_t plane = is_forward ? g.out_height * g.out_width : g.height * g.width;
  const std::int64_t channels = is_forward ? g.out_channels : g.in_channels;
  const std::int64_t channel = flat / plane % channels;
  return {channel / size.n, flat / plane / channels * plane + flat % plane, channel % size.n, std::nullopt,
          std::nullopt};
}

/// The k that a right operand's flat element belongs to.
std::int64_t k_of_right(const traces::Gemm& gemm, std::int64_t flat) {
  const Geometry& g = gemm.geometry;
  const std::int64_t k = traces::gemm_size(gemm.phase, g).k, taps = g.kernel_height * g.kernel_width;
  const std::int64_t in = g.in_channels / g.groups, out = g.out_channels / g.groups;
  const std::int64_t plane = g.out_height * g.out_width;
  if (gemm.phase == Phase::forward) return flat % k;
  if (gemm.phase == Phase::backward_data) return flat / taps / in % out * taps + flat % taps;
  return flat / plane / g.out_channels * plane + flat % plane;
}

GemmCase zeroed_from(const GemmCase& c, std::int64_t k) {
  GemmCase out = c;
  for (auto& right : out.right) {
    auto codes = traces::unpack_nibbles(
        right, static_cast<std::size_t>(traces::right_elements(c.gemm.phase, c.gemm.geometry)));
    for (std::size_t i = 0; i < codes.size(); ++i)
      if (k_of_right(c.gemm, static_cast<std::int64_t>(i)) >= k) codes[i] = 0;
    right = traces::pack_nibbles(codes);
  }
  return out;
}

std::int64_t first_difference(const std::vector<std::int32_t>& a, const std::vector<std::int32_t>& b) {
  return std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin();
}

void expect_found(traces::Machine& machine, const GemmCase& c, const ExpectedPlace& place) {
  const auto found = multiply(machine, c);
  const auto expected = exact::multiply(c);
  const std::int64_t flat = first_difference(found.accumulators, expected.accumulators);
  if (!place.k) {
    EXPECT_EQ(found.accumulators, expected.accumulators);
    EXPECT_NE(bits_of(found.output[0]), bits_of(expected.output[0]));
    return;
  }
  ASSERT_LT(flat, static_cast<std::int64_t>(expected.accumulators.size()));
  const ExpectedPlace seen = place_of(c.gemm, flat);
  EXPECT_EQ(std::tie(seen.group, seen.row, seen.column), std::tie(place.group, place.row, place.column));
  const auto parts_with = [&](std::int64_t k) {
    const GemmCase prefix = zeroed_from(c, k);
    const auto at = static_cast<std::size_t>(flat);
    return multiply(machine, prefix).accumulators[at] != direct_product(prefix)[at];
  };
  EXPECT_FALSE(parts_with(*place.k));
  EXPECT_TRUE(parts_with(*place.k + 1));
}

void expect_found(traces::Machine& machine, const QuantizerCase& c, const ExpectedPlace& place) {
  const auto found = machine.quantize(task_of(c));
  const auto expected = exact::quantize(task_of(c));
  std::size_t i = 0;
  while (i < c.source.size() && traces::nibble_at(found.codes, i) == traces::nibble_at(expected.codes, i))
    ++i;
  EXPECT_EQ(static_cast<std::int64_t>(i), place.element);
}

class PlantedInKernels : public testing::TestWithParam<std::size_t> {
 protected:
  const PlantedFault fault_ = kernel_faults().at(GetParam());
};

TEST_P(PlantedInKernels, IsSeenAtItsPlace) {
  const auto machine = fault_.make();
  EXPECT_EQ(machine->name(), fault_.machine);
  if (fault_.gemm)
    expect_found(*machine, *fault_.gemm, fault_.place);
  else
    expect_found(*machine, *fault_.quantizer, fault_.place);
}

TEST_P(PlantedInKernels, NothingIsSeenInTheHealthyMachine) {
  traces::ThreadPool pool(1);
  for (const auto& machine : kernels::make_simt_machines(pool)) {
    if (fault_.gemm)
      expect_bits(multiply(*machine, *fault_.gemm), exact::multiply(*fault_.gemm));
    else
      expect_bits(machine->quantize(task_of(*fault_.quantizer)), exact::quantize(task_of(*fault_.quantizer)));
  }
}

std::string name_of_fault(const testing::TestParamInfo<std::size_t>& info) {
  std::string name = kernel_faults().at(info.param).id;
  for (char& letter : name)
    if (letter == '.' || letter == '/') letter = '_';
  return name;
}
INSTANTIATE_TEST_SUITE_P(All, PlantedInKernels, testing::Range(std::size_t{0}, kernel_faults().size()),
                         name_of_fault);

TEST(PlantedInKernels, IdsAreUnique) {
  std::set<std::string> ids;
  for (const PlantedFault& fault : kernel_faults()) EXPECT_TRUE(ids.insert(fault.id).second) << fault.id;
}

}  // namespace
}  // namespace quatrain::tests
