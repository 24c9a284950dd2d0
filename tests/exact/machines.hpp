#pragma once
/// The machines that the suites of this folder run over.

#include "tests/support/machine_results.hpp"
#include "traces/base/parallel_for.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace quatrain::tests {

/// Every machine of the project, whether or not it can run here; the instructions of emu.blocked after a
/// colon.
const std::vector<std::string>& machine_names();
/// All but the simulated hardware, which simulates every cycle.
const std::vector<std::string>& unclocked_machine_names();
/// The simulated hardware: one machine for each process.
const std::vector<std::string>& clocked_machine_names();
/// nullptr, and the reason in `why_not`, where it cannot run.
std::unique_ptr<traces::Machine> make_machine(const std::string& name, base::ThreadPool& pool,
                                              std::string& why_not);

inline std::string parameter_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name)
    if (c == '.' || c == ':') c = '_';
  return name;
}

/// One machine for one test; SystemC wants a process for itself, and ctest gives each test its own.
class EveryMachine : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override;  ///< skips, with the reason, where the machine cannot run
  traces::Machine& machine() { return *machine_; }

 private:
  base::ThreadPool pool_{2};
  std::unique_ptr<traces::Machine> machine_;
};

}  // namespace quatrain::tests
