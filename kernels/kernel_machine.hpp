#pragma once
/// A machine around a Backend: what it refuses, what it checks beforehand, the wording of its errors.

#include "kernels/backend.hpp"

#include <memory>
#include <utility>

namespace quatrain::kernels {

class KernelMachine final : public traces::Machine {
 public:
  KernelMachine(std::string name, std::unique_ptr<Backend> backend)
      : name_(std::move(name)), backend_(std::move(backend)) {}

  std::string name() const override { return name_; }
  std::string ran_on() const override { return backend_->ran_on(); }
  traces::Refusal refuses(const traces::Gemm& gemm, traces::Encoding left,
                          traces::Encoding right) const override;
  traces::Refusal refuses(traces::Rule rule) const override;
  traces::QuantizerResult quantize(const traces::QuantizerTask& task) override;
  traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                              std::span<const traces::Operand> right) override;

 private:
  std::string name_;
  std::unique_ptr<Backend> backend_;
};

}  // namespace quatrain::kernels
