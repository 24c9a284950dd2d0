#include "tests/exact/machines.hpp"

#include "emu/machine.hpp"
#include "emu/simd/dispatch.hpp"
#include "kernels/machine.hpp"
#include "rtl_models/machine.hpp"
#include "tests/support/forced_path.hpp"
#include "traces/base/enumeration.hpp"

#include <map>

namespace quatrain::tests {
namespace {

using traces::Machine;

std::unique_ptr<Machine> offered(const std::vector<traces::MachineOffer>& offers, const std::string& name,
                                 base::ThreadPool& pool, std::string& why_not) {
  for (const traces::MachineOffer& offer : offers) {
    if (offer.name != name) continue;
    if (const auto reason = offer.why_not()) {
      why_not = *reason;
      return nullptr;
    }
    return offer.make(pool);
  }
  return nullptr;
}

std::vector<std::string> names_where(bool (*holds)(const std::string&)) {
  std::vector<std::string> names = machine_names();
  std::erase_if(names, [&](const std::string& name) { return !holds(name); });
  return names;
}

}  // namespace

const std::vector<std::string>& machine_names() {
  static const std::vector<std::string> names{
      "emu.naive",     "emu.blocked:portable", "emu.blocked:avx2", "emu.blocked:avx512", "emu.blocked:amx",
      "systemc.array", "systemc.pe",           "systemc.tile",     "simt.literal",       "simt.naive",
      "simt.tiled",    "simt.octets",          "simt.mma",         "simt.async",         "cuda.literal",
      "cuda.naive",    "cuda.tiled",           "cuda.octets",      "cuda.mma",           "cuda.async"};
  return names;
}

const std::vector<std::string>& unclocked_machine_names() {
  static const auto names =
      names_where([](const std::string& name) { return !name.starts_with("systemc."); });
  return names;
}

const std::vector<std::string>& clocked_machine_names() {
  static const auto names = names_where([](const std::string& name) { return name.starts_with("systemc."); });
  return names;
}

std::unique_ptr<Machine> make_machine(const std::string& name, base::ThreadPool& pool, std::string& why_not) {
  using rtl_models::Fidelity;
  if (name == "emu.naive") return emu::make_naive_machine();
  if (name == "emu.blocked") return emu::make_blocked_machine(pool);
  if (name.starts_with("emu.blocked:")) {
    const std::string path = name.substr(name.find(':') + 1);
    if (!emu::is_supported(base::named<emu::SimdPath>(path).value())) {
      why_not = "the processor has no " + path;
      return nullptr;
    }
    const ForcedPath forced(path);
    return emu::make_blocked_machine(pool);
  }
  if (name.starts_with("simt.")) return offered(kernels::simt_machine_offers(), name, pool, why_not);
  if (name.starts_with("cuda.")) return offered(kernels::cuda_machine_offers(), name, pool, why_not);
  if (const auto missing = rtl_models::systemc_missing()) {
    why_not = *missing;
    return nullptr;
  }
  if (name == "systemc.pe")
    return rtl_models::make_systemc_machine(rtl_models::make_array_model({4, 5}, Fidelity::pe), 12);
  const Fidelity fidelity = name == "systemc.tile" ? Fidelity::tile : Fidelity::array;
  return rtl_models::make_systemc_machine(rtl_models::make_array_model({16, 16}, fidelity));
}

void EveryMachine::SetUp() {
  std::string why_not;
  machine_ = make_machine(GetParam(), pool_, why_not);
  if (!machine_) {
    ASSERT_NE(why_not, "") << GetParam() << " runs everywhere";
    GTEST_SKIP() << GetParam() << ": " << why_not;
  }
  ASSERT_EQ(machine_->name(), GetParam().substr(0, GetParam().find(':')));
  const std::map<std::string, std::string> forced{{"emu.blocked:portable", "portable C++"},
                                                  {"emu.blocked:avx2", "AVX2"},
                                                  {"emu.blocked:avx512", "AVX-512 VNNI"},
                                                  {"emu.blocked:amx", "AMX-INT8"}};
  if (const auto at = forced.find(GetParam()); at != forced.end()) {
    ASSERT_EQ(machine_->ran_on(), at->second);
  }
}

}  // namespace quatrain::tests
