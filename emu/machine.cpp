#include "emu/machine.hpp"

#include "emu/emulator_machine.hpp"

namespace quatrain::emu {
namespace {

/// A machine with the one thread that it runs on.
class NaiveMachine final : public traces::Machine {
 public:
  std::string name() const override { return machine_.name(); }
  std::string ran_on() const override { return machine_.ran_on(); }
  traces::Refusal refuses(const traces::Gemm& gemm, traces::Encoding left,
                          traces::Encoding right) const override {
    return machine_.refuses(gemm, left, right);
  }
  traces::Refusal refuses(traces::Rule rule) const override { return machine_.refuses(rule); }
  traces::QuantizerResult quantize(const traces::QuantizerTask& task) override {
    return machine_.quantize(task);
  }
  traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                              std::span<const traces::Operand> right) override {
    return machine_.multiply(gemm, left, right);
  }

 private:
  traces::ThreadPool pool_{1};
  EmulatorMachine<Way::naive, Fault::none> machine_{SimdPath::portable, pool_};
};

}  // namespace

std::unique_ptr<traces::Machine> make_naive_machine() { return std::make_unique<NaiveMachine>(); }

std::unique_ptr<traces::Machine> make_blocked_machine(traces::ThreadPool& pool) {
  return std::make_unique<EmulatorMachine<Way::blocked, Fault::none>>(chosen_path(), pool);
}

}  // namespace quatrain::emu
