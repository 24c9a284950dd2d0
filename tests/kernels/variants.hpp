#pragma once
/// The SIMT machines in every form that must not matter: orders of threads, OS threads, launch shapes, tiles.

#include "kernels/machine.hpp"

#include <memory>
#include <string>
#include <vector>

namespace quatrain::tests {

struct Variant {
  std::string name;
  std::unique_ptr<traces::Machine> machine;
};

/// Every rung of the ladder.
std::vector<Variant> make_order_variants(base::ThreadPool& pool);

/// Three launch shapes of every rung; those with tiles also with smaller and
/// larger ones, and the async rung with an operand lowered in several stretches.
std::vector<Variant> make_shape_variants(base::ThreadPool& pool);

}  // namespace quatrain::tests
