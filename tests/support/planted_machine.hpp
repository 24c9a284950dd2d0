#pragma once
/// A machine of the copy that carries planted faults (tests/faults/), with one of them at work in every call.

#include "traces/machine.hpp"

#include <memory>
#include <utility>

namespace quatrain::tests {

/// `Fault`: the copy's enumeration; `planted`: its number of the fault at work, none between calls.
template <typename Fault>
class PlantedMachine : public traces::Machine {
 public:
  PlantedMachine(Fault& planted, Fault fault, std::unique_ptr<traces::Machine> machine)
      : planted_(planted), fault_(fault), machine_(std::move(machine)) {}

  std::string name() const override { return machine_->name(); }
  std::string ran_on() const override { return machine_->ran_on(); }
  traces::Refusal refuses(const traces::Gemm& gemm, traces::Encoding left,
                          traces::Encoding right) const override {
    return machine_->refuses(gemm, left, right);
  }
  traces::Refusal refuses(traces::Rule rule) const override { return machine_->refuses(rule); }
  traces::QuantizerResult quantize(const traces::QuantizerTask& task) override {
    const AtWork at_work(planted_, fault_);
    return machine_->quantize(task);
  }
  traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                              std::span<const traces::Operand> right) override {
    const AtWork at_work(planted_, fault_);
    return machine_->multiply(gemm, left, right);
  }

 private:
  class AtWork {
   public:
    AtWork(Fault& planted, Fault fault) : planted_(planted) { planted_ = fault; }
    ~AtWork() { planted_ = Fault::none; }

   private:
    Fault& planted_;
  };

  Fault& planted_;
  Fault fault_;
  std::unique_ptr<traces::Machine> machine_;
};

}  // namespace quatrain::tests
