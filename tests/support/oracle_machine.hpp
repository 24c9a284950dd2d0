#pragma once
/// The exact oracle behind the machine interface, with a place where a test can spoil what it says.

#include "tests/support/exact_oracle.hpp"
#include "tests/support/planted_fault.hpp"

#include <functional>
#include <string>
#include <utility>

namespace quatrain::tests {

class OracleMachine final : public traces::Machine {
 public:
  explicit OracleMachine(std::string name) : name_(std::move(name)) {}

  std::function<void(const GemmCase&, traces::GemmResult&)> spoil_product;
  std::function<void(const traces::QuantizerTask&, traces::QuantizerResult&)> spoil_quantizer;
  std::function<traces::Refusal(const traces::Gemm&)> refuse_gemm;
  traces::Refusal refuse_rule;
  unsigned products = 0;  ///< how many GEMMs it was asked for

  std::string name() const override { return name_; }
  std::string ran_on() const override { return "rationals"; }
  traces::Refusal refuses(const traces::Gemm& gemm, traces::Encoding, traces::Encoding) const override {
    return refuse_gemm ? refuse_gemm(gemm) : std::nullopt;
  }
  traces::Refusal refuses(traces::Rule) const override { return refuse_rule; }

  traces::QuantizerResult quantize(const traces::QuantizerTask& task) override {
    traces::QuantizerResult result = exact::quantize(task);
    if (spoil_quantizer) spoil_quantizer(task, result);
    return result;
  }

  traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                              std::span<const traces::Operand> right) override {
    ++products;
    GemmCase c{gemm, left.encoding, right[0].encoding, {left.codes.begin(), left.codes.end()},
               {},   left.scale,    right[0].scale};
    for (const traces::Operand& sample : right)
      c.right.emplace_back(sample.codes.begin(), sample.codes.end());
    traces::GemmResult result = exact::multiply(c);
    if (spoil_product) spoil_product(c, result);
    return result;
  }

 private:
  std::string name_;
};

}  // namespace quatrain::tests
