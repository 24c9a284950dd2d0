#pragma once
/// How an array is built: what its PEs hold while operands stream past, and how results leave
/// (docs/hardware-model.md, "Cycles").

#include <cstdint>
#include <variant>

namespace quatrain::rtl_models {

/// When an output-stationary tile may begin, and through which registers its results leave.
enum class Drain : std::uint8_t {
  serial,  ///< when the tile before has sent its last word
  skewed,  ///< as soon as its products follow the words that leave the accumulators
  shadow   ///< as soon as the operands before it have entered: results leave through registers of their own
};

/// When the operands that the PEs hold enter.
enum class Preload : std::uint8_t {
  hidden,  ///< while the fold before streams, into registers of their own
  exposed  ///< when the fold before has sent its last sum
};

/// Which operand the PEs hold.
enum class Held : std::uint8_t { left, right };

/// PEs hold the results.
struct OutputStationary {
  Drain drain = Drain::serial;
  friend bool operator==(const OutputStationary&, const OutputStationary&) = default;
};
/// PEs hold the right operand.
struct WeightStationary {
  Preload preload = Preload::hidden;
  friend bool operator==(const WeightStationary&, const WeightStationary&) = default;
};
/// PEs hold the left operand.
struct InputStationary {
  Preload preload = Preload::hidden;
  friend bool operator==(const InputStationary&, const InputStationary&) = default;
};

using Dataflow = std::variant<OutputStationary, WeightStationary, InputStationary>;

/// One function per alternative: std::visit(Overloaded{...}, dataflow).
template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

}  // namespace quatrain::rtl_models
