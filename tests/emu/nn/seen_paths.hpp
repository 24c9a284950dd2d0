#pragma once
/// Watches on which instructions the quantizers of a step run.

#include "emu/nn/observer.hpp"

#include <set>

namespace quatrain::tests {

struct SeenPaths final : emu::StepObserver {
  std::set<emu::SimdPath> paths;
  void quantized(const emu::QuantizerEvent& event) override {
    if (event.path) paths.insert(*event.path);
  }
  void multiplied(const emu::ProductEvent&) override {}
};

}  // namespace quatrain::tests
