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

/// naive, and tiled with the default tile.
std::vector<Variant> make_order_variants(base::ThreadPool& pool);

/// Three launch shapes of naive; three of tiled for each of three tiles.
std::vector<Variant> make_shape_variants(base::ThreadPool& pool);

}  // namespace quatrain::tests
