#include "sim/verify/difference.hpp"

#include <fmt/format.h>

namespace quatrain::sim {

std::string describe(const Difference& difference) {
  const auto part = std::visit([](auto value) { return traces::name_of(value); }, difference.part);
  std::string text = fmt::format("layer {}, step {}, {}, {}", difference.layer, difference.step,
                                 traces::name_of(difference.pass), part);
  if (difference.place)
    text += fmt::format(", group {}, row {}, column {}", difference.place->group, difference.place->row,
                        difference.place->column);
  if (difference.element) text += fmt::format(" (element {})", *difference.element);
  if (difference.sample) text += fmt::format(", sample {}", *difference.sample);
  if (difference.k) text += fmt::format(", k {}", *difference.k);
  text += fmt::format(": {}: expected {}, got {}", difference.what, difference.expected, difference.got);
  if (!difference.why_no_k.empty()) text += fmt::format("; no k: {}", difference.why_no_k);
  return text;
}

}  // namespace quatrain::sim
