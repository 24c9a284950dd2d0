#pragma once
/// What a machine asks of the device that its kernels run on. Plain C++: the backends of both platforms stand
/// behind it, each in its own object file.

#include "traces/machine.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace quatrain::kernels {

/// How work is cut into blocks. No result depends on it.
struct LaunchShape {
  unsigned threads = 256;  ///< of a block; a multiple of 32; the tiled rung's tile decides for itself
  unsigned reduction_blocks = 256;  ///< at most, of a maximum or sum
  unsigned k_parts = 0;  ///< tiled: parts of k that are summed by blocks of their own; 0: as it suits
};

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
  virtual traces::GemmResult multiply(const traces::Gemm& gemm, const traces::Operand& left,
                                      std::span<const traces::Operand> right) = 0;
};

}  // namespace quatrain::kernels
