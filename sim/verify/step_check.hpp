#pragma once
/// Other machines beside a training run: every quantizer and 4-bit product of every step is computed by each
/// of them too, and must have the run's bits. Operands are always those of the run, so a wrong machine never
/// feeds another check.

#include "emu/nn/observer.hpp"
#include "emu/nn/training_config.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim {

/// The first difference: "MACHINE first difference: ...", as `quatrain verify` says it, and where its record
/// stands as a trace.
class MachinesDiffer : public emu::StoppedByObserver {
 public:
  using emu::StoppedByObserver::StoppedByObserver;
};

/// A machine of a check, and what it has computed so far: all of it equal.
struct CheckedBeside {
  traces::Machine& machine;
  std::uint64_t quantizers = 0, gemms = 0;
  std::uint64_t unsupported = 0;  ///< records that it does not support
};

class StepCheck final : public emu::StepObserver {
 public:
  /// `machines` are counted in place. `witness`: a machine that computes as the run does; it is run again to
  /// find the first wrong k. A difference leaves its record in the first free DIRECTORY/difference,
  /// DIRECTORY/difference-002, ...
  StepCheck(const emu::TrainingConfig& config, std::vector<CheckedBeside>& machines, traces::Machine& witness,
            std::filesystem::path directory)
      : config_(config), machines_(machines), witness_(witness), directory_(std::move(directory)) {}

  void begin_step(std::uint32_t step, traces::Pass pass) override;
  /// Both throw MachinesDiffer.
  void quantized(const emu::QuantizerEvent& event) override;
  void multiplied(const emu::ProductEvent& event) override;

 private:
  template <typename Result>
  struct Answer {
    std::optional<Result> result;
    std::string error;  ///< set when there is no result
  };
  template <typename Compute>
  static auto answer_of(const Compute& compute) -> Answer<decltype(compute())>;
  /// Writes the records that `record` makes; returns where.
  std::filesystem::path leave_trace(const std::function<void(emu::StepObserver&)>& record) const;
  [[noreturn]] void fail(const traces::Machine& machine, const std::string& difference,
                         const std::filesystem::path& trace) const;
  [[noreturn]] void differs(const emu::QuantizerEvent& event, traces::Machine& machine,
                            const Answer<traces::QuantizerResult>& answer) const;
  [[noreturn]] void differs(const emu::ProductEvent& event, traces::Machine& machine,
                            const Answer<traces::GemmResult>& answer,
                            const traces::GemmResult& expected) const;

  const emu::TrainingConfig& config_;
  std::vector<CheckedBeside>& machines_;
  traces::Machine& witness_;
  std::filesystem::path directory_;
  std::uint32_t step_ = 0;
  traces::Pass pass_ = traces::Pass::train;
};

}  // namespace quatrain::sim
