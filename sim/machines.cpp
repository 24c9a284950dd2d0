#include "sim/machines.hpp"

#include "emu/machine.hpp"
#include "kernels/machine.hpp"
#include "rtl_models/machine.hpp"
#include "traces/base/error.hpp"
#include "traces/base/joined.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace quatrain::sim {
namespace {

constexpr std::array<std::string_view, 8> names = {"emu.naive",  "emu.blocked", "systemc.pe", "systemc.array",
                                                   "simt.naive", "simt.tiled",  "cuda.naive", "cuda.tiled"};
constexpr rtl_models::ArrayShape systemc_array{32, 32};

/// Makes what is wanted of one family after the other and puts it into its entry.
class Maker {
 public:
  Maker(std::span<const std::string> wanted, traces::ThreadPool& pool) : wanted_(wanted), pool_(pool) {
    for (const std::string_view name : names)
      entries_.push_back({std::string(name), nullptr, "not asked for"});
  }

  std::vector<RegisteredMachine> make() {
    if (wants("emu.naive")) enter(emu::make_naive_machine());
    if (wants("emu.blocked")) enter(emu::make_blocked_machine(pool_));
    make_systemc("systemc.pe", rtl_models::Fidelity::pe);
    make_systemc("systemc.array", rtl_models::Fidelity::array);
    if (wants("simt.naive") || wants("simt.tiled")) enter_all(kernels::make_simt_machines(pool_));
    make_cuda();
    return std::move(entries_);
  }

 private:
  bool wants(std::string_view name) const {
    return std::find(wanted_.begin(), wanted_.end(), name) != wanted_.end();
  }

  RegisteredMachine& entry(std::string_view name) {
    const auto at = std::find(names.begin(), names.end(), name);
    return entries_.at(static_cast<std::size_t>(at - names.begin()));
  }

  void enter(std::unique_ptr<traces::Machine> machine) {
    if (!wants(machine->name())) return;
    RegisteredMachine& place = entry(machine->name());
    place.machine = std::move(machine);
    place.why_not.clear();
  }

  void enter_all(std::vector<std::unique_ptr<traces::Machine>> machines) {
    for (auto& machine : machines) enter(std::move(machine));
  }

  void make_systemc(std::string_view name, rtl_models::Fidelity fidelity) {
    if (!wants(name)) return;
    if (const auto reason = rtl_models::systemc_missing()) {
      entry(name).why_not = *reason;
      return;
    }
    enter(rtl_models::make_systemc_machine(rtl_models::make_array_model(systemc_array, fidelity)));
  }

  void make_cuda() {
    if (!wants("cuda.naive") && !wants("cuda.tiled")) return;
    std::string why_not;
    enter_all(kernels::make_cuda_machines(why_not));
    for (const std::string_view name : {"cuda.naive", "cuda.tiled"})
      if (wants(name) && !entry(name).machine) entry(name).why_not = why_not;
  }

  std::span<const std::string> wanted_;
  traces::ThreadPool& pool_;
  std::vector<RegisteredMachine> entries_;
};

}  // namespace

std::span<const std::string_view> known_machines() { return names; }

std::vector<std::string> machines_named(std::string_view list) {
  std::vector<bool> chosen(names.size(), false);
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string_view word = list.substr(begin, end - begin);
    bool fits = false;
    for (std::size_t i = 0; i < names.size(); ++i)
      if (!word.empty() && names[i].starts_with(word)) fits = chosen[i] = true;
    if (!fits)
      throw traces::Error("--machines: no machine '{}'; expected names or their beginnings of {}", word,
                          traces::joined(names));
    begin = end + 1;
  }
  std::vector<std::string> result;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (chosen[i]) result.emplace_back(names[i]);
  return result;
}

std::vector<RegisteredMachine> make_machines(std::span<const std::string> wanted, traces::ThreadPool& pool) {
  return Maker(wanted, pool).make();
}

}  // namespace quatrain::sim
