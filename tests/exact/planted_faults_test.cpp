/// Every mistake that can be planted in a machine shows against the oracle at the place that its row names
/// and not before, and the healthy machine gives the oracle's bits on the same case.
#include "tests/exact/machines.hpp"
#include "tests/faults/emu_faults.hpp"
#include "tests/faults/kernel_faults.hpp"
#include "tests/faults/systemc_faults.hpp"
#include "tests/support/exact_oracle.hpp"
#include "traces/encoding/nibbles.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <tuple>

namespace quatrain::tests {
namespace {

using traces::Geometry;
using traces::Phase;

const std::vector<PlantedFault>& faults() {
  static const std::vector<PlantedFault> all = [] {
    std::vector<PlantedFault> list = emu_faults();
    for (auto& fault : kernel_faults()) list.push_back(std::move(fault));
    for (auto& fault : systemc_faults()) list.push_back(std::move(fault));
    return list;
  }();
  return all;
}

/// Group, row and column of a result's flat element (numerics.md section 6).
std::tuple<std::int64_t, std::int64_t, std::int64_t> place_of(const traces::Gemm& gemm, std::int64_t flat) {
  const Geometry& g = gemm.geometry;
  const traces::GemmSize size = traces::gemm_size(gemm.phase, g);
  if (gemm.phase == Phase::backward_weight)
    return {flat / size.m / size.n, flat % size.m, flat / size.m % size.n};
  const bool is_forward = gemm.phase == Phase::forward;
  const std::int64_t plane = is_forward ? g.out_height * g.out_width : g.height * g.width;
  const std::int64_t channels = is_forward ? g.out_channels : g.in_channels;
  const std::int64_t channel = flat / plane % channels;
  return {channel / size.n, flat / plane / channels * plane + flat % plane, channel % size.n};
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

/// The first `terms` terms of every sum, sample after sample; zeros on the right behind them.
GemmCase first_terms(GemmCase c, std::int64_t terms) {
  const auto elements = static_cast<std::size_t>(traces::right_elements(c.gemm.phase, c.gemm.geometry));
  const std::int64_t size_k = traces::gemm_size(c.gemm.phase, c.gemm.geometry).k;
  for (std::size_t sample = 0; sample < c.right.size(); ++sample) {
    auto codes = traces::unpack_nibbles(c.right[sample], elements);
    for (std::size_t i = 0; i < elements; ++i)
      if (static_cast<std::int64_t>(sample) * size_k + k_of_right(c.gemm, static_cast<std::int64_t>(i)) >=
          terms)
        codes[i] = 0;
    c.right[sample] = traces::pack_nibbles(codes);
  }
  return c;
}

class EveryPlantedFault : public testing::TestWithParam<std::size_t> {
 protected:
  traces::GemmResult run(traces::Machine& machine, const GemmCase& c) {
    if (fault_.kind == "stale") multiply(machine, first_terms(c, 0));  // what an earlier call may leave
    return multiply(machine, c);
  }

  const PlantedFault& fault_ = faults()[GetParam()];
  base::ThreadPool pool_{2};
};

TEST_P(EveryPlantedFault, ShowsAtItsPlaceAndOnlyWhenPlanted) {
  const auto faulty = fault_.make();
  std::string why_not;
  const auto healthy = make_machine(fault_.machine, pool_, why_not);
  ASSERT_TRUE(healthy) << why_not;
  const auto unplanted = fault_.make_without();
  EXPECT_EQ(faulty->name(), fault_.machine);
  ASSERT_NE(fault_.gemm.has_value(), fault_.quantizer.has_value());
  if (fault_.quantizer) {
    const traces::QuantizerTask task = task_of(*fault_.quantizer);
    const auto expected = exact::quantize(task), found = faulty->quantize(task);
    EXPECT_EQ(difference(healthy->quantize(task), expected), "");
    EXPECT_EQ(difference(unplanted->quantize(task), expected), "");
    EXPECT_NE(difference(found, expected), "");
    if (found.codes == expected.codes) return;  // a clip, sum or scale alone
    std::size_t element = 0;
    while (traces::nibble_at(found.codes, element) == traces::nibble_at(expected.codes, element)) ++element;
    EXPECT_EQ(static_cast<std::int64_t>(element), fault_.place.element);
    return;
  }
  const auto expected = exact::multiply(*fault_.gemm), found = run(*faulty, *fault_.gemm);
  EXPECT_EQ(difference(run(*healthy, *fault_.gemm), expected), "");
  EXPECT_EQ(difference(run(*unplanted, *fault_.gemm), expected), "");
  EXPECT_NE(difference(found, expected), "");
  ASSERT_EQ(found.accumulators != expected.accumulators, fault_.place.k.has_value())
      << "scale or output alone";
  if (!fault_.place.k) return;
  const auto first =
      std::mismatch(found.accumulators.begin(), found.accumulators.end(), expected.accumulators.begin());
  const std::int64_t flat = first.first - found.accumulators.begin();
  EXPECT_EQ(place_of(fault_.gemm->gemm, flat),
            std::tie(fault_.place.group, fault_.place.row, fault_.place.column));
  const auto agrees_with = [&](std::int64_t terms) {
    const GemmCase prefix = first_terms(*fault_.gemm, terms);
    const auto at = static_cast<std::size_t>(flat);
    return run(*faulty, prefix).accumulators[at] == exact::accumulators(prefix)[at];
  };
  const std::int64_t size_k = traces::gemm_size(fault_.gemm->gemm.phase, fault_.gemm->gemm.geometry).k;
  const std::int64_t term = fault_.place.sample.value_or(0) * size_k + *fault_.place.k;
  EXPECT_TRUE(agrees_with(term));
  EXPECT_FALSE(agrees_with(term + 1));
}

INSTANTIATE_TEST_SUITE_P(, EveryPlantedFault, testing::Range(std::size_t{0}, faults().size()),
                         [](const auto& which) {
                           std::string name = faults()[which.param].id;
                           for (char& c : name)
                             if (c == '.' || c == '/') c = '_';
                           return name;
                         });

TEST(PlantedFaults, HaveNamesOfTheirOwnInEveryMachine) {
  std::set<std::string> ids, machines;
  for (const PlantedFault& fault : faults()) {
    EXPECT_TRUE(ids.insert(fault.id).second) << fault.id;
    EXPECT_EQ(fault.id.substr(0, fault.id.find('/')), fault.machine);
    machines.insert(fault.machine);
  }
  EXPECT_EQ(machines, (std::set<std::string>{"emu.blocked", "emu.naive", "simt.literal", "simt.naive",
                                             "simt.tiled", "systemc.array", "systemc.pe", "systemc.tile"}));
}

/// The patches of tests/faults/ and the names of the cases, by folder.
TEST(PlantedFaults, EveryPatchHasACase) {
  const std::pair<const char*, std::vector<std::string>> machines[] = {
      {"emu", {"emu.naive", "emu.blocked"}},
      {"kernels", {"simt.literal", "simt.naive", "simt.tiled"}},
      {"rtl_models", {"systemc.pe", "systemc.array", "systemc.tile"}}};
  for (const auto& [folder, names] : machines)
    for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(QUATRAIN_SOURCE_DIR) /
                                                                 "tests/faults" / folder)) {
      if (entry.path().extension() != ".patch") continue;
      const std::string fault = entry.path().stem().string();
      const bool has_case = std::any_of(faults().begin(), faults().end(), [&](const PlantedFault& planted) {
        return std::any_of(names.begin(), names.end(),
                           [&](const std::string& machine) { return planted.id == machine + "/" + fault; });
      });
      EXPECT_TRUE(has_case) << entry.path();
    }
}

}  // namespace
}  // namespace quatrain::tests
