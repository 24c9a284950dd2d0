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
  /// The first cycle in which the tile's first held word may stand on the top of PE(0,0). The words of the
  /// tile before it have entered. `empty_from`: the cycle in which every tile before it has sent its last
  /// word, never() if that is not known yet. Not asked without a preload.
  virtual std::uint64_t preload_from(const TileWork& tile, std::uint64_t empty_from) const = 0;
  virtual void preload(const TileWork& tile, std::uint64_t cycle) = 0;
  /// The same for the tile's first streaming operand on PE(0,0). The stream before it has entered.
  virtual std::uint64_t begin_from(const TileWork& tile, std::uint64_t empty_from) const = 0;
  virtual void begin(const TileWork& tile, std::uint64_t cycle) = 0;

  static constexpr std::uint64_t never() { return UINT64_MAX; }
};

std::unique_ptr<Pacing> make_pacing(const Dataflow& dataflow, ArrayShape array);

}  // namespace quatrain::rtl_models
