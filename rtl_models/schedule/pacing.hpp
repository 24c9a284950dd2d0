#pragma once
/// When the next tile may enter the array. It plans with registers and exits, not with a formula: a tile
/// enters in the first cycle in which nothing of it would meet a word that has not left.

#include "rtl_models/array/dataflow.hpp"
#include "rtl_models/schedule/tile_work.hpp"

#include <cstdint>
#include <memory>

namespace quatrain::rtl_models {

class Pacing {
 public:
  virtual ~Pacing() = default;
  /// A job begins: nothing is in the array.
  virtual void clear() = 0;
  /// May the tile's first held word stand on the top of PE(0,0) in this cycle? The words of the tile before
  /// it have entered. `is_empty`: every tile before it has sent its last word. Not asked without a preload.
  virtual bool may_preload(const TileWork& tile, std::uint64_t cycle, bool is_empty) const = 0;
  virtual void preload(const TileWork& tile, std::uint64_t cycle) = 0;
  /// May the tile's first streaming operand stand on PE(0,0) in this cycle? The stream before it has entered.
  virtual bool may_begin(const TileWork& tile, std::uint64_t cycle, bool is_empty) const = 0;
  virtual void begin(const TileWork& tile, std::uint64_t cycle) = 0;
};

std::unique_ptr<Pacing> make_pacing(const Dataflow& dataflow, ArrayShape array);

}  // namespace quatrain::rtl_models
