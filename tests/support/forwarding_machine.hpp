#pragma once
/// A machine that is another one: a test's machine overrides what it does otherwise.

#include "traces/machine.hpp"

#include <memory>
#include <utility>

namespace quatrain::tests {

class ForwardingMachine : public traces::Machine {
 public:
  explicit ForwardingMachine(std::unique_ptr<traces::Machine> machine) : machine_(std::move(machine)) {}

  std::string name() const override { return machine_->name(); }
  std::string ran_on() const override { return machine_->ran_on(); }
  traces::Refusal refuses(const traces::Gemm& gemm, traces::Encoding left,
                          traces::Encoding right) const override {
    return machine_->refuses(gemm, left, right);
  }
  traces::Refusal refuses(traces::Rule rule) const override { return machine_->refuses(rule); }
  traces::QuantizerResult quantize(const traces::QuantizerTask& task) override {
    return machine_->quantize(task);
  }
  traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                              std::span<const traces::Operand> right) override {
    return machine_->multiply(gemm, left, right);
  }

 private:
  std::unique_ptr<traces::Machine> machine_;
};

}  // namespace quatrain::tests
