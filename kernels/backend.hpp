#pragma once
/// What a machine asks of the device that its kernels run on. Plain C++: the backends of both platforms stand
/// behind it, each in its own object file.

#include "kernels/launch_shape.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace quatrain::kernels {

struct QuantizerOutcome {
  enum class Status : std::uint8_t { done, bad_element, maximum_out_of_range };
  Status status = Status::done;
  std::uint64_t element = 0;       ///< of bad_element: flat index of the first one
  traces::QuantizerResult result;  ///< of done
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string ran_on() const = 0;
  /// The task is one that KernelMachine lets through.
  virtual QuantizerOutcome quantize(const traces::QuantizerTask& task) = 0;
  /// Why no kernel of the rung has the GEMM's accumulator.
  virtual traces::Refusal refuses(const traces::Gemm& gemm) const = 0;
  virtual traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                                      std::span<const traces::Operand> right) = 0;
};

}  // namespace quatrain::kernels
