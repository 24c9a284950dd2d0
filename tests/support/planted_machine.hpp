#pragma once
/// A machine of the copy that carries planted faults (tests/faults/), with one of them at work in every call.

#include "tests/support/forwarding_machine.hpp"

namespace quatrain::tests {

/// `Fault`: the copy's enumeration; `planted`: its number of the fault at work, none between calls.
template <typename Fault>
class PlantedMachine : public ForwardingMachine {
 public:
  PlantedMachine(Fault& planted, Fault fault, std::unique_ptr<traces::Machine> machine)
      : ForwardingMachine(std::move(machine)), planted_(planted), fault_(fault) {}

  traces::QuantizerResult quantize(const traces::QuantizerTask& task) override {
    const AtWork at_work(planted_, fault_);
    return ForwardingMachine::quantize(task);
  }
  traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                              std::span<const traces::Operand> right) override {
    const AtWork at_work(planted_, fault_);
    return ForwardingMachine::multiply(gemm, left, right);
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
};

}  // namespace quatrain::tests
