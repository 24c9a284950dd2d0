#pragma once
/// The hindsight maximum (numerics.md section 3.1): the maximum of a step's gradient, estimated from the
/// steps before it.

#include "emu/quant/measure.hpp"

#include <optional>
#include <span>

namespace quatrain::emu {

/// What a layer keeps of it, as `LAYER.hindsight`: m and a of the step before, both 0 before the first.
inline constexpr std::size_t hindsight_values = 2;

/// m of the step that begins; nothing where the step uses its own maximum.
inline std::optional<float> hindsight_estimate(std::span<const float> kept) {
  constexpr float eta = 0.1F, rest = 1 - eta;
  static_assert(rest == 0x1.ccccccp-1F);  // 3f666666
  const float measured = rest * kept[1], estimated = eta * kept[0];
  const float estimate = measured + estimated;
  if (estimate < smallest_maximum) return std::nullopt;
  return estimate;
}

/// After the step. `estimate`: what it used, where it used one. `maximum`: of its gradient.
inline void keep_hindsight(std::span<float> kept, std::optional<float> estimate, float maximum) {
  kept[0] = estimate.value_or(maximum);
  kept[1] = maximum;
}

}  // namespace quatrain::emu
