#include "sim/machines.hpp"

#include "emu/machine.hpp"
#include "kernels/machine.hpp"
#include "rtl_models/machine.hpp"
#include "traces/base/error.hpp"
#include "traces/base/joined.hpp"

#include <algorithm>
#include <set>

namespace quatrain::sim {
namespace {

/// The families, in the order of all tables.
std::vector<traces::MachineOffer> machine_offers(bool simt_checks = false) {
  std::vector<traces::MachineOffer> offers;
  for (auto& family : {emu::machine_offers(), rtl_models::machine_offers(),
                       simt_checks ? kernels::checked_simt_machine_offers() : kernels::simt_machine_offers(),
                       kernels::cuda_machine_offers()})
    offers.insert(offers.end(), family.begin(), family.end());
  return offers;
}

RegisteredMachine made(const traces::MachineOffer& offer, base::ThreadPool& pool) {
  if (const auto reason = offer.why_not()) return {offer.name, nullptr, *reason};
  return {offer.name, offer.make(pool), {}};
}

}  // namespace

std::vector<std::string> known_machines() {
  std::vector<std::string> names;
  for (const traces::MachineOffer& offer : machine_offers()) names.push_back(offer.name);
  return names;
}

std::vector<std::string> quick_machines() {
  std::vector<std::string> names;
  for (const traces::MachineOffer& offer : machine_offers())
    if (!offer.is_slow) names.push_back(offer.name);
  return names;
}

std::vector<std::string> machines_named(std::string_view list) {
  const std::vector<std::string> names = known_machines(), quick = quick_machines();
  const std::set<std::string> of_beginnings(quick.begin(), quick.end());
  std::vector<bool> chosen(names.size(), false);
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string_view word = list.substr(begin, end - begin);
    bool fits = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const bool is_meant = of_beginnings.contains(names[i]) ? names[i].starts_with(word) : names[i] == word;
      if (!word.empty() && is_meant) fits = chosen[i] = true;
    }
    if (!fits)
      throw base::Error("no machine '{}'; expected names or their beginnings of {}", word,
                        base::joined(names));
    begin = end + 1;
  }
  std::vector<std::string> result;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (chosen[i]) result.emplace_back(names[i]);
  return result;
}

std::vector<RegisteredMachine> make_machines(std::span<const std::string> wanted, base::ThreadPool& pool,
                                             bool simt_checks) {
  std::vector<RegisteredMachine> machines;
  for (const traces::MachineOffer& offer : machine_offers(simt_checks)) {
    const bool is_wanted = std::find(wanted.begin(), wanted.end(), offer.name) != wanted.end();
    machines.push_back(is_wanted ? made(offer, pool)
                                 : RegisteredMachine{offer.name, nullptr, "not asked for"});
  }
  return machines;
}

std::vector<RegisteredMachine> make_machines(const std::vector<traces::MachineOffer>& offers,
                                             base::ThreadPool& pool) {
  std::vector<RegisteredMachine> machines;
  for (const traces::MachineOffer& offer : offers) machines.push_back(made(offer, pool));
  return machines;
}

}  // namespace quatrain::sim
